//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// Thrown by a task to be run again; made by `TaskContext.retry(…)`.
public struct Retry: Error, Sendable {
    /// How long to wait; nil is the task's own delay.
    public var countdown: Duration?
    /// When to run again, instead of a countdown.
    public var eta: Timestamp?
    /// Retries after which `cause` (or `MaxRetriesExceededError`) stands; nil is the task's own limit.
    public var maxRetries: Int?
    /// Why: shown in the stored RETRY state, and thrown when the limit is reached.
    public var cause: (any Error)?
    /// Where the task goes; nil is the queue that it came from.
    public var queue: String?
    /// 0–9; nil is the message's own.
    public var priority: Int?
    /// The arguments of the next run; nil are those of this one.
    var call: RetriedCall?

    public init(
        countdown: Duration? = nil,
        eta: Timestamp? = nil,
        maxRetries: Int? = nil,
        cause: (any Error)? = nil,
        queue: String? = nil,
        priority: Int? = nil
    ) {
        self.countdown = countdown
        self.eta = eta
        self.maxRetries = maxRetries
        self.cause = cause
        self.queue = queue
        self.priority = priority
    }

    /// The same with other arguments for the next run: a call of the task itself, of which only the arguments count.
    ///
    /// `throw context.retry(because: error).calling(fetch.s(url, page + 1))`
    public func calling<Input: WorkflowStart, Output>(_ call: Workflow<Input, Output>) -> Retry {
        var copy = self
        copy.call = RetriedCall(node: call.node, failure: call.failure)
        return copy
    }
}

/// Thrown by a task to end without a result: acknowledged, nothing stored.
public struct Ignore: Error, Sendable {
    public init() {}
}

/// Thrown by a task to reject its message: to the dead letters, or back to the queue.
///
/// Effective on the broker only with `acksLate`, as in Celery.
public struct Reject: Error, Sendable {
    public var reason: String
    public var requeue: Bool

    public init(_ reason: String, requeue: Bool = false) {
        self.reason = reason
        self.requeue = requeue
    }
}

/// The soft time limit of the running task has passed. Thrown by ``TaskContext/checkLimits()``.
public struct SoftTimeLimitExceeded: Error, Sendable, Hashable {
    /// The limit in seconds.
    public var limit: Double
    public init(limit: Double) { self.limit = limit }
}

/// An error with a say in how Python sees it.
///
/// Without it an error is stored under its Swift type name and module, with its description as the only argument.
public protocol CeleryErrorConvertible: Error {
    /// Class name, constructor arguments and module as Python should rebuild them.
    var exceptionInfo: ExceptionInfo { get }
}
