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
/// there is none. See decision 0011.
final class EpochEngine {
    /// Somebody who waits for messages.
    struct Receiver {
        var number: UInt64
        var credit: Int
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
    var table: [UInt64: HeldMessage] = [:]
    /// Which connection took a message that is not filed yet.
    var takenBy: [UInt64: Int] = [:]
    var plan = FetchPlan()
    /// Channels' patterns, and the list that each feeds.
    var subscriptions: [String: String] = [:]
    /// Taken while nobody waited any more; for the next who does.
    var stock: Deque<UInt64> = []
    var receivers: Deque<Receiver> = []
    var begins: [BeginRequest] = []
    var settles: [SettleRequest] = []
    var closing: ((TransportError?) -> Void)?
    /// The round that is under way, or whose fate is not known since the connection broke.
    var round: Round?
    /// Whether the connection is set up: its fence is watched.
    var isArmed = false
    /// Whether the server tells of changes.
    var isTracking = false
    var isFetching = false
    var lastTag: UInt64 = 0
    var lastRound = 0
    var connectedSince: NIODeadline?
    var downSince: NIODeadline?
    var timers = EpochTimers()
    let sweeper: Sweeper
    /// What was taken over an older connection is to be filed before all else.
    var mustFile = false
    /// Milliseconds until the next look at empty lists, where the server does not tell of changes.
    var idlePause: Int64 = 5
    var renewals = 0
    /// The server's number for the connection in use.
    var clientID: Int64?
    /// For tests: silent as a dead process, but for what is asked of it.
    var isAbandoned = false

    init(
        _ store: RedisStore,
        _ configuration: ConsumerConfiguration,
        id: String,
        loop: any EventLoop,
        _ opened: @escaping (TransportError?) -> Void
    ) {
        self.store = store
        lease = configuration.lease
        renewal = configuration.renewal
        keys = store.keys.epoch(id)
        link = RedisLink(store.configuration, loop, logger: store.logger)
        phase = .opening(opened)
        record = EpochRecord(
            name: configuration.name,
            queues: [],
            lists: [store.keys.obituaries],
            firstConnection: 1,
            connection: 0,
            lease: Int(configuration.lease / .milliseconds(1))
        )
        sweeper = Sweeper(store)
        serve(configuration.queues)
        link.onUp = { [unowned self] in arm($0) }
        link.onDown = { [unowned self] in broke($0) }
    }

    var loop: any EventLoop { link.eventLoop }
    var isOver: Bool { if case .over = phase { true } else { false } }

    func start() { link.connect() }

    // MARK: - What callers ask for

    func receive(_ receiver: Receiver) {
        if case .over(let error) = phase {
            return receiver.completion(error.code == .closed ? .success([]) : .failure(error))
        }
        guard closing == nil else { return receiver.completion(.success([])) }
        receivers.append(receiver)
        deliver()
        pump()
    }

    func cancel(_ number: UInt64) {
        guard let index = receivers.firstIndex(where: { $0.number == number }) else { return }
        receivers.remove(at: index).completion(.success([]))
    }

    func begin(_ request: BeginRequest) {
        if case .over(let error) = phase { return request.completion(error) }
        guard request.marks.allSatisfy({ table[$0.tag.rawValue] != nil }) else { return request.completion(.notHeld) }
        begins.append(request)
        pump()
    }

    func settle(_ request: SettleRequest) {
        if case .over(let error) = phase { return request.completion(error) }
        guard request.dispositions.allSatisfy({ table[$0.tag].map { !$0.isSettling } ?? false }),
            Set(request.dispositions.map(\.tag)).count == request.dispositions.count
        else { return request.completion(.notHeld) }
        for (tag, _) in request.dispositions { table[tag]?.isSettling = true }
        settles.append(request)
        pump()
    }

    func close(_ completion: @escaping (TransportError?) -> Void) {
        if isOver { return completion(nil) }
        let waiting = receivers
        receivers = []
        for receiver in waiting { receiver.completion(.success([])) }
        closing = completion
        if let downSince, downSince + TimeAmount(store.configuration.timeout) < .now() { return giveUp() }
        pump()
    }

