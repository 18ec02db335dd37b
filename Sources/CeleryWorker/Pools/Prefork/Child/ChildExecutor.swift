//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Dispatch
import Synchronization

/// Runs a task's pieces on the thread that waits for the task: no other thread is woken for it.
final class ChildExecutor: TaskExecutor, Sendable {
    private struct State {
        var queue: [UnownedJob] = []
        var isDone = false
        var isAsleep = false
    }

    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let wakes = state.withLock { state in
            state.queue.append(job)
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if wakes { wakeUp.signal() }
    }

    /// Runs the body to its end on this thread, and whatever else prefers this executor meanwhile.
    func run(_ body: @escaping @Sendable () async -> Void, control: (Task<Void, Never>) -> Void) {
        state.withLock { $0.isDone = false }
        // Awaited by the loop below, which ends with it; it is cancelled through `control`.
        let task = Task(executorPreference: self) {
            await body()
            self.state.withLock { $0.isDone = true }
        }
        control(task)
        let executor = asUnownedTaskExecutor()
        var batch: [UnownedJob] = []
        while true {
            let isOver = state.withLock { state in
                batch.removeAll(keepingCapacity: true)
                swap(&batch, &state.queue)
                // The body's last step runs on this thread, so nobody has to be woken for it.
                state.isAsleep = batch.isEmpty && !state.isDone
                return batch.isEmpty && state.isDone
            }
            if isOver { return }
            if batch.isEmpty { wakeUp.wait() }
            for job in batch { job.runSynchronously(on: executor) }
        }
    }
}
