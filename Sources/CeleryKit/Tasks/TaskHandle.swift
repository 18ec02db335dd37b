//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// A registered closure task with at least one parameter: sends it, or runs it here.
///
/// Not callable like a function: a call that looks local must be local (``run(_:_:)``).
public struct TaskHandle<First: Codable & Sendable, each Rest: Codable & Sendable, Output: Codable & Sendable>: Sendable
{
    /// The app that it is registered with.
    public let app: CeleryApp
    /// The name on the wire.
    public let name: String
    /// What is fixed about the task.
    public let options: TaskOptions
    let body: @Sendable (TaskContext, First, repeat each Rest) async throws -> Output
    let handlers: TaskHandlerBox<Output>

    /// Sends the task with its own options.
    ///
    /// - Throws: ``CeleryError``: `.brokerUnavailable` within `broker_timeout`, `.encoding`, `.queueNotFound`.
    @discardableResult
    public func delay(_ first: First, _ rest: repeat each Rest) async throws -> AsyncResult<Output> {
        try await signature(first, repeat each rest).delay()
    }

    /// Sends the task with options for this sending.
    @discardableResult
    public func applyAsync(
        _ first: First,
        _ rest: repeat each Rest,
        options: SendOptions
    ) async throws -> AsyncResult<Output> {
        try await signature(first, repeat each rest).applyAsync(options)
    }

    /// The call as a value, to be sent later or joined with others. An argument that has no form on the wire is reported when it
    /// is sent.
    public func signature(_ first: First, _ rest: repeat each Rest) -> TaskSignature<Output> {
        call { () throws(WireError) in
            var arguments = [try EncodedValue(encoding: first)]
            for argument in repeat each rest { arguments.append(try EncodedValue(encoding: argument)) }
            return arguments
        }
    }

    /// Short for ``signature(_:_:)``.
    public func s(_ first: First, _ rest: repeat each Rest) -> TaskSignature<Output> {
        signature(first, repeat each rest)
    }

    /// The call without its first argument, which is what the step before it returned.
    public func s(_ rest: repeat each Rest) -> Workflow<First, Output> {
        call { () throws(WireError) in
            var arguments: [EncodedValue] = []
            for argument in repeat each rest { arguments.append(try EncodedValue(encoding: argument)) }
            return arguments
        }
    }

    /// An immutable call as a value: takes nothing from the step before it.
    public func si(_ first: First, _ rest: repeat each Rest) -> Workflow<Independent, Output> {
        var node = signature(first, repeat each rest).node
        node.signature.immutable = true
        return Workflow(app: app, node: node, failure: signature(first, repeat each rest).failure)
    }

    /// One task that calls this one with each of the items in turn, and returns the array of what it returned.
    public func map(_ items: [First]) -> Workflow<Independent, [Output]> {
        mapping("celery.map") { () throws(WireError) in
            var values: [CeleryValue] = []
            for item in items { values.append(try EncodedValue(encoding: item).value()) }
            return values
        }
    }

    /// One task that makes these calls of this task in turn, and returns the array of what they returned:
    /// `add.starmap(pairs.map { add.s($0, $1) })`.
    public func starmap(_ calls: [TaskSignature<Output>]) -> Workflow<Independent, [Output]> {
        mapping("celery.starmap") { () throws(WireError) in
            var values: [CeleryValue] = []
            for call in calls {
                var arguments: [CeleryValue] = []
                for argument in call.node.signature.arguments { arguments.append(try argument.value()) }
                values.append(.array(arguments))
            }
            return values
        }
    }

    /// A group of tasks that make so many of these calls each.
    public func chunks(_ calls: [TaskSignature<Output>], of size: Int) -> GroupWorkflow<Independent, [Output]> {
        let size = max(1, size)
        let parts = stride(from: 0, to: calls.count, by: size)
            .map { starmap(Array(calls[$0..<min($0 + size, calls.count)])) }
        return parts.isEmpty ? GroupWorkflow(Workflow(app: app, node: .group([]))) : group(parts)
    }

    private func mapping(
        _ task: String,
        _ items: () throws(WireError) -> [CeleryValue]
    ) -> Workflow<Independent, [Output]> {
        do throws(WireError) {
            let signature = Signature(
                task: task,
                keywords: [
                    TaskBody.Keyword("task", EncodedValue(try Signature(task: name).value())),
                    TaskBody.Keyword("it", EncodedValue(.array(try items()))),
                ],
                options: options.queue.map { ["queue": .string($0)] } ?? [:],
                immutable: true
            )
            return Workflow(app: app, node: CanvasNode(call: signature))
        } catch {
            return Workflow(
                app: app,
                node: CanvasNode(call: Signature(task: task)),
                failure: SendingErrors.encoding(error, task: name)
            )
        }
    }

    private func call<Input>(_ arguments: () throws(WireError) -> [EncodedValue]) -> Workflow<Input, Output> {
        do throws(WireError) {
            let signature = Signature(task: name, arguments: try arguments())
            return Workflow(app: app, node: CanvasNode(call: signature))
        } catch {
            let failure = SendingErrors.encoding(error, task: name)
            return Workflow(app: app, node: CanvasNode(call: Signature(task: name)), failure: failure)
        }
    }

    /// Runs the task in the current Swift task, without a broker.
    public func run(_ first: First, _ rest: repeat each Rest) async throws -> Output {
        try await body(TaskContext.local(app: app, task: name), first, repeat each rest)
    }
}

/// A registered closure task without parameters.
public struct NullaryTaskHandle<Output: Codable & Sendable>: Sendable {
    /// The app that it is registered with.
    public let app: CeleryApp
    /// The name on the wire.
    public let name: String
    /// What is fixed about the task.
    public let options: TaskOptions
    let body: @Sendable (TaskContext) async throws -> Output
    let handlers: TaskHandlerBox<Output>

    /// Sends the task with its own options.
    @discardableResult
    public func delay() async throws -> AsyncResult<Output> { try await signature().delay() }

    /// Sends the task with options for this sending.
    @discardableResult
    public func applyAsync(options: SendOptions) async throws -> AsyncResult<Output> {
        try await signature().applyAsync(options)
    }

    /// The call as a value.
    public func signature() -> TaskSignature<Output> {
        TaskSignature(app: app, node: CanvasNode(call: Signature(task: name)))
    }

    /// Short for ``signature()``.
    public func s() -> TaskSignature<Output> { signature() }

    /// An immutable call as a value.
    public func si() -> Workflow<Independent, Output> {
        var node = signature().node
        node.signature.immutable = true
        return Workflow(app: app, node: node)
    }

    /// Runs the task in the current Swift task, without a broker.
    public func run() async throws -> Output { try await body(TaskContext.local(app: app, task: name)) }
}
