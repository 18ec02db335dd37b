//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Logging

/// Puts back what Python workers took and did not release within the visibility timeout, as kombu's own workers do.
///
/// So a fleet that is all Swift serves what a dead Python worker left. Kombu's lock is not taken: each message is moved by one
/// script that checks that it still lies as it was read.
struct KombuRestore: Sendable {
    let store: RedisStore
    /// How many at a time.
    private static let limit = 100

    private var keys: RedisKeys { store.keys }

    func run() async {
        do throws(TransportError) {
            let latest = store.time.now.advanced(by: .zero - store.visibilityTimeout).unixSeconds
            var look = RedisCommands()
            // As kombu does, the last of them first: each is put in front of those before.
            look.add("ZREVRANGEBYSCORE", keys.unackedIndex, "\(latest)", "-inf", "LIMIT", 0, Self.limit)
            let tags = try await store.client.send(look)[0].elements.compactMap(\.string)
            guard !tags.isEmpty else { return }
            CutPoint.unackedRead.reached()
            var fetch = RedisCommands()
            fetch.add("HMGET", keys.unacked, list: tags)
            for (tag, value) in zip(tags, try await store.client.send(fetch)[0].elements) {
                guard let bytes = value.bytes else {
                    // An index entry of nothing would be in the way for ever.
                    var drop = RedisCommands()
                    drop.add("ZREM", keys.unackedIndex, tag)
                    _ = try await store.client.send(drop)
                    continue
                }
                do throws(TransportError) {
                    try await restore(tag, bytes, latest)
                } catch  where error.code == .notFound {
                    store.logger.error(
                        "what a dead Python worker held belongs to no queue",
                        metadata: ["delivery_tag": "\(tag)", "reason": "\(error)"]
                    )
                }
            }
        } catch {
            store.logger.warning("cannot look for what dead Python workers left", metadata: ["reason": "\(error)"])
        }
    }

    private func restore(_ tag: String, _ held: [UInt8], _ latest: Double) async throws(TransportError) {
        guard case .array(let parts)? = try? JSONSerializer().decodeValue(held, limits: store.codec.limits),
            parts.count == 3, let envelope = try? JSONSerializer().encode(parts[0]),
            var message = try? Envelope.decode(envelope, limits: store.codec.limits)
        else {
            store.logger.error("a message held by a Python worker cannot be read", metadata: ["delivery_tag": "\(tag)"])
            return
        }
        if case .string(let exchange) = parts[1] { message.properties.exchange = exchange }
        if case .string(let routingKey) = parts[2] { message.properties.routingKey = routingKey }
        let route = try await store.router.routes(of: [OutgoingMessage(message)])[0]
        guard let queue = route.queues.first else { return }
        let bytes = StoredMessage.returned(envelope, limits: store.codec.limits) { $0.attempts += 1 }
        var commands = RedisCommands()
        commands.add(
            "EVAL",
            RedisScripts.restore,
            3,
            keys.unacked,
            keys.unackedIndex,
            keys.list(queue, priority: message.properties.priority),
            tag,
            held,
            "\(latest)",
            bytes
        )
        if try await store.client.send(commands)[0].int == 1 {
            CutPoint.unackedRestored.reached()
            store.logger.warning(
                "gave back what a Python worker held for longer than the visibility timeout",
                metadata: ["task": "\(message.headers.task)", "id": "\(message.headers.id)"]
            )
        }
    }
}
#endif
