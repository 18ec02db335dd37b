//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// When a task is acknowledged; told to the store at its start, so that a sweep knows what to do.
public enum AcknowledgementMode: Sendable, Hashable {
    /// At the start: a worker's death ends the task (it returns as ``Delivery/Kind/obituary``).
    case early
    /// At the end: a worker's death gives it back, counted in ``Delivery/deaths``.
    case late
}

/// Tells the store that a held delivery starts to run.
public struct BeginMark: Sendable, Hashable {
    public var tag: DeliveryTag
    public var mode: AcknowledgementMode

    public init(_ tag: DeliveryTag, _ mode: AcknowledgementMode) {
        self.tag = tag
        self.mode = mode
    }
}

/// What becomes of a delivery, with everything that must become true together with it.
///
/// A store applies the parts in this order, in one transaction where it can: `publish`, `results`, `chords`, `disposition`.
public struct Settlement: Sendable {
    /// The fate of the message itself.
    public enum Disposition: Sendable, Equatable {
        /// Done with; removed.
        case acknowledge
        /// Back to its queue.
        case requeue(Requeue)
        /// To the dead letters.
        case deadLetter(DeadLetterReason)
    }

    public var tag: DeliveryTag
    public var publish: [OutgoingMessage]
    /// Only when ``Transport/storeIdentity`` equals the result backend's; otherwise the worker stores them before.
    public var results: [StoredResult]
    /// Under the same condition: the chords that end with it.
    public var chords: [ChordEnd]
    public var disposition: Disposition

    public init(
        _ tag: DeliveryTag,
        _ disposition: Disposition,
        publish: [OutgoingMessage] = [],
        results: [StoredResult] = [],
        chords: [ChordEnd] = []
    ) {
        self.tag = tag
        self.publish = publish
        self.results = results
        self.chords = chords
        self.disposition = disposition
    }
}

/// How a delivery goes back.
public struct Requeue: Sendable, Equatable {
    /// Where in the queue.
    public enum Position: Sendable, Hashable {
        /// Next to be taken, as at shutdown.
        case front
        /// Behind all that wait, as `Reject(requeue: true)`.
        case back
    }

    public var position: Position
    /// Not to be handed out before.
    public var notBefore: Timestamp?
    /// Whether a worker process died while it ran; counted in ``Delivery/deaths``.
    public var afterDeath: Bool
    /// Whether ``Delivery/attempt`` goes up when it is handed out again.
    public var countsAttempt: Bool

    public init(
        _ position: Position,
        notBefore: Timestamp? = nil,
        afterDeath: Bool = false,
        countsAttempt: Bool = true
    ) {
        self.position = position
        self.notBefore = notBefore
        self.afterDeath = afterDeath
        self.countsAttempt = countsAttempt
    }

    /// Whether it is only put aside until its time. What comes then comes for the first time, and is no redelivery.
    public var isPutAside: Bool { notBefore != nil && !countsAttempt && !afterDeath }
}

/// A message on its way to the broker. Exchange and routing key are in its properties.
public struct OutgoingMessage: Sendable {
    public var message: Message
    /// Kept back by the store until then, when it can (``TransportCapabilities/delayedDelivery``).
    public var notBefore: Timestamp?

    public init(_ message: Message, notBefore: Timestamp? = nil) {
        self.message = message
        self.notBefore = notBefore
    }
}
