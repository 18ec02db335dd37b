//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension TaskHandle {
    /// Sets what is called around the task's runs in a worker, in its own process; those that are given replace former ones.
    ///
    /// - Parameters:
    ///   - beforeStart: Before the task, when its arguments have been read; an error here fails it.
    ///   - onSuccess: After it returned.
    ///   - onFailure: After it failed for good, also because of wrong arguments.
    ///   - onRetry: When it is going to be retried.
    ///   - afterReturn: Last, after success or failure; not after a retry, `Ignore` or `Reject`.
    @discardableResult
    public func handling(
        beforeStart: (@Sendable (TaskContext) async throws -> Void)? = nil,
        onSuccess: (@Sendable (Output, TaskContext) async -> Void)? = nil,
        onFailure: (@Sendable (any Error, TaskContext) async -> Void)? = nil,
        onRetry: (@Sendable (any Error, TaskContext) async -> Void)? = nil,
        afterReturn: (@Sendable (TaskOutcome, TaskContext) async -> Void)? = nil
    ) -> Self {
        handlers.set(
            TaskHandlers(
                beforeStart: beforeStart,
                onSuccess: onSuccess,
                onFailure: onFailure,
                onRetry: onRetry,
                afterReturn: afterReturn
            )
        )
        return self
    }
}

extension NullaryTaskHandle {
    /// As the method of ``TaskHandle``.
    @discardableResult
    public func handling(
        beforeStart: (@Sendable (TaskContext) async throws -> Void)? = nil,
        onSuccess: (@Sendable (Output, TaskContext) async -> Void)? = nil,
        onFailure: (@Sendable (any Error, TaskContext) async -> Void)? = nil,
        onRetry: (@Sendable (any Error, TaskContext) async -> Void)? = nil,
        afterReturn: (@Sendable (TaskOutcome, TaskContext) async -> Void)? = nil
    ) -> Self {
        handlers.set(
            TaskHandlers(
                beforeStart: beforeStart,
                onSuccess: onSuccess,
                onFailure: onFailure,
                onRetry: onRetry,
                afterReturn: afterReturn
            )
        )
        return self
    }
}
