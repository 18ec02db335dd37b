//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// The options of one sending; nil leaves the decision to the task and the app's settings.
///
/// Source: `apply_async` of Celery, with its names in Swift's casing.
public struct SendOptions: Sendable {
    /// Default: a random UUID.
    public var taskID: String?
    /// Not started before this has passed.
    public var countdown: Duration?
    /// Not started before this; a countdown wins.
    public var eta: Timestamp?
    /// Not started later than this after now; then the task ends as REVOKED "expired".
    public var expires: Duration?
    /// The same as a moment.
    public var expiresAt: Timestamp?
    public var queue: String?
    public var exchange: String?
    public var routingKey: String?
    /// 0–9.
    public var priority: Int?
    public var serializer: String?
    public var compression: String?
    /// 2 persistent, 1 transient.
    public var deliveryMode: Int?
    /// Custom headers, beside the protocol's.
    public var headers: CeleryObject
    public var timeLimit: Duration?
    public var softTimeLimit: Duration?
    public var ignoreResult: Bool?
    /// Display name for logs and events.
    public var shadow: String?
    /// Whether a task that sends it lists it among its children.
    public var addToParent: Bool
    public var parentID: String?
    public var rootID: String?
    public var groupID: String?
    public var groupIndex: Int?
    public var replyTo: String?
    public var retries: Int
    public var replacedTaskNesting: Int
    /// Names and values of stamps.
    public var stamps: CeleryObject
    public var argsRepr: String?
    public var kwargsRepr: String?
    public var origin: String?
    /// How long publishing may take in all, retries included; default `broker_timeout`.
    public var timeout: Duration?
    /// Whether publishing is tried again when the broker is away, within the time-out and as `task_publish_retry_policy`
    /// says; `task_publish_retry` has to be on too.
    public var retry: Bool
    /// How often and how long, in place of `task_publish_retry_policy`.
    public var retryPolicy: PublishRetry?
    /// Further message properties.
    public var properties: CeleryObject

    public init(
        taskID: String? = nil,
        countdown: Duration? = nil,
        eta: Timestamp? = nil,
        expires: Duration? = nil,
        expiresAt: Timestamp? = nil,
        queue: String? = nil,
        exchange: String? = nil,
        routingKey: String? = nil,
        priority: Int? = nil,
        serializer: String? = nil,
        compression: String? = nil,
        deliveryMode: Int? = nil,
        headers: CeleryObject = [:],
        timeLimit: Duration? = nil,
        softTimeLimit: Duration? = nil,
        ignoreResult: Bool? = nil,
        shadow: String? = nil,
        addToParent: Bool = true,
        parentID: String? = nil,
        rootID: String? = nil,
        groupID: String? = nil,
        groupIndex: Int? = nil,
        replyTo: String? = nil,
        retries: Int = 0,
        replacedTaskNesting: Int = 0,
        stamps: CeleryObject = [:],
        argsRepr: String? = nil,
        kwargsRepr: String? = nil,
        origin: String? = nil,
        timeout: Duration? = nil,
        retry: Bool = true,
        retryPolicy: PublishRetry? = nil,
        properties: CeleryObject = [:]
    ) {
        self.taskID = taskID
        self.countdown = countdown
        self.eta = eta
        self.expires = expires
        self.expiresAt = expiresAt
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
        self.priority = priority
        self.serializer = serializer
        self.compression = compression
        self.deliveryMode = deliveryMode
        self.headers = headers
        self.timeLimit = timeLimit
        self.softTimeLimit = softTimeLimit
        self.ignoreResult = ignoreResult
        self.shadow = shadow
        self.addToParent = addToParent
        self.parentID = parentID
        self.rootID = rootID
        self.groupID = groupID
        self.groupIndex = groupIndex
        self.replyTo = replyTo
        self.retries = retries
        self.replacedTaskNesting = replacedTaskNesting
        self.stamps = stamps
        self.argsRepr = argsRepr
        self.kwargsRepr = kwargsRepr
        self.origin = origin
        self.timeout = timeout
        self.retry = retry
        self.retryPolicy = retryPolicy
        self.properties = properties
    }
}
