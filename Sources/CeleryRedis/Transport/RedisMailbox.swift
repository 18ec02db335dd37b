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

/// The list in which replies arrive, bound to the direct exchange of replies as kombu binds it.
final class RedisMailbox: BroadcastListener {
    /// Kombu 5.7 forgets bindings of an exchange that nobody has used for so long, in milliseconds.
    private static let bindingLife: Int64 = 3_600_000
    private static let batch = 500

    private let store: RedisStore
    private let client: RedisClient
    private let list: String
    private let binding: (key: String, member: String)

    private init(_ store: RedisStore, _ address: BroadcastAddress) {
        self.store = store
        // Waiting blocks a connection, so it has one of its own.
        client = RedisClient(store.configuration, logger: store.logger)
        list = store.keys.list(address.queue, priority: nil)
        let member = [address.routingKey, "", address.queue].joined(separator: store.keys.separator)
        binding = (store.keys.binding(address.exchange.name), member)
    }

    static func open(
        _ store: RedisStore,
        _ address: BroadcastAddress,
        timeout: Duration
    ) async throws(TransportError) -> RedisMailbox {
        let mailbox = RedisMailbox(store, address)
        var commands = RedisCommands()
        commands.add("SADD", mailbox.binding.key, mailbox.binding.member)
        let deadline = store.now / 1000 + bindingLife
        commands.add("ZADD", store.keys.bindingDeadlines, "GT", deadline, address.exchange.name)
        _ = try await store.client.send(commands, timeout: timeout)
        return mailbox
    }

    var dropped: Int { 0 }

    func receive(timeout: Duration) async throws(TransportError) -> [HeardBroadcast] {
        guard !Task.isCancelled else { return [] }
        // Zero would wait for ever, as before Redis 7 a single millisecond does. No longer at once than a cancellation may take to be noticed.
        let wait = min(max(timeout, .milliseconds(2)), .milliseconds(500))
        let seconds = Double(wait.components.seconds) + Double(wait.components.attoseconds) / 1e18
        var commands = RedisCommands()
        commands.add("BRPOP", list, "\(seconds)")
        commands.add("RPOP", list, Self.batch)
        let replies = try await client.send(commands, timeout: wait + store.configuration.timeout)
        let payloads =
            [replies[0].elements.dropFirst().first?.bytes].compactMap(\.self) + replies[1].elements.compactMap(\.bytes)
        let limits = store.codec.limits
        return payloads.map { bytes in
            HeardBroadcast { () throws(WireError) in try BroadcastMessage(envelope: bytes, limits: limits) }
        }
    }

    func close() async {
        client.shutdown()
        var commands = RedisCommands()
        commands.add("SREM", binding.key, binding.member)
        commands.add("DEL", list)
        // What cannot be removed now goes with its time: the binding is in kombu's list of those, the list has one of its own.
        _ = try? await store.client.send(commands)
    }
}
#endif
