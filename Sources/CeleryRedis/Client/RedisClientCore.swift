//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import DequeModule
import NIOCore

/// What a client does on its event loop: commands wait here until there is a connection.
///
/// One that has been silent for `healthCheckInterval` is asked whether it still lives before anything else is sent over it: what
/// waits meanwhile goes over another one if it does not, while of what was sent nobody would know whether it took effect.
final class RedisClientCore {
    private struct Waiting {
        var commands: RedisCommands
        var deadline: NIODeadline
        var completion: RedisHandler.Completion
    }

    /// More than that wait for no connection; the next fail at once.
    private static let waitingLimit = 100_000
    private static let waitingBytesLimit = 256 << 20

    private let link: RedisLink
    private var waiting: Deque<Waiting> = []
    private var waitingBytes = 0
    /// What ends those of `waiting` whose time is over, and when it does.
    private var expiry: (timer: Scheduled<Void>, due: NIODeadline)?
    private var isEnded = false
    /// Whether there has been a connection: the configuration was right then.
    private var wasUp = false
    /// Calls that were sent and are not answered.
    private var unanswered = 0
    /// When the connection last proved to work.
    private var lastAnswer = NIODeadline.now()
    /// Whether the connection is being asked whether it lives.
    private var isChecking = false

    init(_ link: RedisLink) {
        self.link = link
        link.onUp = { [weak self] _ in
            guard let self else { return }
            wasUp = true
            isChecking = false
            lastAnswer = .now()
            sendWaiting()
        }
        link.onDown = { [weak self] in self?.down($0) ?? false }
    }

    func submit(_ commands: RedisCommands, _ deadline: NIODeadline, _ completion: @escaping RedisHandler.Completion) {
        guard !isEnded else {
            return completion(.failure(TransportError(.closed, "the connection to Redis was shut down")))
        }
        guard deadline > .now() else {
            return completion(
                .failure(TransportError(.unavailable, "no time was left to ask \(link.location): nothing was sent"))
            )
        }
        let entry = Waiting(commands: commands, deadline: deadline, completion: completion)
        guard let connection = link.connection else { return wait(entry) }
        if !isChecking, isSilent { check(connection) }
        if isChecking { wait(entry) } else { send(entry, over: connection) }
    }

    func end() {
        isEnded = true
        link.end()
        expiry?.timer.cancel()
        let left = waiting
        (waiting, waitingBytes) = ([], 0)
        for entry in left {
            entry.completion(.failure(TransportError(.closed, "the connection to Redis was shut down")))
        }
    }

    /// Whether it is time to ask the connection: nothing is under way, and it has not answered for long.
    private var isSilent: Bool {
        let interval = link.configuration.healthCheckInterval
        return interval > .zero && unanswered == 0 && lastAnswer + TimeAmount(interval) <= .now()
    }

    /// Asks in half the time that a call has, so that there is some left for another connection.
    private func check(_ connection: RedisConnection) {
        isChecking = true
        var ping = RedisCommands()
        ping.add("PING")
        let deadline = NIODeadline.now() + TimeAmount(link.configuration.timeout / 2)
        connection.handler.value.send(ping, deadline: deadline) { [weak self] result in
            // Without an answer the connection is over: the next takes what waits.
            guard let self, case .success(let replies) = result else { return }
            isChecking = false
            lastAnswer = .now()
            if let error = RedisFailure.reconnection(in: replies) {
                return link.reconnect(RedisFailure.error(error, at: connection.endpoint.description))
            }
            sendWaiting()
        }
    }

    private func send(_ entry: Waiting, over connection: RedisConnection) {
        unanswered += 1
        connection.handler.value.send(entry.commands, deadline: entry.deadline, isShared: true) { [self] result in
            unanswered -= 1
            guard case .success(let replies) = result else { return entry.completion(result) }
            lastAnswer = .now()
            guard let error = RedisFailure.reconnection(in: replies) else {
                link.proved()
                return entry.completion(result)
            }
            // Again goes only what certainly took no effect; the others are the caller's to repeat.
            if RedisFailure.tookNoEffect(replies), entry.deadline > .now(), !isEnded {
                wait(entry)
            } else {
                entry.completion(result)
            }
            link.reconnect(RedisFailure.error(error, at: connection.endpoint.description))
        }
        CutPoint.commandSent.reached()
    }

    private func wait(_ entry: Waiting) {
        guard waiting.count < Self.waitingLimit, waiting.isEmpty || waitingBytes < Self.waitingBytesLimit else {
            return entry.completion(
                .failure(TransportError(.unavailable, "\(waiting.count) calls wait for a connection to Redis already"))
            )
        }
        waiting.append(entry)
        waitingBytes += entry.commands.size
        link.connect()
        watch(entry.deadline)
    }

    private func sendWaiting() {
        while let connection = link.connection, let entry = waiting.popFirst() {
            waitingBytes -= entry.commands.size
            send(entry, over: connection)
        }
    }

    /// Whether the link should go on trying.
    private func down(_ error: TransportError) -> Bool {
        isChecking = false
        // Later it is an outage like others, such as a password that is being changed: told at the deadlines, if it lasts.
        if !error.isTransient, !wasUp {
            let failed = waiting
            (waiting, waitingBytes) = ([], 0)
            for entry in failed { entry.completion(.failure(error)) }
        }
        return !waiting.isEmpty
    }

    /// Wakes when that is over, or before: no other of `waiting` is due before the one that is watched for.
    private func watch(_ deadline: NIODeadline) {
        // One is kept that is due no later, though what it was for may have been sent meanwhile.
        if let expiry, expiry.due <= deadline { return }
        expiry?.timer.cancel()
        let timer = link.eventLoop.assumeIsolated()
            .scheduleTask(deadline: deadline) { [weak self] in
                guard let self else { return }
                expiry = nil
                expire()
                if expiry == nil, let next = waiting.lazy.map(\.deadline).min() {
                    // Looking at all takes its time: not again for each of many deadlines that lie close together.
                    watch(max(next, .now() + .microseconds(Int64(max(1000, 4 * waiting.count)))))
                }
            }
        expiry = (timer, deadline)
    }

    private func expire() {
        let now = NIODeadline.now()
        let late = waiting.filter { $0.deadline <= now }
        guard !late.isEmpty else { return }
        waiting.removeAll { $0.deadline <= now }
        for entry in late { waitingBytes -= entry.commands.size }
        let error = link.lastError
        for entry in late {
            entry.completion(
                .failure(
                    TransportError(
                        .unavailable,
                        error?.message ?? "no connection to \(link.location) in time",
                        cause: error?.cause
                    )
                )
            )
        }
    }
}
#endif
