//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

/// Cancels the Swift task that it was attached to, from anywhere, for as long as it is attached.
///
/// A discarding task group gives no handle of its child tasks, and a handle of an unstructured task would cost the
/// structure; hence the reference to the current task.
final class TaskCanceller: Sendable {
    /// `@unchecked Sendable`: it is only read under the lock, its `cancel()` may be called from any thread, and the task cannot end
    /// before it has detached itself under the same lock. The standard library has no other handle of a running child task.
    private struct Reference: @unchecked Sendable {
        let task: UnsafeCurrentTask
    }

    private struct State {
        var task: Reference?
        var isCancelled = false
    }

    private let state = Mutex(State())

    /// Runs the body in the current task, which ``cancel()`` reaches meanwhile, or has reached before.
    func attached<T>(_ body: () async -> T) async -> T {
        withUnsafeCurrentTask { task in
            state.withLock { state in
                state.task = task.map(Reference.init)
                if state.isCancelled { task?.cancel() }
            }
        }
        let value = await body()
        state.withLock { $0.task = nil }
        return value
    }

    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            state.task?.task.cancel()
        }
    }
}
