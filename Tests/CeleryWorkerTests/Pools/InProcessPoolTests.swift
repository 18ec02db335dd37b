//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import CeleryWorker
import Dispatch
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The pools without child processes, by name.
enum InProcessKind: String, CaseIterable, Sendable {
    case async, threads, solo

    func make(slots: Int, _ runner: @escaping PoolRunner) -> any TaskPool {
        switch self {
        case .async: AsyncPool(slots: slots, runner: runner)
        case .threads: ThreadsPool(slots: slots, runner: runner)
        case .solo: SoloPool(runner: runner)
        }
    }
}

@Suite(.timeLimit(.minutes(5)))
struct InProcessPoolTests {
    private static let echo: PoolRunner = { request, _ in success(.string(request.message.headers.id)) }

    @Test("Every job is accepted once and then finished once", arguments: InProcessKind.allCases)
    func everyJobOnce(_ kind: InProcessKind) async throws {
        let pool = kind.make(slots: 4, Self.echo)
        try await withPool(pool) { pool, recorder in
            for start in stride(from: UInt64(0), to: 10_000, by: 100) {
                pool.submit((start..<start + 100).map { job($0, "echo") })
            }
            try await eventually { recorder.finished.count == 10_000 }
            #expect(recorder.events.count == 20_000)
            #expect(recorder.finished[JobID(77)]?.outcome == success("job-77").outcome)
            #expect(Set(recorder.accepted.values) == [getpid()])
        }
    }

    @Test("At most as many jobs run as there are slots", arguments: InProcessKind.allCases)
    func slotsBound(_ kind: InProcessKind) async throws {
        let running = Mutex((now: 0, most: 0))
        let pool = kind.make(slots: 3) { _, _ in
            running.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            try? await Task.sleep(for: .milliseconds(1))
            running.withLock { $0.now -= 1 }
            return success(nil)
        }
        try await withPool(pool) { pool, recorder in
            pool.submit((0..<60).map { job($0, "nap") })
            try await eventually { recorder.finished.count == 60 }
        }
        #expect(running.withLock { $0.most } == pool.slots)
    }

