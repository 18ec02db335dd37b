//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire
import Synchronization

/// Tasks that wait for something to happen to a key, woken together; a waiter costs a continuation and a table entry.
package final class WaitingRoom<Key: Hashable & Sendable>: Sendable {
    private struct State {
        var waiters: [Key: [UInt64: CheckedContinuation<Void, Never>]] = [:]
        var next: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Keys that somebody waits for.
    package var keys: [Key] { state.withLock { Array($0.waiters.keys) } }
    package var isEmpty: Bool { state.withLock { $0.waiters.isEmpty } }

    /// Wakes all who wait for the key.
    package func wake(_ key: Key) {
        let woken = state.withLock { $0.waiters.removeValue(forKey: key) }
        for waiter in (woken ?? [:]).values { waiter.resume() }
    }

    /// Wakes everybody.
    package func wakeAll() {
        let woken = state.withLock { state in
            defer { state.waiters = [:] }
            return state.waiters.values.flatMap(\.values)
        }
        for waiter in woken { waiter.resume() }
    }

    /// Waits for ``wake(_:)``, cancellation or the time; returns at once when `isOver` holds after enlisting.
    ///
    /// It returns nothing but the hint to look again.
    package func wait(
        for key: Key,
        until deadline: Timestamp? = nil,
        time: any TimeSource,
        isOver: @escaping @Sendable () -> Bool
    ) async {
        guard let deadline else { return await wait(for: key, isOver: isOver) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(for: key, isOver: isOver) }
            group.addTask { try? await time.sleep(until: deadline) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait(for key: Key, isOver: @Sendable () -> Bool) async {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.waiters[key, default: [:]][number] = continuation }
                if Task.isCancelled || isOver() { leave(key, number) }
            }
        } onCancel: {
            leave(key, number)
        }
    }

    private func leave(_ key: Key, _ number: UInt64) {
        let waiter = state.withLock { state in
            let waiter = state.waiters[key]?.removeValue(forKey: number)
            if state.waiters[key]?.isEmpty == true { state.waiters[key] = nil }
            return waiter
        }
        waiter?.resume()
    }
}
