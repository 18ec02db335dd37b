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

/// Broadcasts as kombu has them on Redis: publish and subscribe for fanout and topic exchanges, lists for replies.
struct RedisBroadcasts: BroadcastChannel {
    /// Replies that nobody takes go after that, as in kombu's AMQP queues (`control_queue_ttl`).
    private static let replyLife = Duration.seconds(300)
    let store: RedisStore

    func send(
        _ messages: [BroadcastMessage],
        kind: Exchange.Kind,
        timeout: Duration
    ) async throws(TransportError) {
        guard kind == .direct else {
            var commands = RedisCommands()
            for message in messages {
                let channel = store.router.channel(message.exchange, message.routingKey)
                commands.add("PUBLISH", channel, message.envelope())
            }
            _ = try await store.client.send(commands, timeout: timeout)
            return
        }
        var lookUp = RedisCommands()
        for message in messages { lookUp.add("SMEMBERS", store.keys.binding(message.exchange)) }
        let bindings = try await store.client.send(lookUp, timeout: timeout)
        var commands = RedisCommands()
        for (message, reply) in zip(messages, bindings) {
            for queue in queues(in: reply, boundBy: message.routingKey) {
                let list = store.keys.list(queue, priority: nil)
                commands.add("LPUSH", list, message.envelope())
                commands.add("PEXPIRE", list, Self.replyLife.milliseconds)
            }
        }
        guard !commands.isEmpty else { return }
        _ = try await store.client.send(commands, timeout: timeout)
    }

    private func queues(in reply: RESPValue, boundBy key: String) -> [String] {
        reply.elements.compactMap(\.string)
            .compactMap { member in
                let parts = member.split(separator: store.keys.separator, omittingEmptySubsequences: false)
                guard parts.count == 3, parts[0] == key else { return nil }
                return String(parts[2])
            }
    }

    func listen(
        to addresses: [BroadcastAddress],
        timeout: Duration
    ) async throws(TransportError) -> any BroadcastListener {
        guard addresses.contains(where: { $0.exchange.kind == .direct }) else {
            return try await RedisListener.open(store, addresses, timeout: timeout)
        }
        guard addresses.count == 1 else {
            throw TransportError(.unsupported, "a mailbox on Redis listens to one address of a direct exchange only")
        }
        return try await RedisMailbox.open(store, addresses[0], timeout: timeout)
    }
}

extension Duration {
    fileprivate var milliseconds: Int {
        Int(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
    }
}
#endif
