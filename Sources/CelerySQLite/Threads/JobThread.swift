//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CCeleryPlatform

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
///
/// `@unchecked Sendable`: all mutable state is read and written under the mutex, but for the initializer's.
final class JobThread<Job: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let work: @Sendable ([Job]) -> Void
    /// At most so many are done together.
    private let limit: Int
    private var jobs: [Job] = []
    private var isStopped = false
    private var onEnd: [@Sendable () -> Void] = []
    private var hasEnded = false

    /// - Parameter work: Does the jobs; called on the thread only.
    init(name: String, limit: Int, work: @escaping @Sendable ([Job]) -> Void) {
        self.work = work
        self.limit = limit
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        let status = ThreadBody.start(name) { [self] in run() }
        if status != 0 {
            isStopped = true
            hasEnded = true
        }
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    /// Queues a job; false when the thread was stopped.
    func add(_ job: Job) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !isStopped else { return false }
        jobs.append(job)
        if jobs.count == 1 { pthread_cond_signal(condition) }
        return true
    }

    /// Lets it finish what is queued; then, on the thread's last instructions, calls back.
    func stop(then end: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(mutex)
        isStopped = true
        let hasEnded = hasEnded
        if !hasEnded { onEnd.append(end) }
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
        if hasEnded { end() }
    }

    private func run() {
        pthread_detach(pthread_self())
        while let batch = next() { work(batch) }
        pthread_mutex_lock(mutex)
        hasEnded = true
        let ends = onEnd
        onEnd = []
        pthread_mutex_unlock(mutex)
        for end in ends { end() }
    }

    private func next() -> [Job]? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while jobs.isEmpty {
            if isStopped { return nil }
            pthread_cond_wait(condition, mutex)
        }
        let batch = Array(jobs.prefix(limit))
        jobs.removeFirst(batch.count)
        return batch
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
