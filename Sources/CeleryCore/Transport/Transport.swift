//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// A broker, as client and worker see it.
///
/// Contract, checked by `TransportCheck` in CeleryTesting for every implementation:
/// - What `publish` returned for is kept until it is settled, whoever dies in between.
/// - A message is held by at most one consumer. What a dead consumer held comes back within two leases.
/// - Every call ends by its deadline, or with the caller's cancellation.
public protocol Transport: Sendable {
    var capabilities: TransportCapabilities { get }
    /// Where it is, for people: a URL with its password masked, or a full path.
    var location: String { get }
    /// Equal to a result backend's when both are one store, so that results and acknowledgements share a transaction.
    var storeIdentity: StoreIdentity? { get }
    /// Revocations kept by the store itself, where it can.
    var revocations: (any RevocationStore)? { get }
    var deadLetters: any DeadLetterStore { get }
    /// Looks for what is wrong with the store; nil when all there is to ask is whether it can be reached. Default nil.
    var examiner: (any TransportExaminer)? { get }
    /// Events and remote control; nil where there are none. Default nil.
    var broadcasts: (any BroadcastChannel)? { get }

    /// Makes the exchanges, queues and bindings exist. Declaring again what exists does nothing.
    func declare(_ topology: Topology) async throws(TransportError)

    /// The same for a caller whose time is limited. Default: as without, for stores that answer at once.
    func declare(_ topology: Topology, timeout: Duration) async throws(TransportError)

    /// Routes and stores the messages, all or none of them, durably, in order.
    ///
    /// On the anonymous exchange the routing key names the queue, which is created when missing.
    /// - Throws: `.notFound` for an unknown exchange; `.timedOut`, `.unavailable`, `.full` as they say.
    func publish(_ messages: [OutgoingMessage], timeout: Duration) async throws(TransportError)

    /// Starts a new epoch of consuming.
    func openConsumer(_ configuration: ConsumerConfiguration) async throws(TransportError) -> any TransportConsumer

    /// Deletes all that waits in the queues, of every priority and delayed, but nothing that is held. Returns how many.
    func purge(_ queues: [String]) async throws(TransportError) -> Int

    /// How full the queues are; a queue that does not exist is all zeros. An empty list means all queues.
    func status(of queues: [String]) async throws(TransportError) -> [QueueStatus]

    /// All bindings the store knows, that of a queue to the anonymous exchange included.
    func bindings() async throws(TransportError) -> [Binding]

    /// Consumers seen lately.
    func consumers() async throws(TransportError) -> [ConsumerPresence]

    /// What waits in the queues for its time, the soonest first. Default: nothing, as of a store that keeps nothing back.
    func postponed(in queues: [String], limit: Int) async throws(TransportError) -> [PostponedMessage]

    /// Closes connections. Open consumers are closed as by ``TransportConsumer/close()``.
    func shutdown() async
}

extension Transport {
    public var examiner: (any TransportExaminer)? { nil }
    public func declare(_ topology: Topology, timeout: Duration) async throws(TransportError) {
        try await declare(topology)
    }
    public func postponed(in queues: [String], limit: Int) async throws(TransportError) -> [PostponedMessage] { [] }
}

/// A message that the store keeps back.
public struct PostponedMessage: Sendable {
    public var queue: String
    public var message: Message
    /// When it may be taken.
    public var due: Timestamp

    public init(queue: String, message: Message, due: Timestamp) {
        self.queue = queue
        self.message = message
        self.due = due
    }
}

/// One epoch of consuming: holds deliveries under one lease, which it renews by itself, off the callers' executors.
public protocol TransportConsumer: Sendable {
    /// Where ``begin(_:)`` takes note, when the store's processes share a machine: it lets a pool hand tasks to its children
    /// ahead, since what was only handed over has not started. Nil elsewhere.
    var journal: StartJournal? { get }

    /// Waits until there is something, then takes at most `credit` deliveries, highest priority and oldest first.
    ///
    /// Returns an empty array only when cancelled or closed.
    /// - Throws: `.epochLost` when the lease was lost: everything held belongs to others now. `.unavailable` while the store
    ///   cannot be reached: the epoch goes on, and what is held stays so as long as its lease.
    func receive(upTo credit: Int) async throws(TransportError) -> [Delivery]

    /// Waits until a store that could not be reached can be again, or the epoch is over: true, at once when that is so already. False when
    /// the caller is cancelled, and by default, where it is not known: such a store is to be asked again now and then.
    func untilReachable() async -> Bool

    /// The same, and permits the first of them to start, so many at most: ``Delivery/isPermitted``. Only where there is a
    /// ``journal`` and the configuration says how all are acknowledged that start so; elsewhere, and by default, permits none.
    func receive(upTo credit: Int, starting: Int) async throws(TransportError) -> [Delivery]

    /// Tells the store that what of these has started is written in ``journal`` from now on, where others must know.
    /// - Throws: As ``begin(_:)``.
    func permit(_ marks: [BeginMark]) async throws(TransportError)

    /// Marks held deliveries as running; durable when it returns. A fenced epoch throws `.epochLost` and marks nothing.
    func begin(_ marks: [BeginMark]) async throws(TransportError)

