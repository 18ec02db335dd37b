//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// Decides what an error thrown by a task comes to: a failure, a retry, or one of the quiet ends.
struct FailureHandling {
    let app: CeleryApp
    let request: TaskRequest
    let body: TaskBody
    let task: RegisteredTask
    let context: TaskContext

    func report(for error: any Error) async -> TaskReport {
        switch error {
        case is Ignore:
            return TaskReport(outcome: .ignored)
        case let reject as Reject:
            return TaskReport(outcome: .rejected(reason: reject.reason, requeue: reject.requeue))
        case let retry as Retry:
            return await self.retry(retry)
        case let replacement as Replacement:
            return await replace(with: replacement)
        case is CancellationError where context.control.cause != nil:
            guard let limit = interruption as? SoftTimeLimitExceeded else {
                return await failure(interruption ?? error)
            }
            // It is an error like those that a task throws, and may be one of those that are retried.
            return await thrown(limit)
        default: return await thrown(error)
        }
    }

    private func thrown(_ error: any Error) async -> TaskReport {
        guard task.options.retry.retries(error) else { return await failure(error) }
        let countdown = task.options.retry.countdown(retries: context.retries)
        return await retry(Retry(countdown: countdown, cause: error))
    }

    /// What a cancellation stands for.
    private var interruption: (any Error)? {
        switch context.control.cause {
        case .softTimeLimit(let limit): SoftTimeLimitExceeded(limit: limit)
        case .hardTimeLimit(let limit): InterruptedRun(.timeLimitExceeded(limit))
        case .terminated: InterruptedRun(.terminated)
        case .shutdown: InterruptedRun(.shutdown)
        case nil: nil
        }
    }

    func failure(_ error: any Error) async -> TaskReport {
        let exception = ExceptionInfo(describing: error)
        let failure = TaskFailure(
            exception: exception,
            traceback: Traceback.text(exception, error: error, request: request),
            isExpected: task.options.expectedErrors.contains { RetryPolicy.isKind(error, of: $0) }
        )
        // Who ended the run decides what it comes to; maybe another run.
        if error is InterruptedRun {
            var report = TaskReport(outcome: .failure(failure))
            report.interruption = context.control.cause
            return report
        }
        app.middleware.taskFailure(context, failure: failure)
        let followUps = await Continuations(app: app, message: request.message, body: body)
            .onFailure(failure, error: error)
        return TaskReport(outcome: .failure(failure), followUps: followUps.messages, chords: followUps.chords)
    }

    /// Nothing is stored of the task itself: what takes its place ends under its id.
    private func replace(with replacement: Replacement) async -> TaskReport {
        do {
            let continuations = Continuations(app: app, message: request.message, body: body)
            let plan = try continuations.replacing(with: try await cut(replacement, continuations))
            return TaskReport(outcome: .ignored, followUps: plan.messages, chords: plan.chords)
        } catch {
            return await failure(error)
        }
    }

    /// With the rest of its long chains stored, where that is wanted; whole when the result backend is away.
    private func cut(_ replacement: Replacement, _ continuations: Continuations) async throws -> Replacement {
        guard let limit = app.settings.taskChainInlineLimit, replacement.failure == nil, !replacement.isStandIn,
            EagerSession.current == nil
        else { return replacement }
        var cut = replacement
        let ids = continuations.origin(salt: "cut/\(request.message.headers.replacedTaskNesting)").makeID
        do {
            cut.node = try await app.sender.cutting(replacement.node, to: limit, ids).node
        } catch let error as CeleryError where error.code == .backendUnavailable {
            return replacement
        }
        return cut
    }

    private func retry(_ retry: Retry) async -> TaskReport {
        let limit = retry.maxRetries ?? task.options.retry.limit
        if let limit, context.retries >= limit {
            return await failure(retry.cause ?? MaxRetriesExceeded(task: task.name, id: context.id))
        }
        let now = Timestamp.now
        let wait = retry.countdown ?? task.options.retry.countdown(retries: context.retries)
        let eta = retry.eta ?? now.advanced(by: wait)
        let exception = ExceptionInfo(describing: retry.cause ?? Retry(countdown: wait))
        let failure = TaskFailure(
            exception: exception,
            traceback: Traceback.text(exception, error: retry.cause ?? retry, request: request)
        )
        let again: OutgoingMessage
        do {
            again = try retry.redirected(request.retried(at: eta, now: now), body: body, app: app)
        } catch {
            return await self.failure(error)
        }
        app.middleware.taskRetry(context, failure: failure)
        return TaskReport(outcome: .retry(failure), followUps: [again])
    }
}

/// A run that was ended from outside.
struct InterruptedRun: CeleryErrorConvertible {
    var exceptionInfo: ExceptionInfo
    init(_ info: ExceptionInfo) { exceptionInfo = info }
}

/// A task asked for more retries than its limit, without naming an error.
struct MaxRetriesExceeded: CeleryErrorConvertible {
    var task: String
    var id: String

    var exceptionInfo: ExceptionInfo {
        ExceptionInfo(
            type: "MaxRetriesExceededError",
            arguments: [.string("Can't retry \(task)[\(id)]: the limit of retries is reached")],
            module: "celery.exceptions"
        )
    }
}
