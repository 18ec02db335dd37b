//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import DequeModule
import Logging
import NIOCore

/// One epoch of consuming, on its event loop: everything that it does to the server goes through here, round by round.
///
/// While a round is under way, what comes meanwhile gathers for the next: batches form under load, and nothing waits when
/// there is none. See docs/decisions/0011-redis-epochs.md.
final class EpochEngine {
    /// Somebody who waits for messages.
    struct Receiver {
        var number: UInt64
        var credit: Int
        /// How many of them can start as soon as they come.
        var starting = 0
        var completion: (Result<[HeldMessage], TransportError>) -> Void
    }

    enum Phase {
        case opening((TransportError?) -> Void)
        case running
        /// Swept by others, or closed.
        case over(TransportError)
    }

    let store: RedisStore
    let lease: Duration
    let renewal: Duration
    let keys: EpochKeys
    let link: RedisLink
    var phase: Phase
    var record: EpochRecord
    /// Counts connections; in the fence, so that what an older one has buffered can do nothing.
    var connectionNumber = 0
    var table: [UInt64: HeldMessage] = [:]
    /// What is to be filed with the next round that has something else to do.
    var unfiled: Set<UInt64> = []
    var plan = FetchPlan()
    /// Channels' patterns, and the lists that each feeds.
    var subscriptions: [String: Set<String>] = [:]
    /// Taken while nobody waited any more; for the next who does.
    var stock: Deque<UInt64> = []
    var receivers: Deque<Receiver> = []
    /// Why nobody can receive, since a connection broke and until the next is set up.
    var outage: TransportError?
    /// Those who wait for the end of that, by number.
    var reaching: [UInt64: (Bool) -> Void] = [:]
    var begins: [BeginRequest] = []
    var settles: [SettleRequest] = []
    var closings: [(TransportError?) -> Void] = []
    /// Whether those who close have waited for one look at the deadlines already.
    var closingSeen = false
    /// The round that is under way, or whose fate is not known since the connection broke.
    var round: Round?
    /// Whether the connection is set up: its fence is watched.
    var isArmed = false
    /// Whether the server tells of changes.
    var isTracking = false
    /// Whether the server has the script that takes what is due, so that its digest will do.
    var knowsTake = false
    /// Whether filing does not wait for something else to do.
    var mustFile = false
    var lastTag: UInt64 = 0
    var lastRound = 0
    /// The last round that is known to have taken effect.
    var lastEffective = 0
    var renewals = 0
    /// Until when rounds pass the server's memory limit.
    var fullUntil = NIODeadline.distantPast
    /// Hears what is published to fanout exchanges, where the server cannot push.
    var ear: BroadcastEar?
    /// What it heard while there was no other connection, and the lists that it goes to.
    var unsent: [(bytes: [UInt8], list: String)] = []
    /// Milliseconds until the next look at lists, where the server does not tell of changes or refused.
    var idlePause: Int64 = 5
    var timers = EpochTimers()
    /// Whether a touched list is left to others: until this worker has looked, or it is sent a round that asks.
    var isLeavingToOthers = false
    /// Queues that have more that is due than was taken.
    var overdue: Set<String> = []
    /// Whether the next fetch is for queues that are not overdue.
    var isOthersTurn = false
    /// Until the next look at what is due of queues that are not served here; microseconds.
    var othersPause: Int64 = 20_000
    /// What the registry said of other epochs when it was last read.
    var others: [RESPValue] = []
    /// What a fetch took that nobody has heard of, until it is back where it was; nothing is fetched meanwhile.
    var unheard: [FetchPlan.Ask] = []
    /// The fetch that waits at the server, and what for; nil where there is none.
    var waiting: WaitingFetch?
    var standing: Standing?
    /// Where fetches have waited before, the first to be closed first.
    var closedPlaces: [ClosedPlace] = []
    /// The server has refused to give up a place: not before then.
    var givesUpFrom = NIODeadline.distantPast
    /// So long the lease holds at least.
    var leaseUntil = NIODeadline.distantPast
    /// What of a fetch nobody waits for any more, since a waiting one was faster.
    var surplus: Set<UInt64> = []
    /// The record as the server has it, as far as is known.
    var registered: [UInt8] = []
    let sweeper: Sweeper
    /// Where is noted what has started of what may; nil when there can be none.
    let journal: StartJournal?
    /// How that is acknowledged which starts without a mark; nil when nothing does.
    let starts: AcknowledgementMode?
    /// Whether what comes would have to wait.
    let isBusy: @Sendable () -> Bool
    /// For tests: silent as a dead process, but for what is asked of it.
    var isAbandoned = false

