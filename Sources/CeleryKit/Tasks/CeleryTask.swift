//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// A task as a struct: its properties are the parameters, in declaration order.
///
/// On the wire the properties go positionally; a caller may also pass them by keyword, as spelled or in snake_case
/// (`order_id` for `orderID`). One that is missing is nil when Optional, or takes its default of ``defaults``.
public protocol CeleryTask: Codable, Sendable {
    associatedtype Output: Codable & Sendable

    /// The name on the wire.
    static var name: String { get }
    static var options: TaskOptions { get }
    /// Default values of parameters by property name, for callers that leave them out.
    static var defaults: [TaskParameter] { get }

    func run(in context: TaskContext) async throws -> Output

    /// Called before `run`. An error here fails the task.
    func beforeStart(in context: TaskContext) async throws
    /// Called after the task returned.
    func onSuccess(_ output: Output, in context: TaskContext) async
    /// Called after the task failed for good.
    func onFailure(_ error: any Error, in context: TaskContext) async
    /// Called when the task is going to be retried.
    func onRetry(_ error: any Error, in context: TaskContext) async
    /// Called last, after ``onSuccess(_:in:)`` or ``onFailure(_:in:)``; not after a retry, `Ignore` or `Reject`.
    func afterReturn(_ outcome: TaskOutcome, in context: TaskContext) async
}

extension CeleryTask {
    public static var options: TaskOptions { TaskOptions() }
    public static var defaults: [TaskParameter] { [] }
    public func beforeStart(in context: TaskContext) async throws {}
    public func onSuccess(_ output: Output, in context: TaskContext) async {}
    public func onFailure(_ error: any Error, in context: TaskContext) async {}
    public func onRetry(_ error: any Error, in context: TaskContext) async {}
    public func afterReturn(_ outcome: TaskOutcome, in context: TaskContext) async {}

    /// Sends the task with its own options.
    ///
    /// - Throws: ``CeleryError``: `.brokerUnavailable` within `broker_timeout`, `.encoding`, `.queueNotFound`.
    @discardableResult
    public func delay(on app: CeleryApp) async throws -> AsyncResult<Output> {
        try await signature(on: app).delay()
    }

    /// The call as a value. A property that has no form on the wire is reported when it is sent.
    public func signature(on app: CeleryApp) -> TaskSignature<Output> {
        do {
            let arguments = try SendingErrors.encoding(Self.name) { try StructArgumentsEncoder.arguments(of: self) }
            return TaskSignature(app: app, node: CanvasNode(call: Signature(task: Self.name, arguments: arguments)))
        } catch {
            let failure =
                error as? CeleryError
                ?? CeleryError(.encoding, "\(Self.name): \(error)", taskName: Self.name, cause: error)
            return TaskSignature(app: app, node: CanvasNode(call: Signature(task: Self.name)), failure: failure)
        }
    }

    /// An immutable call as a value: takes nothing from the step before it.
    public func si(on app: CeleryApp) -> Workflow<Independent, Output> {
        let complete = signature(on: app)
        var node = complete.node
        node.signature.immutable = true
        return Workflow(app: app, node: node, failure: complete.failure)
    }

    /// Sends the task with options for this sending.
    @discardableResult
    public func applyAsync(on app: CeleryApp, options: SendOptions) async throws -> AsyncResult<Output> {
        try await signature(on: app).applyAsync(options)
    }

    /// Sends the task, not to be started before `countdown` has passed.
    @discardableResult
    public func applyAsync(
        on app: CeleryApp,
        countdown: Duration? = nil,
        expires: Duration? = nil,
        queue: String? = nil,
        priority: Int? = nil
    ) async throws -> AsyncResult<Output> {
        try await applyAsync(
            on: app,
            options: SendOptions(countdown: countdown, expires: expires, queue: queue, priority: priority)
        )
    }
}
