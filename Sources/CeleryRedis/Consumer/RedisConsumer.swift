//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Logging
import NIOCore
import Synchronization

/// One epoch of consuming from Redis.
final class RedisConsumer: TransportConsumer {
    private let store: RedisStore
    private let engine: NIOLoopBoundBox<EpochEngine?>
    /// Where results go that are settled with their message; nil when they are not kept on this server.
    private let results: RedisResultBackend?
    private let count = Atomic<UInt64>(0)
    private let starts = Mutex<StartJournal?>(nil)
    /// Deliveries of tasks that may have ended before: their stored SUCCESS is looked for.
    private let repeated = Mutex<Set<DeliveryTag>>([])

    private init(store: RedisStore, loop: any EventLoop, results: RedisResultBackend?) {
        self.store = store
        self.results = results
        engine = .makeEmptyBox(valueType: EpochEngine.self, eventLoop: loop)
    }

    /// One that was dropped without being closed is not renewed any more: others sweep it.
    deinit {
        let engine = engine
        engine.eventLoop.execute { engine.value?.finish(.consumerClosed) }
    }

    static func open(
        _ store: RedisStore,
        _ configuration: ConsumerConfiguration
    ) async throws(TransportError) -> RedisConsumer {
        var results = configuration.results as? RedisResultBackend
        if results?.storeIdentity?.name != store.configuration.serverIdentity { results = nil }
        let consumer = RedisConsumer(store: store, loop: RedisLoops.next(), results: results)
        let box = consumer.engine
        let error = await withCheckedContinuation { continuation in
            box.eventLoop.execute {
                let engine = EpochEngine(store, configuration, loop: box.eventLoop) {
                    continuation.resume(returning: $0)
                }
                box.value = engine
                consumer.starts.withLock { $0 = engine.journal }
                engine.start()
            }
        }
        if let error { throw error }
        // A result database that does not exist is found out now, and not in the middle of a settlement.
        _ = try await results?.fetch([""], timeout: store.configuration.timeout)
        return consumer
    }

    var journal: StartJournal? { starts.withLock { $0 } }

    func receive(upTo credit: Int) async throws(TransportError) -> [Delivery] {
        try await receive(upTo: credit, starting: 0)
    }

    func receive(upTo credit: Int, starting: Int) async throws(TransportError) -> [Delivery] {
        while !Task.isCancelled {
            let messages = try await take(max(1, credit), starting: max(0, starting))
            guard !messages.isEmpty else { return [] }
            var deliveries: [Delivery] = []
            var early: [Settlement] = []
            let now = store.time.now
            for message in messages {
                let (delivery, notBefore) = message.delivery(store.keys, store.codec.limits)
                if let notBefore, notBefore > now {
                    let back = Requeue(.front, notBefore: notBefore, countsAttempt: false)
                    early.append(Settlement(delivery.tag, .requeue(back)))
                } else {
                    deliveries.append(delivery)
                }
            }
            let known = deliveries.filter(\.mayHaveEnded).map(\.tag)
            if !known.isEmpty { repeated.withLock { $0.formUnion(known) } }
            if !early.isEmpty {
                do {
                    try await settle(early)
                } catch {
                    await putBack(messages)
                    throw error
                }
            }
            if !deliveries.isEmpty {
                CutPoint.received.reached()
                return deliveries
            }
        }
        return []
    }

    func begin(_ marks: [BeginMark]) async throws(TransportError) {
        guard !marks.isEmpty else { return }
        try await ask { engine, done in engine.begin(marks, isPermit: false, done) }
    }

    func permit(_ marks: [BeginMark]) async throws(TransportError) {
        guard !marks.isEmpty else { return }
        try await ask { engine, done in engine.begin(marks, isPermit: true, done) }
    }

    func settle(_ settlements: [Settlement]) async throws(TransportError) {
        guard !settlements.isEmpty else { return }
        let publication = try await Publication(settlements.flatMap(\.publish), store: store)
        var commands = RedisCommands(capacity: publication.size)
        publication.append(to: &commands, keys: store.keys)
        let stored = settlements.flatMap(\.results)
        if !stored.isEmpty {
            guard let results else {
                throw TransportError(
                    .unsupported,
                    "results of this app are not kept at \(store.configuration.location)"
                )
            }
            let (here, there) = (store.configuration.database, results.configuration.database)
            let encoded = try results.encode(stored)
            var verdicts: [ResultVerdict]?
            // A message that was sent twice, for its first sending was not answered, comes as two first deliveries: the failure of one is
            // not to take the place of the other's SUCCESS.
            let mayBeSecond = encoded.contains { !$0.isSuccess }
            if mayBeSecond || repeated.withLock({ set in settlements.contains { set.contains($0.tag) } }) {
                verdicts = try await results.verdicts(before: encoded, timeout: store.configuration.timeout)
            }
            ResultCommands.append(
                encoded,
                to: &commands,
                database: here == there ? nil : ResultCommands.DatabaseSwitch(results: there, back: here),
                verdicts: verdicts
            )
        }
        var (pushes, due) = (publication.pushes, publication.due)
        let chords = settlements.flatMap(\.chords)
        if !chords.isEmpty {
            let endings = try await ChordEndings(chords, store: store, results: results)
            commands.append(endings.commands)
            pushes.merge(endings.pushes, uniquingKeysWith: +)
            due = [due, endings.due].compactMap(\.self).min()
        }
        let dispositions = settlements.map { (tag: $0.tag.rawValue, $0.disposition) }
        let deadline = NIODeadline.now() + TimeAmount(store.configuration.timeout)
        try await ask { [commands, pushes, due] engine, done in
            engine.settle(
                SettleRequest(
                    dispositions: dispositions,
                    commands: commands,
                    pushes: pushes,
                    due: due,
                    deadline: deadline,
                    completion: done
                )
            )
        }
        repeated.withLock { $0.subtract(settlements.map(\.tag)) }
        journal?.settled(settlements.lazy.map(\.tag))
    }

