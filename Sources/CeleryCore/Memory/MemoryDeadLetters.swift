//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// The dead letters of a memory store.
struct MemoryDeadLetters: Sendable {
    struct Record {
        var number: Int64
        var entry: MemoryEntry
        var reason: DeadLetterReason
        var diedAt: Timestamp

        var letter: DeadLetter {
            DeadLetter(
                number: number,
                taskID: entry.message.headers.id,
                taskName: entry.message.headers.task,
                queue: entry.queue,
                reason: reason,
                diedAt: diedAt,
                deaths: entry.deaths,
                raw: Envelope.encode(entry.message)
            )
        }
    }

    /// How long they are kept, and how many.
    var retention: Duration = .seconds(7 * 86400)
    var limit = 10000
    /// Oldest first.
    private(set) var records: [Record] = []
    private var lastNumber: Int64 = 0

    mutating func add(_ entry: MemoryEntry, _ reason: DeadLetterReason, now: Timestamp) {
        lastNumber += 1
        records.append(Record(number: lastNumber, entry: entry, reason: reason, diedAt: now))
        forget(now: now)
    }

    /// Drops those that are too old or too many.
    mutating func forget(now: Timestamp) {
        records.removeAll { $0.diedAt.advanced(by: retention) <= now }
        records.removeFirst(max(0, records.count - limit))
    }

    /// Takes out the selected ones, oldest first.
    mutating func take(_ selection: DeadLetterSelection) -> [Record] {
        let taken = records.filter { selection.matches($0) }
        records.removeAll { selection.matches($0) }
        return taken
    }
}

extension DeadLetterSelection {
    func matches(_ record: MemoryDeadLetters.Record) -> Bool {
        let message = record.entry.message
        return (ids.map { $0.contains(String(record.number)) || $0.contains(message.headers.id) } ?? true)
            && (queue.map { $0 == record.entry.queue } ?? true)
            && (taskName.map { $0 == message.headers.task } ?? true)
    }
}
