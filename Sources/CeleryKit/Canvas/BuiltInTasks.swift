//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// The tasks that every Celery worker has, under Celery's names; and `celery.chain_rest`, which is ours.
///
/// Source: `celery/app/builtins.py`.
enum BuiltInTasks {
    static let all: [String: RegisteredTask] = Dictionary(
        uniqueKeysWithValues: [
            make("celery.map") { body, context in try await map(body, context) { [$0] } },
            make("celery.starmap") { body, context in
                try await map(body, context) { item throws(ArgumentError) in
                    guard case .array(let arguments)? = try? item.value() else {
                        throw ArgumentError("celery.starmap() needs a list of lists of arguments")
                    }
                    return arguments.map { EncodedValue($0) }
                }
            },
            make("celery.accumulate") { body, _ in
                if let index: Int = try body.keyword("index") {
                    guard body.arguments.indices.contains(index) else {
                        throw ArgumentError("celery.accumulate() was given no argument number \(index)")
                    }
                    return body.arguments[index]
                }
                return try EncodedValue(array: body.arguments)
            },
            make("celery.backend_cleanup") { _, context in
                _ = try await context.app.resultBackend().removeExpired()
                return .null
            },
            make(CanvasNode.Name.group) { body, context in
                try await workflow(body, ["tasks", "result", "group_id", "partial_args"], context)
            },
            make(CanvasNode.Name.chord) { body, context in
                try await workflow(body, ["header", "body", "partial_args"], context)
            },
            make("celery.chunks") { body, context in try await chunks(body, context) },
            make("celery.chain") { _, _ in
                throw ArgumentError("celery.chain() is not a real task: its steps are sent one by one")
            },
            make(ChainRest.taskName, options: TaskOptions(acksLate: true)) { body, context in
                throw try await ChainRest.replacement(for: body, context)
            },
            // Whoever dies over it must not take the chord with it.
            make(ChordUnlock.taskName, options: TaskOptions(acksLate: true, rejectOnWorkerLost: true)) {
                body,
                context in
                try await ChordUnlock(body, context).run()
            },
        ]
        .map { ($0.name, $0) }
    )

    private static func make(
        _ name: String,
        options: TaskOptions = TaskOptions(),
        _ body: @escaping @Sendable (TaskBody, TaskContext) async throws -> EncodedValue
    ) -> RegisteredTask {
        RegisteredTask(name: name, options: options, parameters: [], count: nil) { reader, context in
            TaskReturn(value: try await body(reader.rest(), context))
        }
    }

    /// Calls the task of `task` with each of `it` in turn.
    private static func map(
        _ body: TaskBody,
        _ context: TaskContext,
        _ arguments: (EncodedValue) throws(ArgumentError) -> [EncodedValue]
    ) async throws -> EncodedValue {
        let body = try body.named(["task", "it"], of: context.task)
        let signature: CeleryValue = try body.required("task", of: context.task)
        let items: [EncodedValue] = try body.required("it", of: context.task)
        let name = try Signature(signature).task
        guard let task = context.app.registeredTask(name) else {
            throw InterruptedRun(.notRegistered(name))
        }
        var results: [EncodedValue] = []
        for item in items {
            let reader = try ArgumentReader(
                task: name,
                parameters: task.parameters,
                count: task.count,
                body: TaskBody(arguments: try arguments(item))
            )
            results.append(try await task.call(reader, context).value)
        }
        return try EncodedValue(array: results)
    }

    /// Sends a group or chord that was itself sent as a task.
    private static func workflow(
        _ body: TaskBody,
        _ parameters: [String],
        _ context: TaskContext
    ) async throws -> EncodedValue {
        let body = try body.named(parameters, of: context.task)
        let type = String(context.task.dropFirst("celery.".count))
        var node = try CanvasNode(Signature(task: context.task, keywords: body.keywords, subtaskType: type))
        if let id: String = try body.keyword("group_id") { node.id = id }
        let partial: [EncodedValue]? = try body.keyword("partial_args")
        node.take(partial ?? [])
        let result: AsyncResult<CeleryValue> = try await context.app.sender.send(node, options: SendOptions())
        return EncodedValue(result.tree?.tuple ?? .null)
    }

    private static func chunks(_ body: TaskBody, _ context: TaskContext) async throws -> EncodedValue {
        let body = try body.named(["task", "it", "n"], of: context.task)
        let signature: CeleryValue = try body.required("task", of: context.task)
        let items: [CeleryValue] = try body.required("it", of: context.task)
        let size = max(1, try body.required("n", of: context.task) as Int)
        let members = stride(from: 0, to: items.count, by: size)
            .map { first in
                let part = items[first..<min(first + size, items.count)]
                return CanvasNode(
                    call: Signature(
                        task: "celery.starmap",
                        keywords: [
                            TaskBody.Keyword("task", EncodedValue(signature)),
                            TaskBody.Keyword("it", EncodedValue(.array(Array(part)))),
                        ]
                    )
                )
            }
        let result: AsyncResult<CeleryValue> = try await context.app.sender.send(
            .group(members),
            options: SendOptions()
        )
        return EncodedValue(result.tree?.tuple ?? .null)
    }
}

extension TaskBody {
    /// Of `celery.map` and `celery.starmap`: the task that they call, by whose name they are routed.
    func nameInside(_ task: String) -> String? {
        guard task == "celery.map" || task == "celery.starmap",
            case .object(let signature)? = try? keywords.first(where: { $0.name == "task" })?.value.value()
        else { return nil }
        return signature["task"]?.text
    }

    /// The same with what was given by position under the names of the parameters.
    func named(_ parameters: [String], of task: String) throws(ArgumentError) -> TaskBody {
        guard arguments.count <= parameters.count else {
            throw ArgumentError("\(task)() takes \(parameters.count) arguments but \(arguments.count) were given")
        }
        var named = self
        named.arguments = []
        for (name, value) in zip(parameters, arguments) {
            guard !keywords.contains(where: { $0.name == name }) else {
                throw ArgumentError("\(task)() got multiple values for argument '\(name)'")
            }
            named.keywords.append(TaskBody.Keyword(name, value))
        }
        return named
    }

    /// A keyword argument; nil when it was not given, or is null.
    func keyword<Value: Decodable>(_ name: String) throws -> Value? {
        try keywords.first { $0.name == name }?.value.decode(as: Value?.self)
    }

    func required<Value: Decodable>(_ name: String, of task: String) throws -> Value {
        guard let value: Value = try keyword(name) else {
            throw ArgumentError("\(task)() missing 1 required argument: '\(name)'")
        }
        return value
    }
}
