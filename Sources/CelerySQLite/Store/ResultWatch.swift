//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire
import Synchronization

/// Who waits for which result: one table for all waiters of a store, an entry for each task.
final class ResultWatch: Sendable {
    private struct Entry {
        var waiters = 0
        /// Goes up whenever something was stored for the task.
        var generation: UInt64 = 0
        /// The earliest of its waiters'.
        var deadline = MonotonicTime.never
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// The earliest deadline, or one that has gone already.
        var earliest = MonotonicTime.never
    }

    private let state = Mutex(State())
    private let room = WaitingRoom<String>()

    /// Tasks that are waited for.
    var ids: [String] { state.withLock { Array($0.entries.keys) } }
    var isEmpty: Bool { state.withLock(\.entries.isEmpty) }
    /// When ``wakeLate(at:)`` has to be called next.
    var nextDeadline: MonotonicTime { state.withLock(\.earliest) }

    /// Enlists before the first look, so that nothing stored after it is missed.
    func enter(_ id: String) {
        state.withLock { $0.entries[id, default: Entry()].waiters += 1 }
    }

    func leave(_ id: String) {
        state.withLock { state in
            state.entries[id]?.waiters -= 1
            if state.entries[id]?.waiters == 0 { state.entries[id] = nil }
            if state.entries.isEmpty { state.earliest = .never }
        }
    }

    func generation(of id: String) -> UInt64 { state.withLock { $0.entries[id]?.generation ?? 0 } }

    /// Sets the alarm for a wait. True when it is now the first to ring.
    func setAlarm(for id: String, at deadline: MonotonicTime) -> Bool {
        state.withLock { state in
            guard let entry = state.entries[id] else { return false }
            state.entries[id]?.deadline = min(entry.deadline, deadline)
            guard deadline < state.earliest else { return false }
            state.earliest = deadline
            return true
        }
    }

    /// Returns when something was stored for the task since that generation, or its time is up, or it is cancelled.
    func wait(for id: String, after generation: UInt64, until deadline: MonotonicTime, time: any TimeSource) async {
        await room.wait(for: id, time: time) {
            self.generation(of: id) != generation || MonotonicTime.now >= deadline
        }
    }

    /// Tells that results were stored.
    func note(_ ids: some Sequence<String>) {
        for id in ids {
            let isAwaited = state.withLock { state in
                state.entries[id]?.generation += 1
                return state.entries[id] != nil
            }
            if isAwaited { room.wake(id) }
        }
    }

    /// Wakes those whose time is up. They look once more, so waking one too many does no harm.
    func wakeLate(at now: MonotonicTime) {
        let late = state.withLock { state -> [String] in
            guard state.earliest <= now else { return [] }
            let late = state.entries.filter { $0.value.deadline <= now }.map(\.key)
            for id in late { state.entries[id]?.deadline = .never }
            state.earliest = state.entries.values.map(\.deadline).min() ?? .never
            return late
        }
        for id in late { room.wake(id) }
    }

    func wakeAll() { room.wakeAll() }
}
#endif
