//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// Names one delivery within the consumer that made it.
public struct DeliveryTag: Sendable, Hashable {
    public var rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// One message handed to one consumer, to be settled exactly once.
public struct Delivery: Sendable {
    /// Why it was handed over.
    public enum Kind: Sendable, Hashable {
        /// To be run.
        case task
        /// An early-acknowledged task was running when its worker died. It must not run again, only end:
        /// store FAILURE `WorkerLostError`, then acknowledge.
        case obituary
    }

    /// What the store held.
    public enum Content: Sendable {
        case message(Message)
        /// Bytes that no message could be made of, kept for the dead letters.
        case malformed([UInt8], WireError)
    }

    public var tag: DeliveryTag
    /// The queue it came from.
    public var queue: String
    public var kind: Kind
    public var content: Content
    /// Whether it was handed to a consumer before.
    public var redelivered: Bool
    /// How many times it was handed over, this time included: 1 at first. Giving back at shutdown does not count.
    public var attempt: Int
    /// How many workers died while it was *running*; deaths while it was merely held do not count.
    public var deaths: Int
    /// When it was published, if the store knows.
    public var enqueuedAt: Timestamp?
    /// Whether the store takes it for one that may start, as ``ConsumerConfiguration/starts`` says: to start it takes
    /// ``StartJournal/start(_:)`` and no mark.
    public var isPermitted = false

    public init(
        tag: DeliveryTag,
        queue: String,
        kind: Kind = .task,
        content: Content,
        redelivered: Bool = false,
        attempt: Int = 1,
        deaths: Int = 0,
        enqueuedAt: Timestamp? = nil
    ) {
        self.tag = tag
        self.queue = queue
        self.kind = kind
        self.content = content
        self.redelivered = redelivered
        self.attempt = attempt
        self.deaths = deaths
        self.enqueuedAt = enqueuedAt
    }
}
