//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The state of a task, as stored by a result backend. Any upper-case word is a valid custom state.
public struct TaskState: Sendable, Hashable, RawRepresentable, ExpressibleByStringLiteral, CustomStringConvertible {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { rawValue = value }

    /// Waiting, or unknown: never stored.
    public static let pending: TaskState = "PENDING"
    public static let received: TaskState = "RECEIVED"
    public static let started: TaskState = "STARTED"
    public static let success: TaskState = "SUCCESS"
    public static let failure: TaskState = "FAILURE"
    public static let revoked: TaskState = "REVOKED"
    public static let rejected: TaskState = "REJECTED"
    public static let retry: TaskState = "RETRY"
    public static let ignored: TaskState = "IGNORED"

    /// Whether it is final: success, failure or revoked.
    public var isReady: Bool { self == .success || self == .failure || self == .revoked }
    /// Whether the stored result is an exception.
    public var isException: Bool { self == .failure || self == .retry || self == .revoked }
    public var description: String { rawValue }
}
