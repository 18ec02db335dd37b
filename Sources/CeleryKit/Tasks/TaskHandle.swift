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

    /// The call as a value, to be sent later or joined with others.
    ///
    /// - Throws: ``CeleryError`` `.encoding` for an argument that has no form on the wire.
    public func signature(_ first: First, _ rest: repeat each Rest) throws -> TaskSignature<Output> {
        let arguments = try SendingErrors.encoding(name) {
            var arguments = [try EncodedValue(encoding: first)]
            for argument in repeat each rest { arguments.append(try EncodedValue(encoding: argument)) }
            return arguments
        }
        return TaskSignature(app: app, signature: Signature(task: name, arguments: arguments), defaults: options)
    }

    /// Short for ``signature(_:_:)``.
    public func s(_ first: First, _ rest: repeat each Rest) throws -> TaskSignature<Output> {
        try signature(first, repeat each rest)
    }

    /// An immutable call as a value: takes nothing from the step before it.
    public func si(_ first: First, _ rest: repeat each Rest) throws -> TaskSignature<Output> {
        var signature = try signature(first, repeat each rest)
        signature.signature.immutable = true
        return signature
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
        TaskSignature(app: app, signature: Signature(task: name), defaults: options)
    }

    /// Short for ``signature()``.
    public func s() -> TaskSignature<Output> { signature() }

    /// An immutable call as a value.
    public func si() -> TaskSignature<Output> {
        var signature = signature()
        signature.signature.immutable = true
        return signature
    }

    /// Runs the task in the current Swift task, without a broker.
    public func run() async throws -> Output { try await body(TaskContext.local(app: app, task: name)) }
}
