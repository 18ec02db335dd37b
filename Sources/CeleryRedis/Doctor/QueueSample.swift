//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// The messages at both ends of a list.
struct QueueSample {
    private struct Entry {
        var bytes: [UInt8]
        /// Which end it is near to, as scripts have it: 1 the newest, -1 the oldest.
        var end: Int
    }

    private let list: String
    private let queue: String
    private let entries: [Entry]
    private let examination: Examination

    init(_ list: String, queue: String, each count: Int, _ examination: Examination) async throws(TransportError) {
        self.list = list
        self.queue = queue
        self.examination = examination
        var commands = RedisCommands()
        commands.add("MULTI")
        commands.add("LLEN", list)
        commands.add("LRANGE", list, 0, count - 1)
        commands.add("LRANGE", list, -count, -1)
        commands.add("EXEC")
        let answer = try await examination.send(commands).last?.elements ?? []
        let length = Int(answer.first?.int ?? 0)
        let newest = answer.dropFirst().first?.elements.compactMap(\.bytes) ?? []
        let oldest = answer.last?.elements.compactMap(\.bytes) ?? []
        entries =
            newest.map { Entry(bytes: $0, end: 1) }
            + oldest.suffix(max(0, length - newest.count)).map { Entry(bytes: $0, end: -1) }
    }

    func findings() async -> [Finding] {
        let limits = examination.store.codec.limits
        var incomplete: [(entry: Entry, completed: [UInt8])] = []
        var missing: Set<String> = []
        var unreadable: [(entry: Entry, reason: String)] = []
        var others: [String] = []
        for entry in entries {
            switch EnvelopeDiagnosis(entry.bytes, queue: queue, limits: limits) {
            case .sound: break
            case .incomplete(let names, let completed):
                missing.formUnion(names)
                incomplete.append((entry, completed))
            case .noTask(let reason): others.append(reason)
            case .noMessage(let reason): unreadable.append((entry, reason))
            }
        }
        var findings: [Finding] = []
        if !unreadable.isEmpty { findings.append(await bury(unreadable)) }
        if !incomplete.isEmpty { findings.append(await complete(incomplete, missing)) }
        if let reason = others.first { findings.append(noTask(others.count, reason)) }
        return findings
    }

    /// "2 of 150 messages looked at in q".
    private func some(_ count: Int) -> String {
        "\(count) of \(counted(entries.count, "message")) looked at in \(list)"
    }

    private func bury(_ unreadable: [(entry: Entry, reason: String)]) async -> Finding {
        let finding = Finding(
            .serious,
            "no-message",
            "\(some(unreadable.count)) cannot be read: \(unreadable[0].reason). Python workers fail at them",
            cure: "doctor --repair sets them aside (celery dead shows them); find out who writes there"
        )
        let store = examination.store
        return await examination.mend(finding) { () throws(TransportError) in
            var commands = RedisCommands()
            for (entry, reason) in unreadable {
                let letter = DeadLetterRecord(
                    queue: queue,
                    list: list,
                    reason: DeadLetterReason("malformed", reason),
                    diedAt: store.now,
                    bytes: entry.bytes,
                    limits: store.codec.limits
                )
                commands.add(
                    "EVAL",
                    DoctorScripts.bury,
                    4,
                    store.keys.deadCounter,
                    store.keys.dead,
                    store.keys.deadIndex,
                    list,
                    letter.encoded(),
                    store.now,
                    store.now - Int64(store.deadLetterRetention / .microseconds(1)),
                    store.deadLetterLimit,
                    entry.bytes,
                    entry.end
                )
            }
            _ = try await examination.send(commands)
            return true
        }
    }

    private func complete(_ incomplete: [(entry: Entry, completed: [UInt8])], _ missing: Set<String>) async -> Finding {
        let finding = Finding(
            .serious,
            "incomplete-envelope",
            "\(some(incomplete.count)) without \(missing.sorted().joined(separator: ", ")): Python workers fail at them",
            cure:
                "doctor --repair adds it in place; let their sender write properties with delivery_tag and delivery_info"
        )
        return await examination.mend(finding) { () throws(TransportError) in
            var commands = RedisCommands()
            for (entry, completed) in incomplete {
                commands.add("EVAL", DoctorScripts.replace, 1, list, entry.bytes, completed, entry.end)
            }
            _ = try await examination.send(commands)
            return true
        }
    }

    private func noTask(_ count: Int, _ reason: String) -> Finding {
        Finding(
            .warning,
            "no-task",
            "\(some(count)) \(count == 1 ? "is" : "are") no task: \(reason)",
            cure:
                "nothing, if something else than Celery uses the queue; else a Swift worker sets them aside, and a Python "
                + "worker drops them: find out who writes there"
        )
    }
}
#endif