    /// Settles held deliveries, all or none of them. Concurrent calls may share one transaction.
    /// - Throws: `.epochLost` when fenced: nothing took effect, and the attempts belong to others. `.notHeld` for what was settled
    ///   before, be it by a call that timed out and took effect all the same; `.notFound` as `publish` of ``Transport``.
    func settle(_ settlements: [Settlement]) async throws(TransportError)

    /// Ends chords by themselves, all or none of them, whatever has become of the epoch: for bodies that could not leave with a
    /// message because that was settled before or belongs to others. Default: throws `.unsupported`, as of a store that keeps no results.
    func end(_ chords: [ChordEnd]) async throws(TransportError)

    /// Changes what is consumed; deliveries already held stay.
    func consume(_ queues: [String]) async throws(TransportError)

    /// Ends the epoch: gives back what it holds, oldest first, to where it came from, without counting an attempt.
    /// Early-marked deliveries that still run are left to end as obituaries.
    func close() async throws(TransportError)
}

extension TransportConsumer {
    public var journal: StartJournal? { nil }
    public func receive(upTo credit: Int, starting: Int) async throws(TransportError) -> [Delivery] {
        try await receive(upTo: credit)
    }
    public func permit(_ marks: [BeginMark]) async throws(TransportError) {}
    public func untilReachable() async -> Bool { false }
    public func end(_ chords: [ChordEnd]) async throws(TransportError) {
        throw TransportError(.unsupported, "chords do not end at this broker")
    }
}

/// What a transport can do beyond putting and taking.
public struct TransportCapabilities: Sendable, Hashable {
    /// Keeps messages back until a time.
    public var delayedDelivery: Bool
    /// Hands out by priority, and which end is the most urgent.
    public var priorities: PriorityOrder?
    /// Copies messages to every queue bound to a fanout exchange.
    public var fanout: Bool
    /// Can be used by several processes.
    public var shared: Bool
    /// Knows of messages that wait when they were sent, as far as their sender tells: ``QueueStatus/oldest``.
    public var timesMessages: Bool

    /// Which number is the most urgent.
    public enum PriorityOrder: Sendable, Hashable {
        case zeroFirst
        case highestFirst
    }

    public init(
        delayedDelivery: Bool,
        priorities: PriorityOrder?,
        fanout: Bool,
        shared: Bool,
        timesMessages: Bool = false
    ) {
        self.delayedDelivery = delayedDelivery
        self.priorities = priorities
        self.fanout = fanout
        self.shared = shared
        self.timesMessages = timesMessages
    }
}

/// Names a store, so that two plug-ins can tell that they are the same one.
public struct StoreIdentity: Sendable, Hashable {
    public var name: String
    public init(_ name: String) { self.name = name }
}

/// How to consume.
public struct ConsumerConfiguration: Sendable {
    /// Name of the worker node, for people: `celery@host`.
    public var name: String
    /// Queues in order of preference; equals are served in turn.
    public var queues: [String]
    /// How long a silent consumer is taken for alive. Default 10 s.
    public var lease: Duration
    /// How often the lease is renewed. Default 3 s.
    public var renewal: Duration
    /// Where the results go that are settled with their message, for a store that keeps both.
    public var results: (any ResultBackend)?
    /// How a delivery is acknowledged that starts without a mark of its own; nil, the default, when none may.
    public var starts: AcknowledgementMode?
    /// Whether what comes now would have to wait: a transport that tells several consumers of one message may let others go first. By
    /// default never. Asked often, from the transport's threads.
    public var isBusy: @Sendable () -> Bool

    public init(
        name: String,
        queues: [String],
        lease: Duration = .seconds(10),
        renewal: Duration = .seconds(3),
        results: (any ResultBackend)? = nil,
        starts: AcknowledgementMode? = nil,
        isBusy: @escaping @Sendable () -> Bool = { false }
    ) {
        self.name = name
        self.queues = queues
        self.lease = lease
        self.renewal = renewal
        self.results = results
        self.starts = starts
        self.isBusy = isBusy
    }
}

/// How full a queue is.
public struct QueueStatus: Sendable, Hashable {
    public var name: String
    /// May be taken now.
    public var ready: Int
    /// Waits for its time.
    public var delayed: Int
    /// Held by a consumer.
    public var held: Int
    /// When the oldest ready message was published.
    public var oldest: Timestamp?

    public init(name: String, ready: Int = 0, delayed: Int = 0, held: Int = 0, oldest: Timestamp? = nil) {
        self.name = name
        self.ready = ready
        self.delayed = delayed
        self.held = held
        self.oldest = oldest
    }
}

/// A consumer that was seen.
public struct ConsumerPresence: Sendable, Hashable {
    public var name: String
    public var queues: [String]
    public var lastSeen: Timestamp
    /// Whether its lease is in force.
    public var isAlive: Bool

    public init(name: String, queues: [String], lastSeen: Timestamp, isAlive: Bool) {
        self.name = name
        self.queues = queues
        self.lastSeen = lastSeen
        self.isAlive = isAlive
    }
}
