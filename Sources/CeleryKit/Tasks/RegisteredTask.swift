//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// A task with its types erased: what the registry holds and the runner calls.
package final class RegisteredTask: Sendable {
    package let name: String
    package let options: TaskOptions
    /// Whether the options are final: annotations do not apply any more.
    let isSettled: Bool
    let parameters: [TaskParameter]
    /// How many positional arguments it takes; nil when only decoding tells (a struct).
    let count: Int?
    /// Decodes the arguments and calls the task.
    let call: @Sendable (ArgumentReader, TaskContext) async throws -> TaskReturn
    /// Of an errback: calls it with the task that failed, and the arguments behind that.
    let errback: Errback?
    /// Whom to tell of a run that failed before the task was called; nil of a struct, which there is none of then.
    let handlers: (@Sendable (TaskContext) -> (any RunHandlers)?)?

    typealias Errback = @Sendable (FailedTask, ArgumentReader) async throws -> Void

    init(
        name: String,
        options: TaskOptions,
        isSettled: Bool = false,
        parameters: [TaskParameter],
        count: Int?,
        errback: Errback? = nil,
        handlers: (@Sendable (TaskContext) -> (any RunHandlers)?)? = nil,
        call: @escaping @Sendable (ArgumentReader, TaskContext) async throws -> TaskReturn
    ) {
        self.name = name
        self.options = options
        self.isSettled = isSettled
        self.parameters = parameters
        self.count = count
        self.errback = errback
        self.handlers = handlers
        self.call = call
    }

    /// An attribute as `inspect registered` shows it, by Celery's name; nil of one that is not set or that does not exist.
    package func attribute(_ name: String) -> String? {
        switch name {
        case "exchange": options.exchange
        case "routing_key": options.routingKey
        case "queue": options.queue
        case "priority": options.priority.map { "\($0)" }
        case "serializer": options.serializer
        case "compression": options.compression
        case "rate_limit": options.rateLimit.flatMap { $0.isLimiting ? $0.description : nil }
        case "max_retries": options.retry.limit.map { "\($0)" }
        case "time_limit": options.timeLimit.map { "\($0.inSeconds)" }
        case "soft_time_limit": options.softTimeLimit.map { "\($0.inSeconds)" }
        case "acks_late": options.acksLate.map { $0 ? "True" : "False" }
        case "ignore_result": options.ignoreResult.map { $0 ? "True" : "False" }
        case "track_started": options.trackStarted.map { $0 ? "True" : "False" }
        case "name": self.name
        default: nil
        }
    }

    /// The same task with other options.
    func with(_ options: TaskOptions, isSettled: Bool = false) -> RegisteredTask {
        RegisteredTask(
            name: name,
            options: options,
            isSettled: isSettled,
            parameters: parameters,
            count: count,
            errback: errback,
            handlers: handlers,
            call: call
        )
    }
}

/// A returned value in encoded form, with what is to be told once the outcome is decided.
struct TaskReturn: Sendable {
    var value: EncodedValue
    var handlers: (any RunHandlers)?
}

/// A failure of a task with handlers.
struct HandledTaskError: Error {
    var error: any Error
    var handlers: any RunHandlers
}

extension RegisteredTask {
    /// Erases a task struct.
    static func of<T: CeleryTask>(_ type: T.Type) -> RegisteredTask {
        RegisteredTask(name: T.name, options: T.options, parameters: T.defaults, count: nil) { reader, context in
            let task = try T(from: StructArgumentsDecoder(reader: reader))
            try reader.finish()
            do {
                try await task.beforeStart(in: context)
                let output = try await task.run(in: context)
                let value = try TaskReturnEncoding.encode(output)
                return TaskReturn(value: value, handlers: StructRun(task: task, context: context, output: output))
            } catch {
                throw HandledTaskError(error: error, handlers: StructRun(task: task, context: context))
            }
        }
    }
}

/// Encodes what tasks return.
enum TaskReturnEncoding {
    /// `Void` is null, as Python's None.
    static func encode<Output: Encodable>(_ output: Output) throws -> EncodedValue {
        do {
            return try EncodedValue(encoding: output)
        } catch {
            throw UnencodableResult(type: "\(Output.self)", reason: error.message)
        }
    }
}

/// A task returned what has no form on the wire; stored as kombu's `EncodeError`.
struct UnencodableResult: CeleryErrorConvertible {
    var type: String
    var reason: String

    var exceptionInfo: ExceptionInfo {
        ExceptionInfo(
            type: "EncodeError",
            arguments: [.string("the result of type \(type) has no form on the wire: \(reason)")],
            module: "kombu.exceptions"
        )
    }
}
