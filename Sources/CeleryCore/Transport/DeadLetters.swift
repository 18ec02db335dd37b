//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// Why a message was set aside.
public struct DeadLetterReason: Sendable, Hashable {
    /// A word: `unregistered`, `malformed`, `invalid`, `content-disallowed`, `rejected`, `poison`.
    public var code: String
    /// What happened, for a person.
    public var detail: String

    public init(_ code: String, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

/// A message that was set aside.
public struct DeadLetter: Sendable {
    /// Numbers dead letters of one store, ascending.
    public var number: Int64
    /// Nil when no message could be made of the bytes.
    public var taskID: String?
    public var taskName: String?
    public var queue: String
    public var reason: DeadLetterReason
    public var diedAt: Timestamp
    /// How many worker processes died running it.
    public var deaths: Int
    /// The stored bytes: an `Envelope`, unless malformed.
    public var raw: [UInt8]

    public init(
        number: Int64,
        taskID: String?,
        taskName: String?,
        queue: String,
        reason: DeadLetterReason,
        diedAt: Timestamp,
        deaths: Int,
        raw: [UInt8]
    ) {
        self.number = number
        self.taskID = taskID
        self.taskName = taskName
        self.queue = queue
        self.reason = reason
        self.diedAt = diedAt
        self.deaths = deaths
        self.raw = raw
    }
}

/// Which dead letters. Conditions are joined by "and"; without any it is all of them.
public struct DeadLetterSelection: Sendable {
    /// Numbers (as decimal text) or task ids.
    public var ids: [String]?
    public var queue: String?
    public var taskName: String?

    public init(ids: [String]? = nil, queue: String? = nil, taskName: String? = nil) {
        self.ids = ids
        self.queue = queue
        self.taskName = taskName
    }

    public static let all = DeadLetterSelection()
}

/// The messages that were set aside: kept 7 days by default and bounded in number.
public protocol DeadLetterStore: Sendable {
    /// Newest first.
    func list(_ selection: DeadLetterSelection, limit: Int) async throws(TransportError) -> [DeadLetter]
    /// Puts them back on their queues under the same id, with no deaths counted. Returns how many.
    func replay(_ selection: DeadLetterSelection) async throws(TransportError) -> Int
    /// Deletes them. Returns how many.
    func purge(_ selection: DeadLetterSelection) async throws(TransportError) -> Int
}
