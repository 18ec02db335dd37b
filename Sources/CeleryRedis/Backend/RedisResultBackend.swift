//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import NIOCore

/// A Redis server as a result backend, with Celery's keys, values and announcements.
///
/// Source: celery/backends/redis.py. Unlike there, nothing can come between the look for a SUCCESS and the writing.
final class RedisResultBackend: ResultBackend {
    /// For a look that is not to wait: a connection may have to be made for it.
    private static let glance = Duration.seconds(1)

    let configuration: RedisConfiguration
    /// In front of all keys and channels.
    let prefix: String
    private let codec: WireCodec
    private let client: RedisClient
    private let subscriber: ResultSubscriber

    /// Connects when it is first used.
    init(_ context: PluginContext) throws(TransportError) {
        configuration = try RedisConfiguration(context)
        prefix = try RedisResultKeys.prefix(context.options)
        codec = context.codec
        client = RedisClient(configuration, logger: context.logger)
        subscriber = ResultSubscriber(configuration, prefix: prefix, codec: codec, logger: context.logger)
    }

    var location: String { configuration.location }
    var storeIdentity: StoreIdentity? { StoreIdentity(configuration.serverIdentity) }

    func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError) {
        guard !results.isEmpty else { return }
        let encoded = try ResultCommands.encode(results, codec: codec, prefix: prefix)
        _ = try await client.sendScripts(timeout: timeout) { form in
            var commands = RedisCommands(capacity: encoded.reduce(1024) { $0 + $1.payload.count + 128 })
            ResultCommands.appendScript(encoded, form, to: &commands)
            return commands
        }
    }

    func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta] {
        guard !ids.isEmpty else { return [:] }
        var commands = RedisCommands(capacity: ids.count * 80)
        commands.add("MGET", list: ids.map(key))
        let values = try await client.send(commands, timeout: timeout).first?.elements ?? []
        var metas: [String: TaskMeta] = [:]
        for (id, value) in zip(ids, values) {
            if let bytes = value.bytes { metas[id] = try decode(bytes, of: id) }
        }
        return metas
    }

    func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta? {
        guard timeout > .zero || Task.isCancelled else {
            let meta = try await fetch([id], timeout: min(Self.glance, configuration.timeout))[id]
            return meta?.state.isReady == true ? meta : nil
        }
        return try await subscriber.wait(for: id, until: .now() + TimeAmount(timeout))
            .map { bytes throws(TransportError) in try decode(bytes, of: id) }
    }

    func forget(_ ids: [String]) async throws(TransportError) {
        guard !ids.isEmpty else { return }
        var commands = RedisCommands(capacity: ids.count * 80)
        commands.add("DEL", list: ids.map(key))
        _ = try await client.send(commands)
    }

    /// Redis does it by itself.
    func removeExpired() async throws(TransportError) -> Int { 0 }

    func shutdown() async {
        subscriber.shutdown()
        client.shutdown()
    }

    private func key(_ id: String) -> String { RedisResultKeys.key(of: id, prefix: prefix) }

    private func decode(_ bytes: [UInt8], of id: String) throws(TransportError) -> TaskMeta {
        do throws(WireError) {
            return try codec.decodeStoredMeta(bytes)
        } catch {
            let advice =
                switch error.code {
                case .contentDisallowed: "name its serializer in result_accept_content, or store results as json"
                case .unsupported:
                    "register the serializer or compression it was written with, or store results as json"
                default: "forget it, or ask for it with the program that stored it"
                }
            throw TransportError(
                .unavailable,
                "the result of task \(id) in \(location) cannot be read: \(advice)",
                cause: error
            )
        }
    }
}
#endif
