//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// An exchange: where messages are published to.
public struct Exchange: Sendable, Hashable {
    /// How it chooses queues.
    public struct Kind: Sendable, Hashable, RawRepresentable, ExpressibleByStringLiteral {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public init(stringLiteral value: String) { rawValue = value }

        /// Binding key equals routing key.
        public static let direct: Kind = "direct"
        /// Binding key is a pattern of dotted words; `*` is one word, `#` any number.
        public static let topic: Kind = "topic"
        /// All bound queues.
        public static let fanout: Kind = "fanout"
    }

    /// Empty for the anonymous exchange.
    public var name: String
    public var kind: Kind

    public init(_ name: String, _ kind: Kind = .direct) {
        self.name = name
        self.kind = kind
    }
}

/// A queue with the binding it is declared with.
public struct Queue: Sendable, Hashable {
    public var name: String
    public var exchange: Exchange
    /// The binding key.
    public var routingKey: String
    /// Further bindings.
    public var bindings: [Binding]
    /// Broker-specific arguments such as `x-max-priority`.
    public var arguments: CeleryObject

    /// Without `exchange` it is a direct exchange of the queue's name; without `routingKey`, that name is the key.
    public init(
        _ name: String,
        exchange: Exchange? = nil,
        routingKey: String? = nil,
        bindings: [Binding] = [],
        arguments: CeleryObject = [:]
    ) {
        self.name = name
        self.exchange = exchange ?? Exchange(name)
        self.routingKey = routingKey ?? name
        self.bindings = bindings
        self.arguments = arguments
    }
}

/// A rule: messages of an exchange whose routing key matches go to a queue.
public struct Binding: Sendable, Hashable {
    public var exchange: String
    public var kind: Exchange.Kind
    public var routingKey: String
    public var queue: String

    public init(exchange: String, kind: Exchange.Kind, routingKey: String, queue: String) {
        self.exchange = exchange
        self.kind = kind
        self.routingKey = routingKey
        self.queue = queue
    }
}

/// Everything to declare.
public struct Topology: Sendable, Hashable {
    public var queues: [Queue]
    /// Whether who declares it takes from the queues, or only sends: where a fanout exchange reaches its consumers by other ways
    /// (Redis), a queue that nobody takes from must not be filled.
    public var isConsumed: Bool

    public init(_ queues: [Queue] = [], isConsumed: Bool = true) {
        self.queues = queues
        self.isConsumed = isConsumed
    }
}
