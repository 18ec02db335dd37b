//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The AMQP-style properties of a message.
public struct MessageProperties: Sendable, Equatable {
    /// Task id.
    public var correlationID: String?
    /// Routing key of rpc replies.
    public var replyTo: String?
    /// 2 persistent, 1 transient.
    public var deliveryMode: Int
    /// Exchange that it was published to; empty for the anonymous one.
    public var exchange: String
    /// Routing key that it was published with; the queue's name on the anonymous exchange.
    public var routingKey: String
    /// 0–9; meaning depends on the broker. Nil when absent.
    public var priority: Int?
    /// Milliseconds to live as decimal text, as AMQP has it.
    public var expiration: String?
    /// Kombu's identifier of this delivery on virtual transports.
    public var deliveryTag: String?
    /// Whether it was handed out before.
    public var redelivered: Bool
    /// Properties that are none of the above, in order.
    public var custom: CeleryObject

    public init(
        correlationID: String? = nil,
        replyTo: String? = nil,
        deliveryMode: Int = 2,
        exchange: String = "",
        routingKey: String = "",
        priority: Int? = 0,
        expiration: String? = nil,
        deliveryTag: String? = nil,
        redelivered: Bool = false,
        custom: CeleryObject = [:]
    ) {
        self.correlationID = correlationID
        self.replyTo = replyTo
        self.deliveryMode = deliveryMode
        self.exchange = exchange
        self.routingKey = routingKey
        self.priority = priority
        self.expiration = expiration
        self.deliveryTag = deliveryTag
        self.redelivered = redelivered
        self.custom = custom
    }
}
