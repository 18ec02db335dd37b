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

extension EpochEngine {
    /// Sets up a new connection: enters the epoch, or finds it again.
    func arm(_ connection: RedisConnection) {
        (isArmed, isTracking, knowsTake) = (false, false, false)
        endTurn()
        connection.handler.value.onPush = { [weak self] in self?.pushed($0) }
        connectionNumber += 1
        let isFirst: Bool
        if case .opening = phase { isFirst = true } else { isFirst = false }
        let script = isFirst ? RedisScripts.enter : RedisScripts.resume
        var commands = RedisCommands()
        commands.add(
            "EVAL",
            RedisScripts.passing(script, over: connection),
            4,
            keys.fence,
            keys.lease,
            store.keys.epochs,
            store.keys.seen,
            connectionNumber,
            record.name,
            record.lease,
            keys.id,
            record.encoded(),
            SeenRecord(queues: record.queues, at: store.now).encoded()
        )
        if !record.queues.isEmpty { commands.add("SADD", store.keys.queues, list: record.queues) }
        let (sent, entered) = (NIODeadline.now(), record.encoded())
        send(commands, over: connection) { [self] replies in
            if let error = replies[0].error {
                let failure = RedisFailure.error(error, at: store.configuration.location)
                if isFirst, !failure.isTransient { return finish(failure) }
                return link.reconnect(failure)
            }
            guard let last = replies[0].int else { return finish(.swept) }
            (isFirst ? CutPoint.epochEntered : .epochResumed).reached()
            // It would hold for this epoch what that takes for settled: others are to sweep it.
            guard last >= lastEffective else { return finish(.forgotten) }
            registered = entered
            hold(since: sent)
            let fetch = round?.fetch ?? Fetch()
            var isHeard = true
            if let round {
                isHeard = last != round.number
                if isHeard { restore() } else { for answer in decided() { answer() } }
            }
            guard !isOver else { return }
            watch(connection)
            if !isHeard { unheard += fetch.lists }
            recover(over: connection)
            if !isFirst { giveUpAgain(over: connection) }
        }
    }

    /// The server has renewed the lease when it was asked to, or later: by its clock it ends no sooner.
    func hold(since sent: NIODeadline) {
        leaseUntil = sent + TimeAmount(lease)
        journal?.allowStarts(for: lease - .nanoseconds((NIODeadline.now() - sent).nanoseconds))
    }

    private func watch(_ connection: RedisConnection) {
        var commands = RedisCommands()
        if connection.hasPushes { commands.add("CLIENT", "TRACKING", "ON", "NOLOOP") }
        commands.add("WATCH", keys.fence)
        commands.add("GET", keys.fence)
        send(commands, over: connection) { [self] replies in
            guard replies.last?.isNull == false, replies.last?.error == nil else { return finish(.swept) }
            isTracking = connection.hasPushes && replies[0].error == nil
            if !isTracking {
                store.logger.info("Redis does not tell of new messages: looking for them again and again instead")
            }
            // Queues may have been changed since the epoch was entered: nothing is taken from them before the server knows.
            let isChanged = record.encoded() != registered
            if isChanged {
                register(over: connection) { [self] in if case .refused(let error) = $0 { link.reconnect(error) } }
            }
            isArmed = true
            if isChanged { restand() }
            endOutage()
            mustFile = !unfiled.isEmpty
            link.proved()
            plan.forget()
            subscribe(store.router.subscriptions(of: record.queues), over: connection)
            let waiting = unsent
            unsent = []
            for (bytes, list) in waiting { put(bytes, into: list, over: connection) }
            if case .opening(let opened) = phase {
                phase = .running
                timers.opening?.cancel()
                opened(nil)
            }
            openWaiting(at: connection.endpoint)
            checkRevocations()
            timers.isDue = false
            checkParked()
            renew()
            renewLater()
            pump()
        }
    }

    /// Whether the link should go on trying.
    func broke(_ error: TransportError) -> Bool {
        isArmed = false
        store.sawRevocations(true)
        distrustWaiting()
        guard !isOver else { return false }
        if case .opening = phase, !error.isTransient {
            finish(error)
            return false
        }
        guard case .running = phase else { return true }
        // Whatever the reason, such as a password that is being changed: it is tried again, and what runs goes on.
        let reason =
            error.code == .unavailable ? error : TransportError(.unavailable, error.message, cause: error)
        outage = reason
        failReceivers(reason)
        return true
    }

    func send(_ commands: RedisCommands, over connection: RedisConnection, _ body: @escaping ([RESPValue]) -> Void) {
        connection.handler.value.send(commands, deadline: .now() + patience) { [weak self] result in
            guard let self, !isOver, case .success(let replies) = result else { return }
            body(replies)
        }
    }

