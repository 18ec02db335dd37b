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
/// script that checks that it still lies as it was read. What cannot be read, and what goes nowhere, becomes a dead letter:
/// it would be looked at by all workers again and again.
struct KombuRestore: Sendable {
    let store: RedisStore
    /// How many are read and moved at once.
    private static let page = 100
    /// And bytes about: one batch is sent beyond it.
    private static let size = 4 << 20

    private var keys: RedisKeys { store.keys }

    /// What has been found out in one run.
    private struct Findings {
        /// When a message must have been taken at the latest, in seconds since 1970.
        let latest: Double
        /// Where exchanges lead.
        var tables: [String: RoutingTable] = [:]
        var stuck: [(tag: String, reason: TransportError)] = []
    }

    /// What becomes of one.
    private enum Fate {
        /// An index entry of nothing would be in the way for ever.
        case forgotten
        case returned(held: [UInt8], envelope: [UInt8], Message, queues: [String])
        case buried(held: [UInt8], DeadLetterRecord)
    }

    func run() async {
        var findings = Findings(latest: store.time.now.advanced(by: .zero - store.visibilityTimeout).unixSeconds)
        do throws(TransportError) {
            var (offset, count) = (0, Self.page)
            while count == Self.page {
                let page = try await read(findings.latest, from: offset)
                count = page.count
                // What stays is passed by, or so many of that would hide all that is older for ever.
                if count > 0 { offset += count - (try await move(page, &findings)) }
            }
        } catch {
            store.logger.warning("cannot look for what dead Python workers left", metadata: ["reason": "\(error)"])
        }
        guard let first = findings.stuck.first else { return }
        store.logger.error(
            "what dead Python workers held cannot be given back",
            metadata: [
                "messages": "\(findings.stuck.count)", "delivery_tag": "\(first.tag)", "reason": "\(first.reason)",
            ]
        )
    }

    /// What was taken by then, from some place on.
    private func read(
        _ latest: Double,
        from offset: Int
    ) async throws(TransportError) -> [(tag: String, held: [UInt8]?)] {
        var look = RedisCommands()
        // As kombu does, the last of them first: each is put in front of those before.
        look.add("ZREVRANGEBYSCORE", keys.unackedIndex, "\(latest)", "-inf", "LIMIT", offset, Self.page)
        let tags = try await store.client.send(look)[0].elements.compactMap(\.string)
        guard !tags.isEmpty else { return [] }
        CutPoint.unackedRead.reached()
        var fetch = RedisCommands()
        fetch.add("HMGET", keys.unacked, list: tags)
        return zip(tags, try await store.client.send(fetch)[0].elements).map { (tag: $0, held: $1.bytes) }
    }

    /// - Returns: How many are there no more, for they were moved here.
    private func move(
        _ page: [(tag: String, held: [UInt8]?)],
        _ findings: inout Findings
    ) async throws(TransportError) -> Int {
        var rest = page[...]
        var moved = 0
        while !rest.isEmpty {
            var commands = RedisCommands()
            var fates: [(tag: String, fate: Fate)] = []
            while let (tag, held) = rest.first, commands.size < Self.size {
                rest.removeFirst()
                let fate = try await fate(of: held, &findings)
                fates.append((tag, fate))
                append(fate, tag, findings.latest, to: &commands)
            }
            moved += try take(try await store.client.sendRaw(commands), for: fates, &findings)
        }
        return moved
    }

    private func take(
        _ replies: [RESPValue],
        for fates: [(tag: String, fate: Fate)],
        _ findings: inout Findings
    ) throws(TransportError) -> Int {
        var moved = 0
        var returned: [Message] = []
        var buried: [DeadLetterRecord] = []
        var failure: TransportError?
        for ((tag, fate), reply) in zip(fates, replies) {
            if let error = reply.error.map({ RedisFailure.error($0, at: store.configuration.location) }) {
                if error.isTransient { failure = error } else { findings.stuck.append((tag, error)) }
                continue
            }
            // It was released or taken again meanwhile otherwise.
            guard reply.int != 0 else { continue }
            moved += 1
            switch fate {
            case .forgotten: break
            case .returned(_, _, let message, _): returned.append(message)
            case .buried(_, let letter): buried.append(letter)
            }
        }
        if let first = returned.first {
            CutPoint.unackedRestored.reached()
            store.logger.warning(
                "gave back what Python workers held for longer than the visibility timeout",
                metadata: [
                    "messages": "\(returned.count)", "task": "\(first.headers.task)", "id": "\(first.headers.id)",
                ]
            )
        }
        if let first = buried.first {
            store.logger.error(
                "what dead Python workers held goes nowhere: it is among the dead letters",
                metadata: ["messages": "\(buried.count)", "reason": "\(first.reason.detail)"]
            )
        }
        if let failure { throw failure }
        return moved
    }

    private func fate(of held: [UInt8]?, _ findings: inout Findings) async throws(TransportError) -> Fate {
        guard let held else { return .forgotten }
        guard case .array(let parts)? = try? JSONSerializer().decodeValue(held, limits: store.codec.limits),
            parts.count == 3, let envelope = try? JSONSerializer().encode(parts[0]),
            var message = try? Envelope.decode(envelope, limits: store.codec.limits)
        else {
            return .buried(
                held: held,
                letter(held, DeadLetterReason("malformed", "held by a Python worker; it cannot be read"))
            )
        }
        if case .string(let exchange) = parts[1] { message.properties.exchange = exchange }
        if case .string(let routingKey) = parts[2] { message.properties.routingKey = routingKey }
        let table = try await table(of: message.properties.exchange, &findings)
        let reason: String
        do throws(TransportError) {
            let queues = try store.router.route(message, by: table).queues
            if !queues.isEmpty { return .returned(held: held, envelope: envelope, message, queues: queues) }
            reason = "no queue is bound to exchange \"\(message.properties.exchange)\""
        } catch {
            reason = error.message
        }
        return .buried(held: held, letter(envelope, DeadLetterReason("unroutable", reason)))
    }

    private func table(
        of exchange: String,
        _ findings: inout Findings
    ) async throws(TransportError) -> RoutingTable {
        guard !exchange.isEmpty else { return RoutingTable() }
        if let known = findings.tables[exchange] { return known }
        let table = try await store.router.table(of: exchange, isFresh: true)
        findings.tables[exchange] = table
        return table
    }

    /// Nobody has noted which queue it was taken from: when it is replayed it goes where tasks go that say nothing.
    private func letter(_ bytes: [UInt8], _ reason: DeadLetterReason) -> DeadLetterRecord {
        DeadLetterRecord(
            queue: "",
            list: keys.list("celery", priority: nil),
            reason: reason,
            diedAt: store.now,
            bytes: bytes,
            limits: store.codec.limits
        )
    }

    private func append(_ fate: Fate, _ tag: String, _ latest: Double, to commands: inout RedisCommands) {
        switch fate {
        case .forgotten: commands.add("ZREM", keys.unackedIndex, tag)
        case .buried(let held, let letter):
            commands.add(
                "EVAL",
                KombuScripts.buryHeld,
                5,
                keys.deadCounter,
                keys.dead,
                keys.deadIndex,
                keys.unacked,
                keys.unackedIndex,
                letter.encoded(),
                store.now,
                store.now - Int64(store.deadLetterRetention / .microseconds(1)),
                store.deadLetterLimit,
                tag,
                held,
                "\(latest)"
            )
        case .returned(let held, let envelope, let message, let queues):
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
        }
    }
}
#endif
