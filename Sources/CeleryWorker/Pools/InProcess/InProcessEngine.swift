//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import DequeModule
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the pools without child processes share: hands jobs to child tasks of `run`, at most one for each slot.
///
/// A child task that finds the next job waiting when its own has ended goes on with it, so that under load a job costs
/// neither a new task nor a wake-up.
final class InProcessEngine: Sendable {
    /// Where user code runs.
    enum Placement: Sendable {
        /// On Swift's cooperative threads.
        case cooperative
        /// Each slot on a thread of its own.
        case threads(name: String)
    }

    private let placement: Placement
    private let runner: PoolRunner
    private let state: Mutex<InProcessState>
    private let pid = getpid()

    init(slots: Int, placement: Placement, runner: @escaping PoolRunner) {
        self.placement = placement
        self.runner = runner
        state = Mutex(InProcessState(slots: max(1, slots)))
    }

    var slots: Int { state.withLock { $0.slots } }

    func run(ready: () -> Void, events: @escaping @Sendable (PoolEvent) -> Void) async throws(PoolError) {
        let isFirst = state.withLock { $0.begin(events) }
        guard isFirst else { throw PoolError(.alreadyRun, "this pool ran before; make a new one for each run") }
        var threads: [ExecutorThread] = []
        defer { for thread in threads { thread.stop() } }
        try adjust(&threads)
        ready()
        // Awaited right below. The cancellation of `run` must not reach the jobs by itself: `abort` tells each of them
        // why before it cancels it.
        let serving = Task { [threads] in await serve(threads, events) }
        threads = await withTaskCancellationHandler {
            await serving.value
        } onCancel: {
            abort()
        }
    }

    private func serve(_ threads: [ExecutorThread], _ events: @escaping @Sendable (PoolEvent) -> Void) async
        -> [ExecutorThread]
    {
        var threads = threads
        await withDiscardingTaskGroup { group in
            while let turn = await nextTurn() {
                for start in turn.starts {
                    group.addTask(executorPreference: start.thread) { await self.work(start, events) }
                }
                for thread in turn.surplus {
                    thread.stop()
                    threads.removeAll { $0 === thread }
                }
                do {
                    try adjust(&threads)
                } catch {
                    // The system has no more threads: go on with those that there are.
                    resize(to: threads.count)
                }
            }
        }
        return threads
    }

    func submit(_ jobs: [PoolJob]) {
        let submission = state.withLock { $0.submit(jobs) }
        for (child, entry) in submission.woken { child.resume(returning: entry) }
        submission.waiter?.resume()
        submission.refused?(.returned(jobs.reversed().map(\.id)))
    }

    func cancel(_ job: JobID, _ cause: RunControl.Cause) { state.withLock { $0.controls[job] }?.cancel(cause) }

    func resize(to slots: Int) {
        let slots = max(1, slots)
        let (waiter, events) = state.withLock { ($0.resize(to: slots), $0.events) }
        events?(.resized(slots))
        waiter?.resume()
    }

    func stop() {
        let (waiter, parked) = state.withLock { ($0.stop(), $0.unpark()) }
        for child in parked { child.resume(returning: nil) }
        waiter?.resume()
    }

    /// Starts threads until there is one for each slot.
    private func adjust(_ threads: inout [ExecutorThread]) throws(PoolError) {
        guard case .threads(let name) = placement else { return }
        while threads.count < slots {
            let thread = try ExecutorThread(name: name)
            threads.append(thread)
            state.withLock { $0.idleThreads.append(thread) }
        }
        state.withLock { $0.needsThreads = true }
    }

    private func nextTurn() async -> InProcessState.Turn? {
        while true {
            switch state.withLock({ $0.nextTurn() }) {
            case .turn(let turn): return turn
            case .over: return nil
            case .wait:
                await withCheckedContinuation { continuation in
                    let isDue = state.withLock { $0.park(continuation) }
                    if isDue { continuation.resume() }
                }
            }
        }
    }

    /// Runs the job, and those that wait when it has ended.
    private func work(_ start: InProcessState.Start, _ events: @Sendable (PoolEvent) -> Void) async {
        var entry = start.entry
        while true {
            await run(entry, events)
            // A cancelled task stays cancelled: the next job needs a new one.
            let isSpent = Task.isCancelled
            let (next, waiter) = state.withLock { $0.next(after: start, isSpent: isSpent) }
            waiter?.resume()
            if let next {
                entry = next
            } else if !isSpent, let next = await nextAfterPause() {
                entry = next
            } else {
                return
            }
        }
    }

    private func run(_ entry: InProcessState.Entry, _ events: @Sendable (PoolEvent) -> Void) async {
        let canceller = TaskCanceller()
        let (job, control) = (entry.job, entry.control)
        guard job.permit?.take() ?? true else {
            state.withLock { $0.controls[job.id] = nil }
            return events(.returned([job.id]))
        }
        events(.accepted(job.id, pid: pid))
        let report = await canceller.attached {
            control.onCancel { canceller.cancel() }
            return await runner(job.request, control)
        }
        state.withLock { $0.controls[job.id] = nil }
        events(.finished(job.id, report))
    }

    /// Waits for a job for a while that ends with the pool; nil when there are enough who do.
    private func nextAfterPause() async -> InProcessState.Entry? {
        await withCheckedContinuation { child in
            if let answer = state.withLock({ $0.keep(child) }) { child.resume(returning: answer) }
        }
    }

    private func abort() {
        let ((controls, returned, waiter, events), parked) = state.withLock { ($0.abort(), $0.unpark()) }
        for child in parked { child.resume(returning: nil) }
        for control in controls { control.cancel(.shutdown) }
        if !returned.isEmpty { events?(.returned(returned)) }
        waiter?.resume()
    }
}