    /// Serves other queues from now on; the server knows of the lists before anything is taken from them.
    func change(to queues: [String], _ completion: @escaping (TransportError?) -> Void) {
        if case .over(let error) = phase { return completion(error) }
        let (old, before) = (plan, record.queues)
        serve(queues)
        // Without a connection the next one tells.
        guard isArmed, let connection = link.connection else { return completion(nil) }
        plan = old
        register(over: connection) { [weak self] answer in
            guard let self, !isOver else { return completion(.swept) }
            switch answer {
            case .refused(let error):
                if record.queues == queues {
                    serve(before)
                    restand()
                }
                completion(error)
            case .unheard:
                serve(record.queues)
                completion(nil)
            case .registered:
                serve(record.queues)
                plan.forget()
                subscribe(store.router.subscriptions(of: record.queues), over: connection)
                completion(nil)
                pump()
            }
        }
        restand()
    }

    private enum Registration {
        case registered
        case refused(TransportError)
        /// The connection broke; the next one tells.
        case unheard
    }

    /// Tells the server of the record as it is now.
    private func register(over connection: RedisConnection, _ completion: @escaping (Registration) -> Void) {
        let encoded = record.encoded()
        var commands = RedisCommands()
        commands.add(
            "EVAL",
            RedisScripts.passing(RedisScripts.register, over: connection),
            3,
            keys.fence,
            store.keys.epochs,
            store.keys.seen,
            connectionNumber,
            record.name,
            keys.id,
            encoded,
            SeenRecord(queues: record.queues, at: store.now).encoded()
        )
        if !record.queues.isEmpty { commands.add("SADD", store.keys.queues, list: record.queues) }
        connection.handler.value.send(commands, deadline: .now() + patience) { [weak self] result in
            switch result {
            case .failure(let error):
                connection.handler.value.close(error)
                completion(.unheard)
            case .success(let replies):
                if let self, let error = RedisFailure.first(in: replies) {
                    return completion(.refused(RedisFailure.error(error, at: store.configuration.location)))
                }
                self?.registered = encoded
                completion(.registered)
            }
        }
    }

    // MARK: - What the server says of its own accord

    /// Of what was heard while there was no connection to send it over, so much waits.
    private static let unsentLimit = 1000
    /// For so long the server knows that a message was put on its queue, in milliseconds: longer than workers may be apart.
    private static let copiedLife = 60_000

    private func subscribe(_ new: [String: Set<String>], over connection: RedisConnection) {
        guard new != subscriptions || !new.isEmpty else { return }
        let gone = subscriptions.keys.filter { new[$0] == nil }
        subscriptions = new
        guard connection.hasPushes else { return listen() }
        var commands = RedisCommands()
        if !gone.isEmpty { commands.addUnanswered("PUNSUBSCRIBE", list: gone) }
        if !new.isEmpty { commands.addUnanswered("PSUBSCRIBE", list: Array(new.keys)) }
        commands.add("ECHO", "subscribed")
        send(commands, over: connection) { _ in }
    }

    /// Without pushes channels need a connection of their own.
    private func listen() {
        if ear == nil, !subscriptions.isEmpty {
            ear = BroadcastEar(store.configuration, loop, logger: store.logger) { [weak self] in self?.pushed($0) }
        }
        ear?.listen(to: subscriptions.keys.sorted())
    }

    private func pushed(_ elements: [RESPValue]) {
        switch elements.first?.string {
        case "invalidate" where elements.count == 2:
            invalidated(elements[1].isNull ? nil : elements[1].elements.compactMap(\.string))
        case "refused":
            store.logger.warning(
                "messages that Python sends to fanout exchanges are not received",
                metadata: ["reason": "\(elements.last?.error.map { "\($0)" } ?? "")"]
            )
        case "pmessage" where elements.count == 4:
            guard let lists = subscriptions[elements[1].string ?? ""], let bytes = elements[3].bytes else { return }
            broadcast(bytes, to: lists)
        default: break
        }
    }

    /// A sender in Python has published to a fanout exchange, or one of ours that did not know of a queue: from here on it is a message
    /// like any other.
    private func broadcast(_ bytes: [UInt8], to lists: Set<String>) {
        for list in lists
        where !StoredMessage.isCopied(bytes, to: store.keys.queue(of: list), limits: store.codec.limits) {
            if isArmed, let connection = link.connection {
                put(bytes, into: list, over: connection)
            } else if unsent.count < Self.unsentLimit {
                unsent.append((bytes, list))
            }
        }
    }

    /// All workers of a queue hear the message; the first to come puts it there.
    private func put(_ bytes: [UInt8], into list: String, over connection: RedisConnection) {
        var commands = RedisCommands()
        commands.add("EVAL", RedisScripts.copy, 1, list, bytes, store.keys.copiedPrefix, Self.copiedLife)
        send(commands, over: connection) { [self] replies in
            if let error = replies[0].error {
                store.logger.warning(
                    "a message that Python sent to a fanout exchange is lost: its queue does not take it",
                    metadata: ["list": "\(list)", "reason": "\(error)"]
                )
            }
            // What another worker has put there the server tells of.
            guard replies[0].int == 1 else { return }
            plan.woken(list)
            pump()
        }
    }
}
#endif
