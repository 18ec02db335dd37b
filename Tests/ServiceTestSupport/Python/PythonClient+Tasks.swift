//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

extension PythonClient {
    /// How a task ended, as Python's `AsyncResult` tells it.
    package struct Outcome: Sendable, Equatable {
        package var state: String
        /// What it returned, or the meta of its state; nil for an exception.
        package var value: CeleryValue?
        /// The exception that Celery has rebuilt.
        package var exception: Exception?
        package var traceback: String?
    }

    /// An exception object in Python.
    package struct Exception: Sendable, Equatable {
        package var type: String
        package var module: String
        /// Names of its classes, its own first.
        package var bases: [String]
        package var arguments: [CeleryValue]
        package var text: String
    }

    /// Sends a task by name.
    ///
    /// - Parameter options: Those of `apply_async`, under their Python names.
    /// - Returns: Its id.
    package func send(
        _ name: String,
        _ args: [CeleryValue] = [],
        kwargs: CeleryObject = [:],
        options: CeleryObject = [:],
        typed: Bool = false
    ) async throws -> String {
        let answer = try await request(
            "send",
            [
                "name": .string(name), "args": .array(args), "kwargs": .object(kwargs), "options": .object(options),
                "typed": .bool(typed),
            ]
        )
        guard case .string(let id)? = answer["id"] else { throw ServiceError("no id: \(answer)") }
        return id
    }

    /// Waits for a task to end.
    ///
    /// - Throws: ``ServiceError`` when it does not in so many seconds.
    package func get(_ id: String, seconds: Int = 30) async throws -> Outcome {
        let answer = try await request(
            "get",
            ["id": .string(id), "timeout": .int(seconds)],
            within: .seconds(seconds + 30)
        )
        guard answer["timeout"] == nil else { throw ServiceError("no result of task \(id): \(answer)") }
        return Self.outcome(answer)
    }

    /// The state now.
    package func state(_ id: String) async throws -> Outcome {
        Self.outcome(try await request("state", ["id": .string(id)]))
    }

    /// Sends a task and waits for its end.
    package func call(
        _ name: String,
        _ args: [CeleryValue] = [],
        kwargs: CeleryObject = [:],
        options: CeleryObject = [:]
    ) async throws -> Outcome {
        try await get(try await send(name, args, kwargs: kwargs, options: options))
    }

    /// Deletes a stored result.
    package func forget(_ id: String) async throws { try await request("forget", ["id": .string(id)]) }

    private static func outcome(_ answer: CeleryObject) -> Outcome {
        Outcome(
            state: text(answer["state"]) ?? "",
            value: answer["value"],
            exception: exception(answer["exception"]),
            traceback: text(answer["traceback"])
        )
    }

    private static func exception(_ value: CeleryValue?) -> Exception? {
        guard case .object(let parts)? = value else { return nil }
        return Exception(
            type: text(parts["type"]) ?? "",
            module: text(parts["module"]) ?? "",
            bases: items(parts["bases"]).compactMap { text($0) },
            arguments: items(parts["args"]),
            text: text(parts["text"]) ?? ""
        )
    }

    private static func text(_ value: CeleryValue?) -> String? {
        if case .string(let text)? = value { text } else { nil }
    }

    private static func items(_ value: CeleryValue?) -> [CeleryValue] {
        if case .array(let items)? = value { items } else { [] }
    }
}