    init(
        _ store: RedisStore,
        _ configuration: ConsumerConfiguration,
        loop: any EventLoop,
        _ opened: @escaping (TransportError?) -> Void
    ) {
        self.store = store
        lease = configuration.lease
        renewal = configuration.renewal
        let id = String(UInt64.random(in: .min ... .max), radix: 36)
        keys = store.keys.epoch(id)
        link = RedisLink(store.configuration, loop, logger: store.logger)
        phase = .opening(opened)
        record = EpochRecord(
            name: configuration.name,
            queues: [],
            lists: [store.keys.obituaries],
            lease: Int(configuration.lease / .milliseconds(1))
        )
        sweeper = Sweeper(store)
        journal = JournalPlace.create(id, store)
        starts = journal == nil ? nil : configuration.starts
        isBusy = configuration.isBusy
        if let journal { record.journal = (JournalPlace.machine, journal.path) }
        plan.isInTurn = store.queueOrder == .roundRobin
        serve(configuration.queues)
        prepareStanding()
        link.onUp = { [weak self] in self?.arm($0) }
        link.onDown = { [weak self] in self?.broke($0) ?? false }
    }

    var loop: any EventLoop { link.eventLoop }
    var isOver: Bool { if case .over = phase { true } else { false } }

    /// How long the server may take: shorter than a lease, so that a connection that hears nothing any more is replaced while
    /// the lease holds.
    var patience: TimeAmount { TimeAmount(min(store.configuration.timeout, lease / 3)) }

    func start() {
        link.connect()
        let limit = TimeAmount(store.configuration.connectTimeout + store.configuration.timeout)
        timers.opening = loop.assumeIsolated()
            .scheduleTask(in: limit) { [weak self] in
                guard let self, case .opening = phase else { return }
                finish(
                    link.lastError
                        ?? TransportError(.unavailable, "no connection to \(store.configuration.location) in time")
                )
            }
    }

    // MARK: - What callers ask for

    func receive(_ receiver: Receiver) {
        if case .over(let error) = phase {
            return receiver.completion(error.code == .closed ? .success([]) : .failure(error))
        }
        guard closings.isEmpty else { return receiver.completion(.success([])) }
        receivers.append(receiver)
        deliver()
        if let outage { failReceivers(outage) }
        pump()
    }

    /// Calls back with true when messages can be received, or whoever tries hears that the epoch is over; at once if that is so now.
    func reach(_ number: UInt64, _ completion: @escaping (Bool) -> Void) {
        guard outage != nil, !isOver else { return completion(true) }
        reaching[number] = completion
    }

    func failReceivers(_ error: TransportError) {
        let waiting = receivers
        receivers = []
        for receiver in waiting { receiver.completion(.failure(error)) }
    }

    func endOutage() {
        outage = nil
        let waiting = reaching.values
        reaching = [:]
        for completion in waiting { completion(true) }
    }

    func cancel(_ number: UInt64) {
        if let completion = reaching.removeValue(forKey: number) { return completion(false) }
        guard let index = receivers.firstIndex(where: { $0.number == number }) else { return }
        receivers.remove(at: index).completion(.success([]))
        // No fetch is to wait for nobody.
        pump()
    }

    /// Takes back what was handed out and not looked at.
    func putBack(_ tags: [UInt64]) {
        for tag in tags.reversed() where table[tag] != nil { stock.prepend(tag) }
        deliver()
    }

    func begin(_ marks: [BeginMark], isPermit: Bool, _ completion: @escaping (TransportError?) -> Void) {
        if case .over(let error) = phase { return completion(error) }
        guard marks.allSatisfy({ table[$0.tag.rawValue] != nil }) else { return completion(.notHeld) }
        begins.append(
            BeginRequest(
                marks: marks.map { ($0.tag.rawValue, HeldMark($0.mode, isPermitted: isPermit)) },
                deadline: .now() + TimeAmount(store.configuration.timeout),
                completion: completion
            )
        )
        watchDeadlines()
        pump()
    }

    func settle(_ request: SettleRequest) {
        if case .over(let error) = phase { return request.completion(error) }
        for (tag, _) in request.dispositions {
            guard let message = table[tag] else { return request.completion(.notHeld) }
            guard !message.isSettling else { return request.completion(.undecided) }
        }
        guard Set(request.dispositions.map(\.tag)).count == request.dispositions.count else {
            return request.completion(.notHeld)
        }
        for (tag, _) in request.dispositions { table[tag]?.isSettling = true }
        settles.append(request)
        watchDeadlines()
        pump()
    }

