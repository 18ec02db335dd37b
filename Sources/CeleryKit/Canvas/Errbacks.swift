//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Logging

/// A registered errback: a task that is given the task that failed.
public struct ErrbackHandle<each Argument: Codable & Sendable>: Sendable {
    /// The app that it is registered with.
    public let app: CeleryApp
    /// The name on the wire.
    public let name: String

    /// The errback as a value, for `linkError` and `onError`, with the arguments that follow the failed task.
    public func s(_ arguments: repeat each Argument) -> Workflow<FailedTask, NoOutput> {
        do throws(WireError) {
            var encoded: [EncodedValue] = []
            for argument in repeat each arguments { encoded.append(try EncodedValue(encoding: argument)) }
            return Workflow(app: app, node: CanvasNode(call: Signature(task: name, arguments: encoded)))
        } catch {
            let failure = SendingErrors.encoding(error, task: name)
            return Workflow(app: app, node: CanvasNode(call: Signature(task: name)), failure: failure)
        }
    }
}

extension CeleryApp {
    /// Registers an errback: it is told which task failed, and how.
    ///
    /// A worker that has it registered calls it where the task failed, before the failure is stored; an error that it throws is
    /// logged. Everybody else sends it as a task with the failed task's id, and so does this worker for a task whose process died
    /// and for the body of a chord whose header failed: then what is stored of that task is looked up, and waited for as long as
    /// `broker_timeout`. It may be called twice for one failure when a worker dies over it.
    ///
    /// Source: `celery/backends/base.py`: errbacks that take `(request, exc, traceback)`.
    @discardableResult
    public func errback<each Argument: Codable & Sendable>(
        _ name: String,
        parameters: TaskParameter...,
        options: TaskOptions = TaskOptions(),
        _ body: @escaping @Sendable (FailedTask, repeat each Argument) async throws -> Void
    ) -> ErrbackHandle<repeat each Argument> {
        let all = [TaskParameter("request")] + parameters
        let call: RegisteredTask.Errback = { failed, reader in
            let arguments = (repeat try reader.next((each Argument).self))
            try reader.finish()
            try await body(failed, repeat each arguments)
        }
        tasks.register(
            RegisteredTask(name: name, options: options, parameters: all, count: nil, errback: call) {
                reader,
                context in
                let id = try reader.next(String.self)
                let backend = try await context.app.resultBackend()
                let meta = try await backend.wait(for: id, timeout: context.app.settings.brokerTimeout)
                try await call(FailedTask(id: id, meta), reader)
                return TaskReturn(value: .null)
            }
        )
        return ErrbackHandle(app: self, name: name)
    }
}

extension Continuations {
    /// Errbacks of a task that has failed in this process.
    func onFailure(_ failure: TaskFailure, error: any Error) async -> CanvasPlan {
        await call(body.embed.errbacks, with: FailedTask(message.headers, failure, error: error))
    }

    /// Calls the errbacks that are registered here as such, one after the other, and returns the messages for the others.
    func call(_ errbacks: [Signature], with failed: FailedTask) async -> CanvasPlan {
        var others: [Signature] = []
        for errback in errbacks {
            guard let task = app.registeredTask(errback.task), let call = task.errback else {
                others.append(errback)
                continue
            }
            // Not a child of the Swift task, which a time limit may have cancelled: that is what the errback is told of. The pool
            // waits for it as it waits for the task itself.
            let run = Task { () async throws -> Void in
                try await call(failed, try task.errbackArguments(of: errback))
            }
            do {
                try await run.value
            } catch {
                app.logger.error(
                    "errback failed",
                    metadata: [
                        "celery.task.id": "\(failed.id)", "celery.task.name": "\(errback.task)",
                        "error": "\(error)",
                    ]
                )
            }
        }
        return self.errbacks(others, of: failed.id)
    }
}

extension RegisteredTask {
    /// What an errback takes behind the failed task.
    fileprivate func errbackArguments(of signature: Signature) throws(ArgumentError) -> ArgumentReader {
        try ArgumentReader(
            task: name,
            parameters: Array(parameters.dropFirst()),
            count: nil,
            body: TaskBody(arguments: signature.arguments, keywords: signature.keywords)
        )
    }
}
