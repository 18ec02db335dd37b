//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

extension CeleryApp {
    /// Registers a closure as a task under its name on the wire.
    ///
    /// With names for the closure's parameters callers may pass them by keyword, and leave out those with a default;
    /// without names only positional arguments are taken.
    @discardableResult
    public func task<First: Codable & Sendable, each Rest: Codable & Sendable, Output: Codable & Sendable>(
        _ name: String,
        parameters: TaskParameter...,
        options: TaskOptions = TaskOptions(),
        _ body: @escaping @Sendable (First, repeat each Rest) async throws -> Output
    ) -> TaskHandle<First, repeat each Rest, Output> {
        register(name, parameters, options) { (_: TaskContext, first: First, rest: repeat each Rest) in
            try await body(first, repeat each rest)
        }
    }

    /// Registers a closure that wants to know about its run as a task.
    @discardableResult
    public func task<First: Codable & Sendable, each Rest: Codable & Sendable, Output: Codable & Sendable>(
        _ name: String,
        parameters: TaskParameter...,
        options: TaskOptions = TaskOptions(),
        _ body: @escaping @Sendable (TaskContext, First, repeat each Rest) async throws -> Output
    ) -> TaskHandle<First, repeat each Rest, Output> {
        register(name, parameters, options, body)
    }

    /// Registers a closure without parameters as a task.
    @discardableResult
    public func task<Output: Codable & Sendable>(
        _ name: String,
        options: TaskOptions = TaskOptions(),
        _ body: @escaping @Sendable () async throws -> Output
    ) -> NullaryTaskHandle<Output> {
        register(name, options) { _ in try await body() }
    }

    /// Registers a closure that only wants to know about its run as a task.
    @discardableResult
    public func task<Output: Codable & Sendable>(
        _ name: String,
        options: TaskOptions = TaskOptions(),
        _ body: @escaping @Sendable (TaskContext) async throws -> Output
    ) -> NullaryTaskHandle<Output> {
        register(name, options, body)
    }

    /// Registers a task struct.
    public func register<T: CeleryTask>(_ type: T.Type) { tasks.register(.of(type)) }

    func register<First: Codable & Sendable, each Rest: Codable & Sendable, Output: Codable & Sendable>(
        _ name: String,
        _ parameters: [TaskParameter],
        _ options: TaskOptions,
        _ body: @escaping @Sendable (TaskContext, First, repeat each Rest) async throws -> Output
    ) -> TaskHandle<First, repeat each Rest, Output> {
        var count = 1
        for _ in repeat (each Rest).self { count += 1 }
        let handlers = TaskHandlerBox<Output>()
        tasks.register(
            RegisteredTask(
                name: name,
                options: options,
                parameters: parameters,
                count: count,
                handlers: { handlers.run($0) }
            ) { reader, context in
                try await handlers.run(context) { start in
                    let first = try reader.next(First.self)
                    let rest = (repeat try reader.next((each Rest).self))
                    try reader.finish()
                    try await start()
                    return try await body(context, first, repeat each rest)
                }
            }
        )
        return TaskHandle(app: self, name: name, options: options, body: body, handlers: handlers)
    }

    func register<Output: Codable & Sendable>(
        _ name: String,
        _ options: TaskOptions,
        _ body: @escaping @Sendable (TaskContext) async throws -> Output
    ) -> NullaryTaskHandle<Output> {
        let handlers = TaskHandlerBox<Output>()
        tasks.register(
            RegisteredTask(
                name: name,
                options: options,
                parameters: [],
                count: 0,
                handlers: { handlers.run($0) }
            ) { reader, context in
                try await handlers.run(context) { start in
                    try reader.finish()
                    try await start()
                    return try await body(context)
                }
            }
        )
        return NullaryTaskHandle(app: self, name: name, options: options, body: body, handlers: handlers)
    }
}