    @Test("A cancelled job sees the cause, and the next one is not cancelled", arguments: InProcessKind.allCases)
    func cancelOne(_ kind: InProcessKind) async throws {
        let pool = kind.make(slots: 1) { request, control in
            guard request.message.headers.task == "hang" else { return success(.bool(Task.isCancelled)) }
            try? await Task.sleep(for: .seconds(60))
            return success(.string("\(String(describing: control.cause)) \(Task.isCancelled)"))
        }
        try await withPool(pool) { pool, recorder in
            pool.submit([job(1, "hang"), job(2, "quick")])
            try await eventually { recorder.accepted[JobID(1)] != nil }
            pool.cancel(JobID(1), .softTimeLimit(1.5))
            try await eventually { recorder.finished.count == 2 }
            let cause = RunControl.Cause.softTimeLimit(1.5)
            #expect(
                recorder.finished[JobID(1)]?.outcome
                    == success(.string("\(String(describing: Optional(cause))) true")).outcome
            )
            #expect(recorder.finished[JobID(2)]?.outcome == success(false).outcome)
        }
    }

    @Test("A job cancelled before it starts is cancelled from its first step", arguments: InProcessKind.allCases)
    func cancelBeforeStart(_ kind: InProcessKind) async throws {
        let gate = Gate()
        let pool = kind.make(slots: 1) { request, _ in
            if request.message.headers.task == "gate" { await gate.wait() }
            return success(.bool(Task.isCancelled))
        }
        try await withPool(pool) { pool, recorder in
            pool.submit([job(1, "gate")])
            try await eventually { recorder.accepted.count == 1 }
            pool.submit([job(2, "check")])
            pool.cancel(JobID(2), .terminated)
            gate.open()
            try await eventually { recorder.finished.count == 2 }
            #expect(recorder.finished[JobID(1)]?.outcome == success(false).outcome)
            #expect(recorder.finished[JobID(2)]?.outcome == success(true).outcome)
        }
    }

    @Test("Cancelling run gives back what has not started and tells what runs", arguments: InProcessKind.allCases)
    func cancelRun(_ kind: InProcessKind) async throws {
        let pool = kind.make(slots: 1) { _, control in
            try? await Task.sleep(for: .seconds(60))
            return success(.bool(control.cause == .shutdown))
        }
        let recorder = PoolRecorder()
        let run = Task { try await pool.run(ready: { recorder.becomeReady() }, events: { recorder.record($0) }) }
        try await eventually { recorder.isReady }
        pool.submit([job(1, "hang"), job(2, "waits"), job(3, "waits")])
        try await eventually { recorder.accepted.count == 1 }
        run.cancel()
        try await run.value
        #expect(recorder.finished[JobID(1)]?.outcome == success(true).outcome)
        #expect(Set(recorder.returned) == [JobID(2), JobID(3)])
        pool.submit([job(4, "late")])
        #expect(recorder.returned.contains(JobID(4)))
    }

    @Test("Stop waits for what is unfinished", arguments: InProcessKind.allCases)
    func stopWaits(_ kind: InProcessKind) async throws {
        let gate = Gate()
        let pool = kind.make(slots: 2) { _, _ in
            await gate.wait()
            return success(nil)
        }
        let recorder = PoolRecorder()
        let run = Task { try await pool.run(ready: { recorder.becomeReady() }, events: { recorder.record($0) }) }
        try await eventually { recorder.isReady }
        pool.submit((1...4).map { job($0, "gate") })
        try await eventually { recorder.accepted.count == pool.slots }
        pool.stop()
        gate.open()
        try await run.value
        #expect(recorder.finished.count == 4)
    }

    @Test("A pool grows and shrinks under load", arguments: [InProcessKind.async, .threads])
    func resize(_ kind: InProcessKind) async throws {
        let pool = kind.make(slots: 1, Self.echo)
        try await withPool(pool) { pool, recorder in
            for round in UInt64(0)..<50 {
                pool.submit((round * 100..<round * 100 + 100).map { job($0, "echo") })
                pool.resize(to: Int(round % 7) + 1)
            }
            try await eventually { recorder.finished.count == 5000 }
            #expect(pool.slots == 49 % 7 + 1)
        }
    }

    @Test("Blocking on every thread leaves Swift's own threads free")
    func blockingThreads() async throws {
        let barrier = DispatchSemaphore(value: 0)
        let pool = ThreadsPool(slots: 16) { _, _ in
            block(on: barrier)
            return success(nil)
        }
        try await withPool(pool) { pool, recorder in
            pool.submit((0..<16).map { job($0, "block") })
            try await eventually { recorder.accepted.count == 16 }
            #expect(recorder.finished.isEmpty)
            for _ in 0..<16 { barrier.signal() }
            try await eventually { recorder.finished.count == 16 }
        }
    }

    @Test("A job's async code and its child tasks stay on the job's thread", arguments: [InProcessKind.threads, .solo])
    func staysOnThread(_ kind: InProcessKind) async throws {
        let pool = kind.make(slots: 2) { _, _ in
            let first = threadID()
            try? await Task.sleep(for: .milliseconds(1))
            async let other = threadID()
            return success(.bool(await other == first && threadID() == first))
        }
        try await withPool(pool) { pool, recorder in
            pool.submit((0..<100).map { job($0, "where") })
            try await eventually { recorder.finished.count == 100 }
            #expect(recorder.finished.values.allSatisfy { $0.outcome == success(true).outcome })
        }
    }

    @Test("What a pool can do is what it says")
    func capabilities() {
        #expect(AsyncPool(slots: 1, runner: Self.echo).capabilities.resizable)
        #expect(ThreadsPool(slots: 1, runner: Self.echo).capabilities.resizable)
        let solo = SoloPool(runner: Self.echo)
        #expect(!solo.capabilities.resizable)
        solo.resize(to: 5)
        #expect(solo.slots == 1)
        #expect(!solo.kill(JobID(1), .shutdown))
    }
}

/// Holds tasks until it is opened.
final class Gate: Sendable {
    private let state = Mutex((isOpen: false, waiters: [CheckedContinuation<Void, Never>]()))

    /// How many wait now.
    var waiting: Int { state.withLock { $0.waiters.count } }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// Blocks the thread, as careless user code would.
func block(on semaphore: DispatchSemaphore) { semaphore.wait() }

/// The thread that this is called on.
func threadID() -> UInt { UInt(bitPattern: pthread_self().hashValue) }
