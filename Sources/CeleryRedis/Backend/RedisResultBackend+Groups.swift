//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

extension RedisResultBackend {
    var chords: (any ChordStore)? { RedisChords(client: client, codec: codec, commands: chordCommands) }

    /// As Python does: set, and announced on the channel of the same name.
    func storeGroup(_ id: String, _ tuple: CeleryValue, expires: Duration?) async throws(TransportError) {
        let (key, payload) = (chordCommands.keys(id).group, try ChordCommands.encoded(group: id, tuple, codec))
        var commands = RedisCommands(capacity: 2 * payload.count + 256)
        ResultCommands.set(key, payload, life: expires.map(RedisResultKeys.milliseconds), in: &commands)
        commands.add("PUBLISH", key, payload)
        _ = try await client.send(commands)
    }

    func fetchGroup(_ id: String) async throws(TransportError) -> CeleryValue? {
        let key = chordCommands.keys(id).group
        var commands = RedisCommands()
        commands.add("GET", key)
        guard let bytes = try await client.send(commands).first?.bytes else { return nil }
        do throws(WireError) {
            return try codec.decodeStoredGroup(bytes)
        } catch {
            throw TransportError(
                .misconfigured,
                "\(key) at \(location): the group in it cannot be read; forget it, or ask for it with the program that stored it",
                cause: error
            )
        }
    }

    func forgetGroup(_ id: String) async throws(TransportError) {
        var commands = RedisCommands()
        commands.add("DEL", chordCommands.keys(id).group)
        _ = try await client.send(commands)
    }
}

extension ChordCommands {
    /// Reads `result_chord_ordered` and `chord_claim_timeout`.
    init(_ context: PluginContext, prefix: String) throws(TransportError) {
        switch context.options["result_chord_ordered"] {
        case nil, .null?, .bool(true)?: isOrdered = true
        case .bool(false)?: isOrdered = false
        case let other?:
            throw TransportError(
                .misconfigured,
                "result_chord_ordered in result_backend_transport_options is \(other): it must be true or false"
            )
        }
        claim = try ChordTimes.claim(context)
        self.prefix = prefix
    }
}
#endif
