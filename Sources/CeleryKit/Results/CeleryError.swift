//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// An error of sending a task or of reading its result.
public struct CeleryError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, in kind.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        enum Kind: String {
            case taskFailed, taskRevoked, timedOut, brokerUnavailable, backendUnavailable, misconfigured
            case encoding, decoding, queueNotFound, notRegistered, resultIgnored, incompleteStream
        }

        let kind: Kind

        /// The task ran and failed; ``CeleryError/exception`` and ``CeleryError/traceback`` say how.
        public static let taskFailed = Code(kind: .taskFailed)
        /// The task was revoked, expired or terminated.
        public static let taskRevoked = Code(kind: .taskRevoked)
        /// The result did not come in time; the task may still run.
        public static let timedOut = Code(kind: .timedOut)
        /// The broker could not be reached or refused; the task was not sent, unless the message says otherwise.
        public static let brokerUnavailable = Code(kind: .brokerUnavailable)
        /// The result store could not be reached or refused.
        public static let backendUnavailable = Code(kind: .backendUnavailable)
        /// A setting, URL or option is wrong.
        public static let misconfigured = Code(kind: .misconfigured)
        /// An argument has no form on the wire.
        public static let encoding = Code(kind: .encoding)
        /// The result is of another type than asked for.
        public static let decoding = Code(kind: .decoding)
        /// The named queue is not configured, and `task_create_missing_queues` is off.
        public static let queueNotFound = Code(kind: .queueNotFound)
        /// No task of that name is registered in this process; the message lists those that are.
        public static let notRegistered = Code(kind: .notRegistered)
        /// The task was sent with its result ignored, so there is none to get.
        public static let resultIgnored = Code(kind: .resultIgnored)
        /// A result that others hang on has not come yet, so that they are not known; ask again later, or for intermediate results.
        public static let incompleteStream = Code(kind: .incompleteStream)

        public var description: String { kind.rawValue }
    }

    public var code: Code
    public var message: String
    public var taskID: String?
    public var taskName: String?
    /// What the task raised, under the worker's own names.
    public var exception: ExceptionInfo?
    /// The worker's traceback, as stored.
    public var traceback: String?
    public var cause: (any Error)?

    public init(
        _ code: Code,
        _ message: String,
        taskID: String? = nil,
        taskName: String? = nil,
        exception: ExceptionInfo? = nil,
        traceback: String? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.taskID = taskID
        self.taskName = taskName
        self.exception = exception
        self.traceback = traceback
        self.cause = cause
    }

    public var description: String { message }
}
