//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What a task that returns nothing returns: null on the wire, Python's `None`.
public struct NoOutput: Codable, Sendable, Hashable {
    public init() {}

    /// Any result will do: a task that is said to return nothing may well return something elsewhere.
    public init(from decoder: any Decoder) throws {}

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encodeNil()
    }
}

extension CeleryApp {
    /// Registers a closure that returns nothing as a task.
    @discardableResult
    public func task<First: Codable & Sendable, each Rest: Codable & Sendable>(
        _ name: String,
        parameters: TaskParameter...,
        options: TaskOptions = TaskOptions(),
        _ body: @escaping @Sendable (First, repeat each Rest) async throws -> Void
    ) -> TaskHandle<First, repeat each Rest, NoOutput> {
        register(name, parameters, options) { (_: TaskContext, first: First, rest: repeat each Rest) in
            try await body(first, repeat each rest)
            return NoOutput()
        }
    }

    /// Registers a closure that returns nothing and wants to know about its run as a task.
    @discardableResult
    public func task<First: Codable & Sendable, each Rest: Codable & Sendable>(
        _ name: String,
        parameters: TaskParameter...,
        options: TaskOptions = TaskOptions(),
        _ body: @escaping @Sendable (TaskContext, First, repeat each Rest) async throws -> Void
    ) -> TaskHandle<First, repeat each Rest, NoOutput> {
        register(name, parameters, options) { (context: TaskContext, first: First, rest: repeat each Rest) in
            try await body(context, first, repeat each rest)
            return NoOutput()
        }
    }

    /// Registers a closure that neither takes nor returns anything as a task.
    @discardableResult
    public func task(
        _ name: String,
        options: TaskOptions = TaskOptions(),
        _ body: @escaping @Sendable () async throws -> Void
    ) -> NullaryTaskHandle<NoOutput> {
        register(name, options) { _ in
            try await body()
            return NoOutput()
        }
    }

    /// Registers a closure that only wants to know about its run, and returns nothing, as a task.
    @discardableResult
    public func task(
        _ name: String,
        options: TaskOptions = TaskOptions(),
        _ body: @escaping @Sendable (TaskContext) async throws -> Void
    ) -> NullaryTaskHandle<NoOutput> {
        register(name, options) { context in
            try await body(context)
            return NoOutput()
        }
    }
}
