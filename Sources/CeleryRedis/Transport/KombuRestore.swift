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
        var stuck: [(tag: String, reason: TransportError)] = []
        do throws(TransportError) {
            let latest = store.time.now.advanced(by: .zero - store.visibilityTimeout).unixSeconds
            var (offset, restored) = (0, 0)
            while restored < Self.limit {
                let page = try await page(latest, from: offset)
                // What stays is passed by, or so many of that would hide all that is older for ever.
                offset += page.count
                for (tag, held) in page {
                    do throws(TransportError) {
                        guard let held else {
                            if try await drop(tag) { offset -= 1 }
                            continue
                        }
                        guard try await restore(tag, held, latest) else { continue }
                        offset -= 1
                        restored += 1
                    } catch  where !error.isTransient && error.code != .closed {
                        stuck.append((tag: tag, reason: error))
                    }
                }
                guard page.count == Self.limit else { break }
            }
        } catch {
            store.logger.warning("cannot look for what dead Python workers left", metadata: ["reason": "\(error)"])
        }
        guard let first = stuck.first else { return }
        store.logger.error(
            "what dead Python workers held cannot be given back",
            metadata: ["messages": "\(stuck.count)", "delivery_tag": "\(first.tag)", "reason": "\(first.reason)"]
        )
    }

    /// What was taken by then, from some place on.
    private func page(
        _ latest: Double,
        from offset: Int
    ) async throws(TransportError) -> [(tag: String, held: [UInt8]?)] {
        var look = RedisCommands()
        // As kombu does, the last of them first: each is put in front of those before.
        look.add("ZREVRANGEBYSCORE", keys.unackedIndex, "\(latest)", "-inf", "LIMIT", offset, Self.limit)
        let tags = try await store.client.send(look)[0].elements.compactMap(\.string)
        guard !tags.isEmpty else { return [] }
        CutPoint.unackedRead.reached()
        var fetch = RedisCommands()
        fetch.add("HMGET", keys.unacked, list: tags)
        return zip(tags, try await store.client.send(fetch)[0].elements).map { (tag: $0, held: $1.bytes) }
    }

    /// An index entry of nothing would be in the way for ever.
    private func drop(_ tag: String) async throws(TransportError) -> Bool {
        var commands = RedisCommands()
        commands.add("ZREM", keys.unackedIndex, tag)
        return try await store.client.send(commands)[0].int == 1
    }

    /// - Returns: Whether it went back; it was released or taken again meanwhile otherwise.
    /// - Throws: Also when it is not to be told where it belongs.
    private func restore(_ tag: String, _ held: [UInt8], _ latest: Double) async throws(TransportError) -> Bool {
        guard case .array(let parts)? = try? JSONSerializer().decodeValue(held, limits: store.codec.limits),
            parts.count == 3, let envelope = try? JSONSerializer().encode(parts[0]),
            var message = try? Envelope.decode(envelope, limits: store.codec.limits)
        else { throw TransportError(.unsupported, "it cannot be read") }
        if case .string(let exchange) = parts[1] { message.properties.exchange = exchange }
        if case .string(let routingKey) = parts[2] { message.properties.routingKey = routingKey }
        let queues = try await store.router.routes(of: [OutgoingMessage(message)])[0].queues
        guard !queues.isEmpty else { throw TransportError(.notFound, "it belongs to no queue") }
        var commands = RedisCommands()
        commands.begin("EVAL", arguments: 7 + 2 * queues.count)
        commands.argument(RedisScripts.restore)
        commands.argument(2 + queues.count)
        commands.argument(keys.unacked)
        commands.argument(keys.unackedIndex)
        for queue in queues { commands.argument(keys.list(queue, priority: message.properties.priority)) }
        commands.argument(tag)
        commands.argument(held)
        commands.argument("\(latest)")
        // As kombu does, all that it was sent to, for nobody has noted which of them it was taken from.
        for place in queues.indices {
            // Copies have tags of their own: Python's workers file what they hold by them.
            let (limits, isCopy) = (store.codec.limits, place > 0)
            let bytes = StoredMessage.returned(envelope, limits: limits, isSentAnew: isCopy) { $0.attempts += 1 }
            commands.argument(bytes)
        }
        guard try await store.client.send(commands)[0].int == 1 else { return false }
        CutPoint.unackedRestored.reached()
        store.logger.warning(
            "gave back what a Python worker held for longer than the visibility timeout",
            metadata: ["task": "\(message.headers.task)", "id": "\(message.headers.id)"]
        )
        return true
    }
}
#endif