    /// Changes what is consumed. A list keeps its place for good, for messages are held under its number.
    func serve(_ queues: [String]) {
        record.queues = queues
        var lists: [(key: String, place: Int, rank: Int)] = [(store.keys.obituaries, 0, 0)]
        for queue in queues {
            for (step, list) in store.keys.lists(queue).enumerated() {
                let place = record.lists.firstIndex(of: list) ?? record.lists.count
                if place == record.lists.count { record.lists.append(list) }
                lists.append((list, place, step + 1))
            }
        }
        plan.set(lists)
    }

    /// Serves other queues from now on; the server knows of the lists before anything is taken from them.
    func change(to queues: [String], _ completion: @escaping (TransportError?) -> Void) {
        if case .over(let error) = phase { return completion(error) }
        serve(queues)
        guard isArmed, let connection = link.connection else { return completion(nil) }
        var commands = RedisCommands()
        commands.add("HSET", store.keys.epochs, keys.id, record.encoded())
        commands.add("HSET", store.keys.seen, record.name, SeenRecord(queues: queues, at: store.now).encoded())
        if !queues.isEmpty { commands.add("SADD", store.keys.queues, list: queues) }
        let new = store.router.subscriptions(of: queues)
        if connection.hasPushes, !subscriptions.isEmpty {
            commands.addUnanswered("PUNSUBSCRIBE", list: Array(subscriptions.keys))
        }
        if connection.hasPushes, !new.isEmpty { commands.addUnanswered("PSUBSCRIBE", list: Array(new.keys)) }
        subscriptions = new
        connection.handler.value.send(commands, deadline: .now() + TimeAmount(store.configuration.timeout)) {
            switch $0 {
            case .success: completion(nil)
            case .failure(let error): completion(error)
            }
        }
        pump()
    }

    /// For tests: silent as a dead process, but for what is asked of it.
    func abandon() {
        isAbandoned = true
        timers.cancel()
        timers = EpochTimers()
    }

    // MARK: - Ends

    /// Nothing of this epoch takes effect any more.
    func finish(_ error: TransportError) {
        guard !isOver else { return }
        if case .opening(let opened) = phase { opened(error) }
        phase = .over(error)
        link.end()
        timers.cancel()
        let (requests, settlements, waiting, ending) = (begins, settles, receivers, closing)
        let undecided = round
        (begins, settles, receivers, closing, round) = ([], [], [], nil, nil)
        (table, takenBy, stock) = ([:], [:], [])
        for request in (undecided?.begins ?? []) + requests { request.completion(error) }
        for request in (undecided?.settles ?? []) + settlements { request.completion(error) }
        for receiver in waiting { receiver.completion(error.code == .closed ? .success([]) : .failure(error)) }
        undecided?.close?(nil)
        ending?(nil)
    }

    /// The server cannot be reached: callers get to know; what is held stays under its lease for as long as that holds.
    func giveUp() {
        let error = link.lastError ?? TransportError(.unavailable, "no connection to Redis")
        let (requests, settlements, ending) = (begins, settles, closing)
        (begins, settles, closing) = ([], [], nil)
        for request in requests { request.completion(error) }
        for request in settlements {
            for (tag, _) in request.dispositions { table[tag]?.isSettling = false }
            request.completion(error)
        }
        ending?(error)
        round?.fail(error)
    }
}

/// What an epoch does when time has passed.
struct EpochTimers {
    var renewal: Scheduled<Void>?
    var move: Scheduled<Void>?
    /// When ``move`` is set for, in microseconds since 1970.
    var moveAt: Int64?
    var look: Scheduled<Void>?
    var patience: Scheduled<Void>?

    func cancel() {
        for timer in [renewal, move, look, patience] { timer?.cancel() }
    }
}

extension TransportError {
    static var notHeld: TransportError {
        TransportError(.notFound, "a delivery is not held by this consumer: it was settled already")
    }

    static var swept: TransportError {
        TransportError(
            .epochLost,
            "the consumer's lease ran out and what it held was given to others; open a new consumer"
        )
    }

    static var consumerClosed: TransportError { TransportError(.closed, "the consumer was closed") }
}
#endif
