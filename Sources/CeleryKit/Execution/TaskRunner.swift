//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Instrumentation
import Tracing

/// Runs one task: decodes its arguments, calls it, and turns whatever comes of it into a report. Never throws.
///
/// Source: `celery/app/trace.py`.
public struct TaskRunner: Sendable {
    let app: CeleryApp

    public init(app: CeleryApp) { self.app = app }

    /// Runs the request in the current Swift task. `control` tells why a cancellation came.
    public func run(_ request: TaskRequest, control: RunControl) async -> TaskReport {
        if InstrumentationSystem.instrument is NoOpInstrument { return await runUntraced(request, control: control) }
        var parent = ServiceContext.topLevel
        InstrumentationSystem.instrument.extract(
            request.message.headers.custom,
            into: &parent,
            using: HeaderExtractor()
        )
        return await withSpan("execute", context: parent, ofKind: .consumer) { span in
            span.attributes["celery.task.name"] = request.message.headers.task
            span.attributes["celery.task.id"] = request.message.headers.id
            span.attributes["celery.queue"] = request.queue
            let report = await runUntraced(request, control: control)
            if case .failure(let failure) = report.outcome {
                span.setStatus(SpanStatus(code: .error, message: failure.exception.repr))
            }
            return report
        }
    }

    private func runUntraced(_ request: TaskRequest, control: RunControl) async -> TaskReport {
        let start = ContinuousClock.now
        let headers = request.message.headers
        guard let task = app.registeredTask(headers.task) else {
            return TaskReport(outcome: .failure(TaskFailure(exception: .notRegistered(headers.task))))
        }
        let body: TaskBody
        do {
            body = try app.codec.decodeBody(of: request.message)
        } catch {
            return TaskReport(outcome: .failure(.undecodable(error)))
        }
        let context = TaskContext(
            app: app,
            headers: headers,
            body: body,
            options: task.options,
            priority: request.message.properties.priority,
            hostname: request.hostname,
            queue: request.queue,
            redelivered: request.redelivered,
            attempt: request.attempt,
            isEager: EagerSession.current != nil,
            control: control
        )
        var report = await TaskContext.$current.withValue(context) {
            await attempt(task, body: body, context: context, request: request)
        }
        report.children = context.children
        report.runtime = ContinuousClock.now - start
        app.middleware.taskPostrun(context, outcome: report.outcome)
        return report
    }

    private func attempt(
        _ task: RegisteredTask,
        body: TaskBody,
        context: TaskContext,
        request: TaskRequest
    ) async -> TaskReport {
        app.middleware.taskPrerun(context)
        do {
            let reader = try ArgumentReader(
                task: task.name,
                parameters: task.parameters,
                count: task.count,
                body: body
            )
            let returned = try await task.call(reader, context)
            let followUps: CanvasPlan
            do {
                followUps = try Continuations(app: app, message: request.message, body: body)
                    .onSuccess(returned.value, context: context)
            } catch {
                // A failure, and no error of the task's own that could be retried.
                let report = await FailureHandling(app: app, request: request, body: body, task: task, context: context)
                    .failure(error)
                await returned.handlers?.failed(error)
                await returned.handlers?.returned(report.outcome)
                return report
            }
            await returned.handlers?.succeeded()
            app.middleware.taskSuccess(context, result: returned.value)
            let report = TaskReport(
                outcome: .success(returned.value, repr: returned.value.repr),
                followUps: followUps.messages,
                chords: followUps.chords
            )
            await returned.handlers?.returned(report.outcome)
            return report
        } catch {
            let handlers = (error as? HandledTaskError)?.handlers ?? task.handlers?(context)
            let error = (error as? HandledTaskError)?.error ?? error
            let report = await FailureHandling(app: app, request: request, body: body, task: task, context: context)
                .report(for: error)
            switch report.outcome {
            case .failure where report.interruption == nil:
                await handlers?.failed(error)
                await handlers?.returned(report.outcome)
            case .retry: await handlers?.retried(error)
            default: break
            }
            return report
        }
    }
}

extension EncodedValue {
    /// What the log shows of a result: Python's notation, shortened as Celery does (1024 characters).
    package var repr: String {
        guard let value = try? value() else { return "?" }
        let text = PythonRepr.describe(value)
        return text.utf8.count > 1024 ? String(text.prefix(1021)) + "..." : text
    }
}
