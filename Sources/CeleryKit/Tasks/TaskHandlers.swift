//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

/// What is called around the runs of a closure task; see ``TaskHandle/handling(beforeStart:onSuccess:onFailure:onRetry:afterReturn:)``.
struct TaskHandlers<Output: Codable & Sendable>: Sendable {
    typealias Failure = @Sendable (any Error, TaskContext) async -> Void

    var beforeStart: (@Sendable (TaskContext) async throws -> Void)?
    var onSuccess: (@Sendable (Output, TaskContext) async -> Void)?
    var onFailure: Failure?
    var onRetry: Failure?
    var afterReturn: (@Sendable (TaskOutcome, TaskContext) async -> Void)?
}

/// The handlers of one task, which may be set after it was registered.
final class TaskHandlerBox<Output: Codable & Sendable>: Sendable {
    private let handlers = Mutex<TaskHandlers<Output>?>(nil)

    /// Replaces those that are given.
    func set(_ new: TaskHandlers<Output>) {
        handlers.withLock { handlers in
            var merged = handlers ?? TaskHandlers()
            merged.beforeStart = new.beforeStart ?? merged.beforeStart
            merged.onSuccess = new.onSuccess ?? merged.onSuccess
            merged.onFailure = new.onFailure ?? merged.onFailure
            merged.onRetry = new.onRetry ?? merged.onRetry
            merged.afterReturn = new.afterReturn ?? merged.afterReturn
            handlers = merged
        }
    }

    /// What a run that did not come to the task's own code has to tell; nil when nobody wants to know.
    func run(_ context: TaskContext) -> (any RunHandlers)? {
        handlers.withLock { $0 }.map { HandledRun(handlers: $0, context: context) }
    }

    /// Runs the body, and says what is left to be called when the outcome is known. The body reads the arguments, and then calls
    /// what it is given before it calls the task.
    func run(
        _ context: TaskContext,
        _ body: (_ start: () async throws -> Void) async throws -> Output
    ) async throws -> TaskReturn {
        guard let handlers = handlers.withLock({ $0 }) else {
            return TaskReturn(value: try TaskReturnEncoding.encode(try await body({})))
        }
        do {
            let output = try await body { try await handlers.beforeStart?(context) }
            let value = try TaskReturnEncoding.encode(output)
            return TaskReturn(value: value, handlers: HandledRun(handlers: handlers, context: context, output: output))
        } catch {
            throw HandledTaskError(error: error, handlers: HandledRun(handlers: handlers, context: context))
        }
    }
}

/// A run of a task with handlers, to be told what has come of it.
protocol RunHandlers: Sendable {
    func succeeded() async
    func failed(_ error: any Error) async
    func retried(_ error: any Error) async
    /// After one of the two ends; not after a retry.
    func returned(_ outcome: TaskOutcome) async
}

/// A run of a closure task.
private struct HandledRun<Output: Codable & Sendable>: RunHandlers {
    let handlers: TaskHandlers<Output>
    let context: TaskContext
    var output: Output?

    func succeeded() async {
        if let output { await handlers.onSuccess?(output, context) }
    }
    func failed(_ error: any Error) async { await handlers.onFailure?(error, context) }
    func retried(_ error: any Error) async { await handlers.onRetry?(error, context) }
    func returned(_ outcome: TaskOutcome) async { await handlers.afterReturn?(outcome, context) }
}

/// A run of a task struct.
struct StructRun<T: CeleryTask>: RunHandlers {
    let task: T
    let context: TaskContext
    var output: T.Output?

    func succeeded() async {
        if let output { await task.onSuccess(output, in: context) }
    }
    func failed(_ error: any Error) async { await task.onFailure(error, in: context) }
    func retried(_ error: any Error) async { await task.onRetry(error, in: context) }
    func returned(_ outcome: TaskOutcome) async { await task.afterReturn(outcome, in: context) }
}
