//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// Whether what is sent to an exchange arrives somewhere.
enum TopologyChecks {
    private struct Bound {
        var exchange: String
        var members: [String]
    }

    /// Bindings that cannot be read, and those to queues that nobody seems to use.
    static func bindings(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let keys = examination.keys
        var findings: [Finding] = []
        var bound: [String: Set<String>] = [:]
        for (exchange, members) in try await members(examination) {
            for member in members {
                let parts = member.split(separator: keys.separator, omittingEmptySubsequences: false).map(String.init)
                if parts.count == 3 {
                    bound[parts[2], default: []].insert(exchange)
                } else {
                    findings.append(unreadable(member, keys.binding(exchange)))
                }
            }
        }
        // Python's workers do not say what they take from.
        guard try await !hasPython(examination) else { return findings }
        let consumed = try await consumedQueues(examination)
        for (queue, exchanges) in bound.sorted(by: { $0.key < $1.key }) where !consumed.contains(queue) {
            var commands = RedisCommands()
            commands.add("EXISTS", list: keys.lists(queue) + [keys.parked(queue)])
            guard try await examination.send(commands)[0].int == 0 else { continue }
            findings.append(
                Finding(
                    .note,
                    "unused-binding",
                    "queue \(queue) is bound to \(exchanges.sorted().joined(separator: ", ")), but no worker takes from it "
                        + "and nothing waits in it",
                    cure: "start a worker with -Q \(queue); if the queue is of the past, SREM it from "
                        + exchanges.sorted().map { keys.binding($0) }.joined(separator: ", ")
                )
            )
        }
        return findings
    }

    /// Whether Python's workers may be there: one has bound its mailbox for commands, whatever `control_exchange` is, which those of 5.6
    /// leave behind when they are killed; and somebody listens.
    private static func hasPython(_ examination: Examination) async throws(TransportError) -> Bool {
        let start = examination.keys.binding("")
        let mailboxes = try await examination.scan(start, type: "set")
            .filter { $0.hasSuffix(".pidbox") && !$0.dropFirst(start.count).hasPrefix("reply.") }
        guard !mailboxes.isEmpty else { return false }
        return try await examination.ask("PUBSUB", "NUMPAT").int ?? 0 > 0
    }

    /// Exchanges that somebody has declared, with no queue behind them.
    static func exchanges(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let keys = examination.keys
        let declared = try await examination.ask("HGETALL", keys.exchanges).pairs
        var commands = RedisCommands()
        for (exchange, _) in declared { commands.add("EXISTS", keys.binding(exchange)) }
        return zip(declared, try await examination.send(commands))
            .filter { $1.int == 0 }
            .map { exchange, _ in
                Finding(
                    .warning,
                    "unbound-exchange",
                    "no queue is bound to exchange \(exchange.key) (\(exchange.value.string ?? "of no kind")): Python "
                        + "clients lose what they send to it, Swift clients refuse to send",
                    cure: "start a worker whose task_queues names it, or HDEL \(keys.exchanges) \(exchange.key)"
                )
            }
    }

    /// Queues of fanout exchanges that are filled although nobody empties them.
    static func copies(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let keys = examination.keys
        let declared = try await examination.ask("HGETALL", keys.exchanges).pairs
        let consumed = try await consumedQueues(examination)
        var findings: [Finding] = []
        for (exchange, kind) in declared where kind.string == "fanout" {
            let queues = try await examination.ask("SMEMBERS", keys.copies(exchange)).elements.compactMap(\.string)
            for queue in queues.sorted() where !consumed.contains(queue) {
                var commands = RedisCommands()
                for list in keys.lists(queue) { commands.add("LLEN", list) }
                var count: Int64 = 0
                for length in try await examination.send(commands) { count += length.int ?? 0 }
                if count > 0 { findings.append(unattended(queue, count, exchange, keys)) }
            }
        }
        return findings
    }

    private static func unattended(_ queue: String, _ count: Int64, _ exchange: String, _ keys: RedisKeys) -> Finding {
        Finding(
            .warning,
            "unattended-copies",
            "\(counted(count, "message")) \(count == 1 ? "waits" : "wait") in queue \(queue), which no Swift worker takes "
                + "from: each that a Swift client sends to the fanout exchange \(exchange) adds one, without an end",
            cure: "start a worker with -Q \(queue); or SREM \(keys.copies(exchange)) \(queue) and celery purge "
                + "-Q \(queue). Give a queue that comes and goes queue_arguments with x-expires"
        )
    }

    private static func unreadable(_ member: String, _ key: String) -> Finding {
        Finding(
            .serious,
            "unreadable-binding",
            "\"\(member.prefix(80))\" in \(key) is not routing key, pattern and queue: Python clients fail at it, and nothing goes there",
            cure: "give all peers the same sep in broker_transport_options, and SREM the member"
        )
    }

    /// Members of all exchanges but kombu's own for commands and events.
    private static func members(
        _ examination: Examination
    ) async throws(TransportError) -> [(exchange: String, members: [String])] {
        let start = examination.keys.binding("")
        var found: [(String, [String])] = []
        for key in try await examination.scan(start, type: "set") {
            let exchange = String(key.dropFirst(start.count))
            guard !exchange.hasSuffix("pidbox"), exchange != "celeryev" else { continue }
            found.append((exchange, try await examination.ask("SMEMBERS", key).elements.compactMap(\.string)))
        }
        return found
    }

    private static func consumedQueues(_ examination: Examination) async throws(TransportError) -> Set<String> {
        var queues: Set<String> = []
        for id in try await examination.livingEpochs() {
            let record = try await examination.ask("HGET", examination.keys.epochs, id).bytes
            queues.formUnion(record.flatMap { EpochRecord($0) }?.queues ?? [])
        }
        return queues
    }
}
#endif
