//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The headers of a task message, protocol 2. Source: the protocol as written by Celery 5.6 and 5.7.
public struct TaskHeaders: Sendable, Equatable {
    /// Language of the sender, `swift` from here; nobody acts on it.
    public var lang: String
    /// Registered task name.
    public var task: String
    /// Task id; usually a lower-case UUID, but any string is accepted.
    public var id: String
    /// Display name for logs and events.
    public var shadow: String?
    /// ISO 8601 text as on the wire; naive means UTC.
    public var eta: String?
    /// ISO 8601 text as on the wire; naive means UTC.
    public var expires: String?
    public var group: String?
    public var groupIndex: Int?
    public var retries: Int
    public var timeLimit: TimeLimits
    public var rootID: String?
    public var parentID: String?
    /// Readable, shortened form of the arguments in Python's notation.
    public var argsRepr: String?
    public var kwargsRepr: String?
    /// `gen<pid>@<host>`.
    public var origin: String?
    /// Nil leaves the decision to the task's own setting at the worker.
    public var ignoreResult: Bool?
    public var replacedTaskNesting: Int
    public var stampedHeaders: [String]?
    public var stamps: CeleryObject
    /// Content type of the compression of the body, nil when not compressed.
    public var compression: String?
    /// Headers that are not protocol 2's, in order; kept through retries and redelivery, not copied to children.
    public var custom: CeleryObject

    public init(
        task: String,
        id: String,
        lang: String = "swift",
        shadow: String? = nil,
        eta: String? = nil,
        expires: String? = nil,
        group: String? = nil,
        groupIndex: Int? = nil,
        retries: Int = 0,
        timeLimit: TimeLimits = TimeLimits(),
        rootID: String? = nil,
        parentID: String? = nil,
        argsRepr: String? = nil,
        kwargsRepr: String? = nil,
        origin: String? = nil,
        ignoreResult: Bool? = false,
        replacedTaskNesting: Int = 0,
        stampedHeaders: [String]? = nil,
        stamps: CeleryObject = [:],
        compression: String? = nil,
        custom: CeleryObject = [:]
    ) {
        self.lang = lang
        self.task = task
        self.id = id
        self.shadow = shadow
        self.eta = eta
        self.expires = expires
        self.group = group
        self.groupIndex = groupIndex
        self.retries = retries
        self.timeLimit = timeLimit
        self.rootID = rootID
        self.parentID = parentID
        self.argsRepr = argsRepr
        self.kwargsRepr = kwargsRepr
        self.origin = origin
        self.ignoreResult = ignoreResult
        self.replacedTaskNesting = replacedTaskNesting
        self.stampedHeaders = stampedHeaders
        self.stamps = stamps
        self.compression = compression
        self.custom = custom
    }
}

/// The two time limits of a task, in seconds. On the wire: `[hard, soft]`.
public struct TimeLimits: Sendable, Equatable {
    /// Seconds after which the task is killed.
    public var hard: Double?
    /// Seconds after which the task is asked to stop.
    public var soft: Double?

    public init(hard: Double? = nil, soft: Double? = nil) {
        self.hard = hard
        self.soft = soft
    }
}
