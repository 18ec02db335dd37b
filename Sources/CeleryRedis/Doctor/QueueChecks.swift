//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// Whether what waits in the queues can be taken, and read.
enum QueueChecks {
    /// How many messages are looked at, from each end of a list.
    private static let sample = 100

    /// Lists that are no lists, and those of priority steps that none of our workers looks into.
    static func lists(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let keys = examination.keys
        var findings: [Finding] = []
        for queue in try await queues(examination) {
            for step in 0...9 {
                let list = keys.list(queue, step: step)
                let type = try await examination.ask("TYPE", list).string ?? "none"
                if type != "none", type != "list" {
                    findings.append(wrongType(list, type, queue))
                } else if type == "list", !keys.steps.contains(step) {
                    let count = try await examination.ask("LLEN", list).int ?? 0
                    findings.append(foreignStep(queue, step, count, keys))
                }
            }
        }
        return findings
    }

    private static func wrongType(_ list: String, _ type: String, _ queue: String) -> Finding {
        Finding(
            .serious,
            "wrong-type",
            "the key \(list) holds a \(type) and cannot be a list of the queue \(queue)",
            cure: "use another database, a global_keyprefix, or another name for the queue; RENAME what is there"
        )
    }

    private static func foreignStep(_ queue: String, _ step: Int, _ count: Int64, _ keys: RedisKeys) -> Finding {
        let steps = keys.steps.map(String.init).joined(separator: ", ")
        return Finding(
            .serious,
            "foreign-step",
            "\(counted(count, "message")) of the queue \(queue) \(count == 1 ? "waits" : "wait") in the list of priority step "
                + "\(step), which no worker with priority_steps \(steps) takes from",
            cure: "give all peers the same priority_steps in broker_transport_options"
        )
    }

    /// Messages that somebody will fail at.
    static func envelopes(_ examination: Examination) async throws(TransportError) -> [Finding] {
        var findings: [Finding] = []
        for queue in try await queues(examination) {
            for list in examination.keys.lists(queue) where try await examination.ask("TYPE", list).string == "list" {
                findings += try await QueueSample(list, queue: queue, each: sample, examination).findings()
            }
        }
        return findings
    }

    static func deadLetters(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let store = examination.store
        let oldest = store.now - Int64(store.deadLetterRetention / .microseconds(1))
        let answer = try await examination.ask("ZCOUNT", store.keys.deadIndex, "(\(oldest)", "+inf")
        guard let count = answer.int, count > 0 else { return [] }
        let isFull = count >= store.deadLetterLimit
        return [
            Finding(
                isFull ? .warning : .note,
                "dead-letters",
                "\(counted(count, "message")) \(count == 1 ? "was" : "were") set aside"
                    + (isFull ? ", as many as are kept: the oldest are being dropped" : ""),
                cure: "celery dead shows them with their reasons; dead replay puts them back, dead purge deletes them"
            )
        ]
    }

    private static func queues(_ examination: Examination) async throws(TransportError) -> [String] {
        try await RedisInspection(store: examination.store).allQueues()
    }
}
#endif
