//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import NIOCore

/// Who waits for which result until when: the table behind ``ResultFeed``, without any I/O.
struct ResultWaits {
    /// The bytes of a state that ends the wait; nil when time is up.
    typealias Answer = Result<[UInt8]?, TransportError>
    typealias Completion = (Answer) -> Void

    private struct Waiter {
        var number: UInt64
        var completion: Completion
        /// When it leaves even if the server has told nothing.
        var lastChance: NIODeadline
        /// Leaves as soon as the server has told what is stored.
        var isOverdue = false
    }

    /// Nearly always one waits for a result, and then no table is made.
    private struct Entry {
        var first: Waiter?
        var others: [UInt64: Waiter] = [:]
        /// Whether the server has told what is stored, be it nothing.
        var isSeen = false

        var isEmpty: Bool { first == nil && others.isEmpty }
        var count: Int { others.count + (first == nil ? 0 : 1) }
        var waiters: [Waiter] { (first.map { [$0] } ?? []) + others.values }

        subscript(number: UInt64) -> Waiter? {
            get { first?.number == number ? first : others[number] }
            set {
                if first == nil && newValue != nil || first?.number == number {
                    first = newValue
                } else {
                    others[number] = newValue
                }
            }
        }
    }

    private struct Alarm {
        var id: String
        var number: UInt64
    }

    /// One whose time is up.
    struct Late {
        var id: String
        var completion: Completion
        var isSeen: Bool
        /// Whether nobody waits for that result now.
        var isLast: Bool
    }

    private var entries: [String: Entry] = [:]
    private var alarms = DueTimes<Alarm>()
    private var count = 0

    var isEmpty: Bool { count == 0 }
    /// Results that are waited for.
    var ids: [String] { Array(entries.keys) }
    /// When ``removeLate(_:)`` has to be called next, or earlier.
    var nextAlarm: NIODeadline? { alarms.first }
    /// What the table holds, waiters that have left included.
    var alarmCount: Int { alarms.count }

    func contains(_ id: String) -> Bool { entries[id] != nil }

    /// Returns whether it is the first who waits for that result.
    ///
    /// - Parameter lastChance: Until then a first word of the server is waited for when the deadline comes before it.
    mutating func add(
        _ number: UInt64,
        for id: String,
        until deadline: NIODeadline,
        lastChance: NIODeadline,
        _ completion: @escaping Completion
    ) -> Bool {
        let isFirst = entries[id] == nil
        entries[id, default: Entry()][number] = Waiter(number: number, completion: completion, lastChance: lastChance)
        alarms.insert(Alarm(id: id, number: number), at: deadline)
        count += 1
        return isFirst
    }

    /// Notes that the server has told what is stored. Returns those who waited for that only.
    mutating func see(_ id: String) -> [Late] {
        guard entries[id]?.isSeen == false else { return [] }
        entries[id]?.isSeen = true
        let overdue = entries[id]?.waiters.filter(\.isOverdue) ?? []
        return overdue.compactMap { remove($0.number, for: id) }
    }

    /// Nil when it does not wait any more.
    mutating func remove(_ number: UInt64, for id: String) -> Late? {
        guard let waiter = entries[id]?[number] else { return nil }
        entries[id]?[number] = nil
        guard let entry = entries[id] else { return nil }
        if entry.isEmpty { entries[id] = nil }
        left(1)
        return Late(id: id, completion: waiter.completion, isSeen: entry.isSeen, isLast: entry.isEmpty)
    }

    /// All who wait for that result.
    mutating func removeAll(for id: String) -> [Completion] {
        guard let entry = entries.removeValue(forKey: id) else { return [] }
        left(entry.count)
        return entry.waiters.map(\.completion)
    }

    mutating func removeAll() -> [Completion] {
        let completions = entries.values.flatMap { $0.waiters.map(\.completion) }
        entries = [:]
        left(count)
        return completions
    }

    /// Those whose time is up.
    ///
    /// - Parameter isHopeful: Whether the server may still tell something soon.
    mutating func removeLate(_ now: NIODeadline, isHopeful: Bool) -> [Late] {
        var late: [Late] = []
        while let alarm = alarms.popDue(now) {
            guard let entry = entries[alarm.id], let waiter = entry[alarm.number] else { continue }
            if isHopeful, !entry.isSeen, now < waiter.lastChance {
                entries[alarm.id]?[alarm.number]?.isOverdue = true
                alarms.insert(alarm, at: waiter.lastChance)
            } else if let found = remove(alarm.number, for: alarm.id) {
                late.append(found)
            }
        }
        return late
    }

    /// Gives memory back: who leaves early leaves an alarm behind, and a table keeps the size it once had.
    private mutating func left(_ number: Int) {
        count -= number
        if count == 0 {
            (entries, alarms) = ([:], DueTimes())
        } else if alarms.count > 2 * count + 64 {
            let entries = entries
            alarms.keep { entries[$0.id]?[$0.number] != nil }
        }
    }
}
#endif
