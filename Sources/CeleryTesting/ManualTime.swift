//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
public import CeleryWire
import Synchronization

/// A clock that stands still until a test moves it.
public final class ManualTime: TimeSource {
    private struct Sleeper {
        var deadline: Timestamp
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Timestamp
        var sleepers: [UInt64: Sleeper] = [:]
        var next: UInt64 = 0
        /// Who waits for a number of sleepers.
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: Mutex<State>

    /// - Parameter now: Where it starts. Default 2030-01-01 00:00 UTC.
    public init(_ now: Timestamp = Timestamp(unixSeconds: 1_893_456_000)) { state = Mutex(State(now: now)) }

    public var now: Timestamp { state.withLock(\.now) }

    /// How many sleep now.
    public var sleeperCount: Int { state.withLock(\.sleepers.count) }

    /// Moves the clock forward, stopping at each sleeper's deadline on the way to wake it, the earliest first.
    public func advance(by duration: Duration) { advance(to: now.advanced(by: duration)) }

    /// Moves the clock forward to a time; one in the past does nothing.
    public func advance(to target: Timestamp) {
        while let sleeper = state.withLock({ Self.step(&$0, to: target) }) { sleeper.resume() }
    }

    /// Returns when at least so many sleep, so that an `advance` meets them.
    public func untilSleeping(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    public func sleep(until deadline: Timestamp) async throws {
        try Task.checkCancellation()
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enlist(number, Sleeper(deadline: deadline, continuation: continuation))
                if Task.isCancelled { cancel(number) }
            }
        } onCancel: {
            cancel(number)
        }
    }

    private static func step(_ state: inout State, to target: Timestamp) -> CheckedContinuation<Void, any Error>? {
        let due = state.sleepers.filter { $0.value.deadline <= target }
        let first = due.min { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }
        state.now = max(state.now, first?.value.deadline ?? target)
        guard let first else { return nil }
        state.sleepers[first.key] = nil
        return first.value.continuation
    }

    private func enlist(_ number: UInt64, _ sleeper: Sleeper) {
        let (isDue, watchers) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
            if sleeper.deadline <= state.now { return (true, []) }
            state.sleepers[number] = sleeper
            let count = state.sleepers.count
            let met = state.watchers.filter { $0.count <= count }
            state.watchers.removeAll { $0.count <= count }
            return (false, met.map(\.continuation))
        }
        if isDue { sleeper.continuation.resume() }
        for watcher in watchers { watcher.resume() }
    }

    private func cancel(_ number: UInt64) {
        state.withLock { $0.sleepers.removeValue(forKey: number) }?.continuation.resume(throwing: CancellationError())
    }
}
