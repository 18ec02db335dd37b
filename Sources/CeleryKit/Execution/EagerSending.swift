//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension Workflow where Input: WorkflowStart {
    /// Runs all of it in this process, one task after the other, without a broker, and returns what it comes to. Countdowns and delays
    /// of retries are passed over.
    ///
    /// Tasks have to be registered here: others fail with `NotRegistered`. What they send by themselves is sent as usual.
    /// - Throws: ``CeleryError``: `.taskFailed`; `.encoding`; `.resultIgnored` when a task threw `Ignore` or `Reject`.
    public func run() async throws -> Output {
        if let failure { throw failure }
        let result: AsyncResult<Output> = try await app.sender.runEagerly(node)
        return try await result.get()
    }
}

extension GroupWorkflow where Input: WorkflowStart {
    /// Runs all of it in this process; see ``Workflow/run()``.
    public func run() async throws -> [Element] { try await workflow.run() }
}

extension Sender {
    /// Runs one task and all that follows it in this process.
    func runEagerly<Output: Codable & Sendable>(
        _ task: String,
        _ body: TaskBody,
        _ taskOptions: TaskOptions,
        _ options: SendOptions
    ) async throws -> AsyncResult<Output> {
        var plan = CanvasPlan()
        plan.messages = [try build(task: task, body: body, taskOptions: taskOptions, options: options)]
        let id = plan.messages[0].message.headers.id
        if options.addToParent { TaskContext.current?.addChild(id) }
        let session = EagerSession.current ?? EagerSession(app: app)
        try await session.run(plan, propagates: app.configuration.settings.taskEagerPropagates)
        return AsyncResult(id: id, app: app, taskName: task, isIgnored: false, eager: session.results)
    }

    /// Runs a workflow in this process.
    func runEagerly<Output: Codable & Sendable>(
        _ node: CanvasNode,
        options: SendOptions = SendOptions(),
        propagates: Bool = false
    ) async throws -> AsyncResult<Output> {
        var node = node
        if let id = options.taskID { node.last(is: id) }
        var origin = CanvasOrigin()
        origin.options = options
        origin.options.taskID = nil
        let (plan, result) = try CanvasSender(app: app, polls: false).plan(node, from: origin)
        if options.addToParent { for child in result.asChildren { TaskContext.current?.addChild(child) } }
        let session = EagerSession.current ?? EagerSession(app: app)
        try await session.run(plan, propagates: propagates)
        return AsyncResult(tree: result, app: app, eager: session.results)
    }
}
