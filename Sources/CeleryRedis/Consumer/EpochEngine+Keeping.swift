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
        guard isArmed, !isAbandoned, let connection = link.connection else { return }
        let sent = NIODeadline.now()
        var commands = RedisCommands()
        // Allowed even when the server is full, unlike SET.
        commands.add("PEXPIRE", keys.lease, record.lease)
        commands.add("PEXPIRE", store.keys.pulse(record.lease), pause)
        commands.add("HGETALL", store.keys.epochs)
        store.router.keep(record.queues, every: renewal, &commands)
        send(commands, over: connection) { [self] replies in
            if let error = replies[0].error, RedisFailure.wantsReconnection(error) {
                return link.reconnect(RedisFailure.error(error, at: store.configuration.location))
            }
            // Whoever swept the epoch did so without a lease: resuming it will tell.
            guard replies[0].int != 0 else {
                return link.reconnect(TransportError(.unavailable, "the lease had run out"))
            }
            // An error leaves it as it was.
            if replies[0].int == 1 { hold(since: sent) }
            if replies[1].int == 0 { beat(over: connection) { _ in } }
            look(at: replies[2].pairs, connection)
        }
        // A safety net under what the server tells, one part of it at a time: an idle worker is to cost the server next to nothing.
        switch renewals % 4 {
        case 0: sweeper.restore(loop: loop)
        case 1: moveOthers()
        // Half as often while a fetch waits for what comes most.
        case 3 where !receivers.isEmpty && (renewals % 8 == 3 || waiting?.isPending != true):
            plan.forget()
            pump()
        default: break
        }
        if renewals % 200 == 2 { sweeper.tidy(loop: loop) }
        renewals += 1
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

    // MARK: - Others

    /// The queues that other workers serve, as far as is known.
    func queuesOfOthers() -> [String] { others.flatMap { $0.bytes.flatMap { EpochRecord($0) }?.queues ?? [] } }

    /// How long the server may not be heard of before that counts as an outage; milliseconds.
    private var pause: Int { record.lease / 2 }

    /// Tells for how long workers have reached the server without a pause; begins anew after one.
    private func beat(over connection: RedisConnection, _ body: @escaping (Duration) -> Void) {
        var commands = RedisCommands()
        let script = RedisScripts.passing(RedisScripts.pulse, over: connection)
        commands.add("EVAL", script, 1, store.keys.pulse(record.lease), pause)
        send(commands, over: connection) { body(.microseconds($0[0].int ?? 0)) }
    }

    private func look(at others: [(key: String, value: RESPValue)], _ connection: RedisConnection) {
        let others = others.filter { $0.key != keys.id }
        self.others = others.map(\.value)
        guard !others.isEmpty else { return }
        let count = KeyCount(others.map { store.keys.epoch($0.key).lease })
        send(count.commands, over: connection) { [self] replies in
            let doubtful = count.doubtful(replies).map { others[$0] }
            guard !doubtful.isEmpty else { return sweep([]) }
            lookClosely(at: doubtful, connection)
        }
    }

    private func lookClosely(at others: [(key: String, value: RESPValue)], _ connection: RedisConnection) {
        var commands = RedisCommands()
        for other in others { commands.add("EXISTS", store.keys.epoch(other.key).lease) }
        send(commands, over: connection) { [self] replies in
            let silent = zip(others, replies).filter { $1.int == 0 }.map(\.0)
            guard !silent.isEmpty else { return sweep([]) }
            beat(over: connection) { [self] reachable in if reachable > lease { sweep(silent) } }
        }
    }

    private func sweep(_ silent: [(key: String, value: RESPValue)]) {
        let records = silent.map { ($0.key, $0.value.bytes.flatMap { EpochRecord($0) }) }
        guard let due = sweeper.sweep(records, loop: loop), timers.silent == nil else { return }
        timers.silent = loop.assumeIsolated()
            .scheduleTask(deadline: due) { [weak self] in
                guard let self, !isOver else { return }
                timers.silent = nil
                guard isArmed, let connection = link.connection else { return }
                // At all of them: the sweeper forgets since when those are silent that it is not told of.
                var commands = RedisCommands()
                commands.add("HGETALL", store.keys.epochs)
                send(commands, over: connection) { [self] replies in look(at: replies[0].pairs, connection) }
            }
    }
}

/// Asks by few commands whether many keys are there: mostly all are, and how many is all there is to know.
///
/// All workers look at each other again and again: one command for each would be as many as there are workers, squared.
struct KeyCount {
    private let chunks: [ArraySlice<String>]

    init(_ keys: [String]) { chunks = keys.chunks(of: 250) }

    var commands: RedisCommands {
        var commands = RedisCommands(capacity: chunks.reduce(64) { $0 + $1.count * 80 })
        for chunk in chunks { commands.add("EXISTS", list: chunk) }
        return commands
    }

    /// Places of the keys among which one is missing. An error says nothing of any.
    func doubtful(_ replies: [RESPValue]) -> [Int] {
        var places: [Int] = []
        for (chunk, reply) in zip(chunks, replies) {
            if let found = reply.int, found < chunk.count { places += chunk.indices }
        }
        return places
    }
}
#endif
