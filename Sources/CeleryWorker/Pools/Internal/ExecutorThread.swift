//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Dispatch
import Synchronization

/// One dedicated thread that Swift tasks can prefer: their code runs there, one piece at a time, and may block.
final class ExecutorThread: TaskExecutor, Sendable {
    private struct State {
        var queue: [UnownedJob] = []
        var isAsleep = false
        var isStopped = false
    }

    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let thread = Mutex<DedicatedThread?>(nil)

    init(name: String) throws(PoolError) {
        let started = try DedicatedThread(name: name) { [self] in loop() }
        thread.withLock { $0 = started }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let (isStopped, wake) = state.withLock { state -> (Bool, Bool) in
            guard !state.isStopped else { return (true, false) }
            state.queue.append(job)
            defer { state.isAsleep = false }
            return (false, state.isAsleep)
        }
        if wake { wakeUp.signal() }
        // Only code that kept the executor beyond its own task comes here; it must still run somewhere.
        if isStopped { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Ends the thread once its queue is empty and waits for that. Not to be called on the thread itself.
    func stop() {
        let wake = state.withLock { state -> Bool in
            state.isStopped = true
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if wake { wakeUp.signal() }
        thread.withLock { $0.take() }?.join()
    }

    private func loop() {
        let executor = asUnownedTaskExecutor()
        var batch: [UnownedJob] = []
        while true {
            let isOver = state.withLock { state -> Bool in
                batch.removeAll(keepingCapacity: true)
                swap(&batch, &state.queue)
                state.isAsleep = batch.isEmpty && !state.isStopped
                return batch.isEmpty && state.isStopped
            }
            if isOver { return }
            if batch.isEmpty { wakeUp.wait() }
            for job in batch { job.runSynchronously(on: executor) }
        }
    }
}