    func close(_ completion: @escaping (TransportError?) -> Void) {
        if isOver { return completion(nil) }
        let waiting = receivers
        receivers = []
        for receiver in waiting { receiver.completion(.success([])) }
        closings.append(completion)
        watchDeadlines()
        pump()
    }

    /// Changes what is consumed. A list keeps its place for good, for messages are held under its number.
    func serve(_ queues: [String]) {
        var names: Set<String> = []
        record.queues = queues.filter { names.insert($0).inserted }
        var lists: [(key: String, place: Int, rank: Int, queue: String?)] = [(store.keys.obituaries, 0, 0, nil)]
        for queue in store.queueOrder.arranged(record.queues) {
            for (step, list) in store.keys.lists(queue).enumerated() {
                let place = record.lists.firstIndex(of: list) ?? record.lists.count
                if place == record.lists.count { record.lists.append(list) }
                lists.append((list, place, step + 1, queue))
            }
        }
        plan.set(lists)
    }

    /// For tests: silent as a dead process, but for what is asked of it.
    func abandon() {
        isAbandoned = true
        waiting?.end()
        waiting = nil
        timers.cancel()
        timers = EpochTimers()
    }

    // MARK: - Ends

    /// Nothing of this epoch takes effect any more.
    func finish(_ error: TransportError) {
        guard !isOver else { return }
        let opened: ((TransportError?) -> Void)?
        if case .opening(let completion) = phase { opened = completion } else { opened = nil }
        phase = .over(error)
        link.end()
        self.waiting?.end()
        ear?.end()
        timers.cancel()
        store.sawRevocations(true)
        _ = journal?.seal()
        endOutage()
        if opened != nil, let journal { JournalPlace.remove(journal.path) }
        let (requests, settlements, waiting, endings) = (begins, settles, receivers, closings)
        var undecided = round
        (begins, settles, receivers, closings, round) = ([], [], [], [], nil)
        (table, unfiled, stock) = ([:], [], [])
        opened?(error)
        undecided?.abandon(error)
        for request in requests where !request.isAbandoned { request.completion(error) }
        for request in settlements where !request.isAbandoned { request.completion(error) }
        for receiver in waiting { receiver.completion(error.code == .closed ? .success([]) : .failure(error)) }
        for ending in endings { ending(nil) }
    }
}

/// What an epoch does when time has passed.
struct EpochTimers {
    var opening: Scheduled<Void>?
    var renewal: Scheduled<Void>?
    var due: Scheduled<Void>?
    /// When ``due`` is set for, in microseconds since 1970.
    var dueAt: Int64?
    /// Whether something is due, for the next fetch.
    var isDue = false
    /// When what is due goes to its list: of queues that are served here, because nobody takes it, and of others.
    var mine: Scheduled<Void>?
    var others: Scheduled<Void>?
    var look: Scheduled<Void>?
    /// When to look at a list that is left to others.
    var turn: Scheduled<Void>?
    /// When to see to the fetch that waits, if no round has done so by then.
    var soon: Scheduled<Void>?
    /// When to try again what the server has refused.
    var refused: Scheduled<Void>?
    /// When to look why a fetch that waits is not answered.
    var doubt: Scheduled<Void>?
    /// When to end a fetch that waits for nobody.
    var unattended: Scheduled<Void>?
    /// When what nobody waits for goes back.
    var surplus: Scheduled<Void>?
    /// When to look again at epochs that are left to the workers of their machine for a while.
    var silent: Scheduled<Void>?
    /// Until when the end of the epoch waits for it.
    var end: Scheduled<Void>?
    var deadline: Scheduled<Void>?

    func cancel() {
        for timer in [
            opening, renewal, due, mine, others, look, turn, soon, refused, doubt, unattended, surplus, silent, end,
            deadline,
        ] {
            timer?.cancel()
        }
    }
}

extension TransportError {
    static var notHeld: TransportError {
        TransportError(.notHeld, "a delivery is not held by this consumer: it was settled already")
    }

    static var undecided: TransportError {
        TransportError(.timedOut, "it is not known yet what became of an earlier settlement of a delivery")
    }

    static var swept: TransportError {
        TransportError(
            .epochLost,
            "the consumer's lease ran out and what it held was given to others; open a new consumer"
        )
    }

    static var forgotten: TransportError {
        TransportError(
            .epochLost,
            "after a failover or a crash the server has forgotten what this consumer did last; open a new consumer"
        )
    }

    static var consumerClosed: TransportError { TransportError(.closed, "the consumer was closed") }
}
#endif
