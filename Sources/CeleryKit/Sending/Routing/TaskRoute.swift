//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryCore
import CeleryWire

/// Where to send a task and how: what a route says, or what the caller says. Nil leaves it to the next in line.
///
/// Source: the dictionaries of `task_routes` and the options of `apply_async`.
public struct TaskRoute: Sendable, Hashable, ExpressibleByStringLiteral {
    /// Name of a queue; one that is not configured is made up, see `task_create_missing_queues`.
    public var queue: String?
    public var exchange: String?
    public var exchangeKind: Exchange.Kind?
    public var routingKey: String?
    public var priority: Int?
    public var serializer: String?
    public var compression: String?
    /// 1 transient, 2 persistent.
    public var deliveryMode: Int?
    public var ignoreResult: Bool?
    public var timeLimit: Duration?
    public var softTimeLimit: Duration?
    public var expires: Duration?

    public init(
        queue: String? = nil,
        exchange: String? = nil,
        exchangeKind: Exchange.Kind? = nil,
        routingKey: String? = nil,
        priority: Int? = nil,
        serializer: String? = nil,
        compression: String? = nil,
        deliveryMode: Int? = nil,
        ignoreResult: Bool? = nil,
        timeLimit: Duration? = nil,
        softTimeLimit: Duration? = nil,
        expires: Duration? = nil
    ) {
        self.queue = queue
        self.exchange = exchange
        self.exchangeKind = exchangeKind
        self.routingKey = routingKey
        self.priority = priority
        self.serializer = serializer
        self.compression = compression
        self.deliveryMode = deliveryMode
        self.ignoreResult = ignoreResult
        self.timeLimit = timeLimit
        self.softTimeLimit = softTimeLimit
        self.expires = expires
    }

    /// A route to a queue.
    public init(stringLiteral queue: String) { self.init(queue: queue) }

    /// This route with everything that it leaves open taken from another.
    public func filling(from other: TaskRoute) -> TaskRoute {
        TaskRoute(
            queue: queue ?? other.queue,
            exchange: exchange ?? other.exchange,
            exchangeKind: exchangeKind ?? other.exchangeKind,
            routingKey: routingKey ?? other.routingKey,
            priority: priority ?? other.priority,
            serializer: serializer ?? other.serializer,
            compression: compression ?? other.compression,
            deliveryMode: deliveryMode ?? other.deliveryMode,
            ignoreResult: ignoreResult ?? other.ignoreResult,
            timeLimit: timeLimit ?? other.timeLimit,
            softTimeLimit: softTimeLimit ?? other.softTimeLimit,
            expires: expires ?? other.expires
        )
    }
}
