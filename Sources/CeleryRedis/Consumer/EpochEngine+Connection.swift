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
        isTracking = false
        isFetching = false
        let isFirst: Bool
        if case .opening = phase { isFirst = true } else { isFirst = false }
        connection.handler.value.onPush = { [weak self] in self?.pushed($0) }
        if isFirst { enter(connection) } else { resume(connection) }
    }

    private func enter(_ connection: RedisConnection) {
        record.connection += 1
        record.firstConnection = record.connection
        var commands = RedisCommands()
        commands.add("MULTI")
        commands.add("SET", keys.fence, fenceValue(0))
        commands.add("SET", keys.lease, record.name, "PX", record.lease)
        commands.add("HSET", store.keys.epochs, keys.id, record.encoded())
        commands.add("HSET", store.keys.seen, record.name, SeenRecord(queues: record.queues, at: store.now).encoded())
        if !record.queues.isEmpty { commands.add("SADD", store.keys.queues, list: record.queues) }
        commands.add("EXEC")
        send(commands, over: connection) { [self] replies in
            if let error = RedisFailure.first(in: replies) {
                return finish(RedisFailure.error(error, at: store.configuration.location))
            }
            watch(connection)
        }
    }

    /// The connection before may still do what it has buffered: the change of the fence makes its transaction fail.
    private func resume(_ connection: RedisConnection) {
        let old = clientID
        record.connection += 1
        var commands = RedisCommands()
        commands.add("EVAL", RedisScripts.resume, 1, keys.fence, record.connection)
        send(commands, over: connection) { [self] replies in
            if let error = replies[0].error {
                return link.reconnect(RedisFailure.error(error, at: store.configuration.location))
            }
            guard let last = replies[0].int else { return finish(.swept) }
            if let round {
                if last == round.number { decided() } else { restore() }
            }
            guard !isOver else { return }
            var commands = RedisCommands()
            commands.add("SET", keys.lease, record.name, "PX", record.lease)
            commands.add("HSET", store.keys.epochs, keys.id, record.encoded())
            if let old { commands.add("CLIENT", "KILL", "ID", old) }
            send(commands, over: connection) { [self] _ in
                mustFile = !takenBy.isEmpty
                watch(connection)
            }
        }
    }

    private func watch(_ connection: RedisConnection) {
        var commands = RedisCommands()
        if connection.hasPushes { commands.add("CLIENT", "TRACKING", "ON", "NOLOOP") }
        commands.add("ZCARD", store.keys.revokedIndex)
        commands.add("WATCH", keys.fence)
        commands.add("GET", keys.fence)
        subscriptions = store.router.subscriptions(of: record.queues)
        if connection.hasPushes, !subscriptions.isEmpty {
            commands.addUnanswered("PSUBSCRIBE", list: Array(subscriptions.keys))
        }
        send(commands, over: connection) { [self] replies in
            guard replies.last?.isNull == false, replies.last?.error == nil else { return finish(.swept) }
            isTracking = connection.hasPushes && replies[0].error == nil
            if isTracking { store.sawRevocations(replies[1].int != 0) }
            if !isTracking {
                store.logger.info("Redis does not tell of new messages: looking for them again and again instead")
            }
            clientID = connection.clientID
            (isArmed, connectedSince, downSince) = (true, .now(), nil)
            timers.patience?.cancel()
            timers.patience = nil
            plan.forget()
            if case .opening(let opened) = phase {
                phase = .running
                opened(nil)
            }
            renew()
            renewLater()
            moveParked(at: store.now)
            pump()
        }
    }

    /// Whether the link should go on trying.
    func broke(_ error: TransportError) -> Bool {
        (isArmed, isFetching, connectedSince) = (false, false, nil)
        store.sawRevocations(true)
        guard !isOver else { return false }
        if case .opening(let opened) = phase, !error.isTransient {
            phase = .over(error)
            opened(error)
            timers.cancel()
            return false
        }
        if downSince == nil { downSince = .now() }
        if timers.patience == nil {
            timers.patience = loop.assumeIsolated()
                .scheduleTask(in: TimeAmount(store.configuration.timeout)) { [weak self] in
                    guard let self else { return }
                    timers.patience = nil
                    guard !isArmed, !isOver else { return }
                    if case .opening(let opened) = phase {
                        let error = link.lastError ?? TransportError(.unavailable, "no connection to Redis in time")
                        phase = .over(error)
                        opened(error)
                        link.end()
                        return timers.cancel()
                    }
                    giveUp()
                }
        }
        return true
    }

    func send(_ commands: RedisCommands, over connection: RedisConnection, _ body: @escaping ([RESPValue]) -> Void) {
        // Shorter than a lease, so that a connection that hears nothing any more is replaced while the lease holds.
        let deadline = NIODeadline.now() + TimeAmount(min(store.configuration.timeout, lease / 3))
        connection.handler.value.send(commands, deadline: deadline) { [weak self] result in
            guard let self, !isOver, case .success(let replies) = result else { return }
            body(replies)
        }
    }

    private func pushed(_ elements: [RESPValue]) {
        switch elements.first?.string {
        case "invalidate" where elements.count == 2:
            invalidated(elements[1].isNull ? nil : elements[1].elements.compactMap(\.string))
        case "pmessage" where elements.count == 4:
            guard let list = subscriptions[elements[1].string ?? ""], let bytes = elements[3].bytes else { return }
            broadcast(bytes, to: list)
        default: break
        }
    }

    /// A sender in Python has published to a fanout exchange: from here on it is a message like any other.
    private func broadcast(_ bytes: [UInt8], to list: String) {
        guard !StoredMessage.isCopied(bytes, limits: store.codec.limits), let connection = link.connection else {
            return
        }
        var commands = RedisCommands()
        commands.add("LPUSH", list, bytes)
        send(commands, over: connection) { [self] _ in
            plan.woken(list)
            pump()
        }
    }
}
#endif
