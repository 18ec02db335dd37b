//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
public import CeleryWire

/// Everything that one run of a task needs, as handed to a pool.
public struct TaskRequest: Sendable {
    public var message: Message
    /// The queue it was taken from.
    public var queue: String
    public var redelivered: Bool
    /// 1 at the first hand-over; see `Delivery.attempt`.
    public var attempt: Int
    /// Name of the worker node: `celery@host`.
    public var hostname: String

    public init(message: Message, queue: String, redelivered: Bool = false, attempt: Int = 1, hostname: String) {
        self.message = message
        self.queue = queue
        self.redelivered = redelivered
        self.attempt = attempt
        self.hostname = hostname
    }
}

/// What came of one run: the outcome and everything that has to be published with it.
public struct TaskReport: Sendable {
    public var outcome: TaskOutcome
    /// Messages that must leave together with the outcome: callbacks, the next step, the retry.
    public var followUps: [OutgoingMessage]
    /// Chords that have to be known before the follow-ups are published.
    public var chords: [ChordStart]
    /// Result tuples of the tasks that were sent during the run.
    public var children: [CeleryValue]
    public var runtime: Duration
    /// Why the run was ended from outside, when that is what it failed with. Not between processes: a child is killed instead.
    package var interruption: RunControl.Cause?

    public init(
        outcome: TaskOutcome,
        followUps: [OutgoingMessage] = [],
        chords: [ChordStart] = [],
        children: [CeleryValue] = [],
        runtime: Duration = .zero
    ) {
        self.outcome = outcome
        self.followUps = followUps
        self.chords = chords
        self.children = children
        self.runtime = runtime
    }
}

/// How one run of a task ended.
public enum TaskOutcome: Sendable, Equatable {
    /// It returned. `repr` is what the log shows, in Python's notation.
    case success(EncodedValue, repr: String)
    case failure(TaskFailure)
    /// It asked to run again; the new message is among the follow-ups.
    case retry(TaskFailure)
    /// It threw `Ignore`: acknowledged, nothing stored.
    case ignored
    /// It threw `Reject`.
    case rejected(reason: String, requeue: Bool)
}

/// A failed run: what is stored, and how it is logged.
public struct TaskFailure: Sendable, Equatable {
    public var exception: ExceptionInfo
    public var traceback: String?
    /// Listed in the task's `throws`: logged at info without traceback.
    public var isExpected: Bool
    /// Nothing ran: no arguments could be made of the body. A task that throws on what another one failed with is none of these.
    package var isUndecodable = false

    public init(exception: ExceptionInfo, traceback: String? = nil, isExpected: Bool = false) {
        self.exception = exception
        self.traceback = traceback
        self.isExpected = isExpected
    }

    package static func undecodable(_ error: WireError) -> TaskFailure {
        var failure = TaskFailure(exception: .undecodable(error))
        failure.isUndecodable = true
        return failure
    }
}
