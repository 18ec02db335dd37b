//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Synchronization
import Testing

@testable import CeleryWorker

@Suite(.timeLimit(.minutes(5)))
struct TimerWheelTests {
    @Test("Timers fire in the order of their deadlines and never early")
    func realTime() async throws {
        try await withWheel(TimerWheel()) { wheel in
            let fired = Mutex<[(Int, Duration)]>([])
            let start = ContinuousClock.now
            for delay in [40, 5, 20, 0, 10] {
                wheel.schedule(after: .milliseconds(delay)) {
                    fired.withLock { $0.append((delay, ContinuousClock.now - start)) }
                }
            }
            try await eventually { fired.withLock { $0.count } == 5 }
            let seen = fired.withLock { $0 }
            #expect(seen.map(\.0) == [0, 5, 10, 20, 40])
            #expect(seen.allSatisfy { $0.1 >= .milliseconds($0.0) })
            #expect(wheel.count == 0)
        }
    }

    @Test("An earlier timer wakes a wheel that sleeps for a later one")
    func earlier() async throws {
        try await withWheel(TimerWheel()) { wheel in
            let fired = Mutex(false)
            let far = wheel.schedule(after: .seconds(3600)) {}
            wheel.schedule(after: .milliseconds(10)) { fired.withLock { $0 = true } }
            try await eventually { fired.withLock { $0 } }
            #expect(wheel.cancel(far))
            #expect(!wheel.cancel(far))
        }
    }

    @Test("A cancelled timer does not fire, though others around it do")
    func cancelled() async throws {
        try await withWheel(TimerWheel()) { wheel in
            let fired = Mutex<Set<Int>>([])
            let tokens = (0..<1000)
                .map { number in
                    wheel.schedule(after: .milliseconds(50)) { fired.withLock { _ = $0.insert(number) } }
                }
            for number in stride(from: 0, to: 1000, by: 2) { wheel.cancel(tokens[number]) }
            try await eventually { fired.withLock { $0.count } == 500 }
            #expect(fired.withLock { $0.allSatisfy { $0 % 2 == 1 } })
        }
    }

    @Test("A wheel follows the time source that it is given")
    func manualTime() async throws {
        let time = HandMovedTime()
        try await withWheel(TimerWheel(time: time)) { wheel in
            let fired = Mutex<[Int]>([])
            for hours in [3, 1, 2] {
                wheel.schedule(after: .seconds(hours * 3600)) { fired.withLock { $0.append(hours) } }
            }
            time.advance(by: .seconds(3599))
            wheel.fire()
            #expect(fired.withLock { $0.isEmpty })
            time.advance(by: .seconds(1))
            try await eventually { fired.withLock { $0 } == [1] }
            time.advance(by: .seconds(7200))
            try await eventually { fired.withLock { $0 } == [1, 2, 3] }
        }
    }

    @Test("Timers may be set and taken back from many threads at once")
    func contention() async throws {
        try await withWheel(TimerWheel()) { wheel in
            let fired = Counter()
            await withTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        for number in 0..<2000 {
                            let token = wheel.schedule(after: .milliseconds(number % 7)) { fired.increment() }
                            if number % 2 == 0, wheel.cancel(token) { fired.increment() }
                        }
                    }
                }
            }
            try await eventually { fired.value == 16000 }
            #expect(wheel.count == 0)
        }
    }

    private func withWheel(_ wheel: TimerWheel, _ body: (TimerWheel) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await wheel.run() }
            try await body(wheel)
            group.cancelAll()
        }
    }
}

/// Counts, from any thread.
final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func increment() { count.add(1, ordering: .sequentiallyConsistent) }
}

/// A clock that a test moves.
final class HandMovedTime: TimeSource {
    private struct State {
        var now = Timestamp(microseconds: 0)
        var sleepers: [Int: (Timestamp, CheckedContinuation<Void, any Error>)] = [:]
        var cancelled: Set<Int> = []
        var next = 0
    }

    private let state = Mutex(State())

    var now: Timestamp { state.withLock { $0.now } }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.0 <= state.now }
            for key in due.keys { state.sleepers[key] = nil }
            return due.values.map(\.1)
        }
        for continuation in due { continuation.resume() }
    }

    func sleep(until deadline: Timestamp) async throws {
        let key = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let verdict = state.withLock { state -> Result<Void, any Error>? in
                    if state.cancelled.remove(key) != nil { return .failure(CancellationError()) }
                    if state.now >= deadline { return .success(()) }
                    state.sleepers[key] = (deadline, continuation)
                    return nil
                }
                if let verdict { continuation.resume(with: verdict) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: key)
                if sleeper == nil { state.cancelled.insert(key) }
                return sleeper
            }
            sleeper?.1.resume(throwing: CancellationError())
        }
    }
}
