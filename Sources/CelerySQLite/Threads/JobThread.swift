//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CCeleryPlatform
import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A thread of our own that does jobs in the order they come, as many at a time as have gathered.
///
/// Database calls block, so they must not run on the threads that Swift's tasks share.
final class JobThread<Job: Sendable>: Sendable {
    private struct State {
        var jobs: [Job] = []
        var isStopped = false
        var hasEnded = false
        var onEnd: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    /// Rung when there is something after there was nothing.
    private let bell = DispatchSemaphore(value: 0)
    /// At most so many are done together.
    private let limit: Int

    /// - Parameter work: Makes what does the jobs. Both run on the thread only, so that what they use need not be shared.
    init(name: String, limit: Int, work: @escaping @Sendable () -> ([Job]) -> Void) {
        self.limit = limit
        let status = ThreadBody.start(name) { [self] in run(work()) }
        if status != 0 { state.withLock { ($0.isStopped, $0.hasEnded) = (true, true) } }
    }

    /// Queues a job; false when the thread was stopped.
    func add(_ job: Job) -> Bool {
        let (isTaken, isFirst) = state.withLock { state in
            guard !state.isStopped else { return (false, false) }
            state.jobs.append(job)
            return (true, state.jobs.count == 1)
        }
        if isFirst { bell.signal() }
        return isTaken
    }

    /// Lets it finish what is queued; then, on the thread's last instructions, calls back.
    func stop(then end: @escaping @Sendable () -> Void) {
        let hasEnded = state.withLock { state in
            state.isStopped = true
            if !state.hasEnded { state.onEnd.append(end) }
            return state.hasEnded
        }
        bell.signal()
        if hasEnded { end() }
    }

    private func run(_ work: ([Job]) -> Void) {
        pthread_detach(pthread_self())
        while let batch = next() {
            if batch.isEmpty { bell.wait() } else { work(batch) }
        }
        let ends = state.withLock { state in
            state.hasEnded = true
            defer { state.onEnd = [] }
            return state.onEnd
        }
        for end in ends { end() }
    }

    /// What has gathered; nil when nothing has, and nothing will.
    private func next() -> [Job]? {
        state.withLock { state in
            if state.jobs.isEmpty, state.isStopped { return nil }
            let batch = Array(state.jobs.prefix(limit))
            state.jobs.removeFirst(batch.count)
            return batch
        }
    }
}

/// What a C thread runs.
private final class ThreadBody {
    private let run: () -> Void

    private init(_ run: @escaping () -> Void) { self.run = run }

    /// Returns 0, or an errno value.
    static func start(_ name: String, _ run: @escaping () -> Void) -> Int32 {
        var handle: UInt = 0
        let context = Unmanaged.passRetained(ThreadBody(run)).toOpaque()
        let status = celery_thread_start(
            name,
            { context in
                guard let context else { return }
                Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
            },
            context,
            &handle
        )
        if status != 0 { Unmanaged<ThreadBody>.fromOpaque(context).release() }
        return status
    }
}
#endif
