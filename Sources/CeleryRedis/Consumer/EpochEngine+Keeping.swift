//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import Logging
import NIOCore

extension EpochEngine {
    /// Renews the lease, looks after what is parked and after the epochs of others; again and again.
    func renewLater() {
        timers.renewal?.cancel()
        guard !isAbandoned else { return }
        timers.renewal = loop.assumeIsolated()
            .scheduleTask(in: TimeAmount(renewal)) { [weak self] in
                guard let self, !isOver else { return }
                renew()
                renewLater()
            }
    }

    func renew() {
        guard isArmed, let connection = link.connection else { return }
        var commands = RedisCommands()
        commands.add("SET", keys.lease, record.name, "PX", record.lease)
        commands.add("GET", keys.fence)
        appendMove(to: &commands)
        commands.add("HGETALL", store.keys.epochs)
        commands.add("EVAL", RedisScripts.pulse, 1, store.keys.pulse, Int64(lease / .microseconds(2)))
        send(commands, over: connection) { [self] replies in
            if let error = replies[0].error, RedisFailure.wantsReconnection(error) {
                return link.reconnect(RedisFailure.error(error, at: store.configuration.location))
            }
            if replies[1].isNull { return finish(.swept) }
            moved(replies[2])
            look(at: replies[3].pairs, reachable: .microseconds(replies[4].int ?? 0), connection)
        }
        drainOldConnections(connection)
        if renewals.isMultiple(of: 2) { lookOnceMore() }
        if renewals.isMultiple(of: 4) { sweeper.restore(loop: loop) }
        renewals += 1
    }

    /// A safety net under what the server tells.
    private func lookOnceMore() {
        guard !receivers.isEmpty else { return }
        plan.forget()
        pump()
    }

    func checkFence() {
        guard let connection = link.connection else { return }
        var commands = RedisCommands()
        commands.add("GET", keys.fence)
        send(commands, over: connection) { [self] replies in
            if replies[0].isNull { finish(.swept) }
        }
    }

    func checkRevocations() {
        store.sawRevocations(true)
        guard isTracking, let connection = link.connection else { return }
        var commands = RedisCommands()
        commands.add("ZCARD", store.keys.revokedIndex)
        send(commands, over: connection) { [self] in store.sawRevocations($0[0].int != 0) }
    }

    // MARK: - What is parked

    /// Sees to it that what is due by then is moved.
    func moveParked(at due: Int64) {
        guard !isAbandoned else { return }
        if let planned = timers.moveAt, planned <= due { return }
        timers.move?.cancel()
        timers.moveAt = due
        let wait = TimeAmount.microseconds(max(0, due - store.now))
        timers.move = loop.assumeIsolated()
            .scheduleTask(in: wait) { [weak self] in
                guard let self, !isOver else { return }
                (timers.move, timers.moveAt) = (nil, nil)
                guard isArmed, let connection = link.connection else { return }
                var commands = RedisCommands()
                appendMove(to: &commands)
                send(commands, over: connection) { [self] in moved($0[0]) }
            }
    }

    private func appendMove(to commands: inout RedisCommands) {
        commands.add(
            "EVAL",
            RedisScripts.move,
            1,
            store.keys.parkedQueues,
            store.keys.parkedPrefix,
            store.now,
            500
        )
    }

    private func moved(_ reply: RESPValue) {
        if let error = reply.error {
            store.logger.warning("parked messages cannot be moved", metadata: ["reason": "\(error)"])
        }
        let answer = reply.elements
        guard answer.count == 2 else { return }
        if let count = answer[0].int, count > 0 {
            plan.forget()
            pump()
        }
        if let due = answer[1].int, due >= 0 { moveParked(at: due) }
    }

    // MARK: - Others, and older connections

    /// - Parameter reachable: For how long workers have reached the server without a pause.
    private func look(
        at others: [(key: String, value: RESPValue)],
        reachable: Duration,
        _ connection: RedisConnection
    ) {
        let records = others.filter { $0.key != keys.id }.map { ($0.key, $0.value.bytes ?? []) }
        guard !records.isEmpty, reachable > lease else { return sweeper.saw([]) }
        var commands = RedisCommands()
        for (id, _) in records { commands.add("EXISTS", store.keys.epoch(id).lease) }
        send(commands, over: connection) { [self] replies in
            sweeper.saw(zip(records, replies).filter { $1.int == 0 }.map(\.0), loop: loop)
        }
    }

    /// What an older connection moved out of a list without our hearing of it goes back there.
    private func drainOldConnections(_ connection: RedisConnection) {
        guard record.firstConnection < record.connection, !takenBy.values.contains(where: { $0 < record.connection })
        else { return }
        var old = record
        old.connection = record.connection - 1
        let taken = old.takenKeys(keys)
        var commands = RedisCommands()
        for (key, _) in taken { commands.add("LLEN", key) }
        send(commands, over: connection) { [self] replies in
            var moves = RedisCommands()
            for ((key, list), length) in zip(taken, replies) {
                for _ in 0..<(length.int ?? 0) { moves.add("LMOVE", key, list, "LEFT", "RIGHT") }
            }
            let isQuiet = connectedSince.map { $0 + TimeAmount(lease) < .now() } ?? false
            if moves.isEmpty, isQuiet {
                record.firstConnection = record.connection
                moves.add("HSET", store.keys.epochs, keys.id, record.encoded())
            }
            guard !moves.isEmpty else { return }
            send(moves, over: connection) { [self] _ in
                plan.forget()
                pump()
            }
        }
    }
}
#endif