    func end(_ chords: [ChordEnd]) async throws(TransportError) {
        guard !chords.isEmpty else { return }
        let endings = try await ChordEndings(chords, store: store, results: results)
        var batch = RedisCommands(capacity: endings.commands.size + 64)
        batch.add("MULTI")
        batch.append(endings.commands)
        batch.add("EXEC")
        let timeout = store.configuration.timeout
        store.replicas?.append(to: &batch, timeout: timeout)
        let replies = try await store.publisher.send(batch, timeout: timeout)
        try store.replicas?.check(replies.last, at: store.configuration.location)
    }

    func consume(_ queues: [String]) async throws(TransportError) {
        try await ask { engine, done in engine.change(to: queues, done) }
    }

    func close() async throws(TransportError) {
        try await ask { engine, done in engine.close(done) }
        do {
            try await unpark()
        } catch {
            store.logger.warning("what is parked is left for the next worker", metadata: ["reason": "\(error)"])
        }
    }

    /// The last of our workers leaves what is parked to Python's, which hold it themselves.
    private func unpark() async throws(TransportError) {
        let deadline = ContinuousClock.now + store.configuration.timeout
        let marker = store.keys.leaseMarker
        var moved: Int64 = 0
        repeat {
            var commands = RedisCommands()
            commands.add(
                "EVAL",
                RedisScripts.unpark,
                2,
                store.keys.epochs,
                store.keys.parkedQueues,
                marker.before,
                marker.after,
                store.keys.parkedPrefix,
                1000
            )
            moved = try await store.client.send(commands)[0].int ?? 0
            if moved > 0 { CutPoint.unparked.reached() }
        } while moved > 0 && ContinuousClock.now < deadline
    }

    /// Stops renewing the lease, as if the process had been stopped or had died.
    func abandon() async {
        let engine = engine
        try? await engine.eventLoop.submit { engine.value?.abandon() }.get()
    }

    /// Hands out again what was taken and not looked at.
    private func putBack(_ messages: [HeldMessage]) async {
        let engine = engine
        let tags = messages.map(\.field.tag)
        try? await engine.eventLoop.submit { engine.value?.putBack(tags) }.get()
    }

    private func take(_ credit: Int, starting: Int) async throws(TransportError) -> [HeldMessage] {
        let result: Result<[HeldMessage], TransportError> = await cancellable(.success([])) { engine, number, done in
            engine.receive(
                EpochEngine.Receiver(number: number, credit: credit, starting: starting, completion: done)
            )
        }
        return try result.get()
    }

    func untilReachable() async -> Bool {
        await cancellable(false) { engine, number, done in engine.reach(number, done) }
    }

    /// Asks for what may take long, under a number by which it is ended when the caller is cancelled.
    private func cancellable<Value: Sendable>(
        _ nothing: Value,
        _ body: @escaping @Sendable (EpochEngine, UInt64, @escaping (Value) -> Void) -> Void
    ) async -> Value {
        let number = count.add(1, ordering: .relaxed).newValue
        let engine = engine
        let isCancelled = Flag()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                engine.eventLoop.execute {
                    guard let running = engine.value, !isCancelled.isSet else {
                        return continuation.resume(returning: nothing)
                    }
                    body(running, number) { continuation.resume(returning: $0) }
                }
            }
        } onCancel: {
            isCancelled.set()
            engine.eventLoop.execute { engine.value?.cancel(number) }
        }
    }

    private func ask(
        _ body: @escaping @Sendable (EpochEngine, @escaping (TransportError?) -> Void) -> Void
    ) async throws(TransportError) {
        let engine = engine
        let error: TransportError? = await withCheckedContinuation { continuation in
            engine.eventLoop.execute {
                guard let running = engine.value else { return continuation.resume(returning: .consumerClosed) }
                body(running) { continuation.resume(returning: $0) }
            }
        }
        if let error { throw error }
    }
}

/// Set once, seen from anywhere.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

extension Delivery {
    /// Whether an earlier attempt may have stored a SUCCESS.
    fileprivate var mayHaveEnded: Bool {
        guard case .message(let message) = content else { return false }
        return redelivered || attempt > 1 || message.headers.retries > 0
    }
}

extension HeldMessage {
    /// As the worker sees it, and when it may be handed out, if its sender asked for a delay.
    fileprivate func delivery(_ keys: RedisKeys, _ limits: WireLimits) -> (Delivery, notBefore: Timestamp?) {
        let address = address(keys)
        var delivery = Delivery(
            tag: DeliveryTag(field.tag),
            queue: keys.queue(of: address.list),
            kind: list == keys.obituaries ? .obituary : .task,
            content: .malformed(address.bytes, WireError(.malformed, ""))
        )
        delivery.isPermitted = mark == .earlyPermitted || mark == .latePermitted
        do throws(WireError) {
            let (message, note) = try StoredMessage.decode(address.bytes, limits: limits)
            delivery.content = .message(message)
            delivery.redelivered = message.properties.redelivered
            delivery.attempt = note.attempts.next
            delivery.deaths = note.deaths
            let notBefore = note.notBefore.map { Timestamp(microseconds: $0) }
            if let sent = message.properties.deliveryTag.flatMap(TaskID.time(in:)) {
                delivery.enqueuedAt = max(sent, notBefore ?? sent)
            }
            return (delivery, notBefore)
        } catch {
            delivery.content = .malformed(address.bytes, error)
            return (delivery, nil)
        }
    }
}
#endif
