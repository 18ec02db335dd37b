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

/// Waits for results over one connection of its own, however many wait. All of it happens on one event loop.
///
/// Each result is subscribed to and read in one exchange, in this order, so that nothing stored in between is missed; after a
/// reconnection all of them are. A server that cannot push is polled instead.
final class ResultFeed {
    /// Results in one command, so that no command holds the server up for long.
    private static let chunk = 500
    /// The first word of the server is waited for that long, however short the wait.
    private static let grace = TimeAmount.seconds(1)

    private let configuration: RedisConfiguration
    private let keyPrefix: String
    private let codec: WireCodec
    private let link: RedisLink
    private var waits = ResultWaits()
    private var polls = ResultPolls()
    /// To be subscribed to and read at the end of this turn of the loop.
    private var fresh: [String] = []
    /// To be unsubscribed from then.
    private var leaving: [String] = []
    private var isFlushScheduled = false
    private var timer: (time: NIODeadline, task: Scheduled<Void>)?
    private var nextPing = NIODeadline.distantFuture
    private var isEnded = false
    /// Whether the server has answered once: the configuration was right then.
    private var hasAnswered = false

    init(_ configuration: RedisConfiguration, prefix: String, codec: WireCodec, _ loop: any EventLoop, logger: Logger) {
        self.configuration = configuration
        self.codec = codec
        keyPrefix = RedisResultKeys.key(of: "", prefix: prefix)
        link = RedisLink(configuration, loop, logger: logger)
        link.onUp = { [weak self] in self?.up($0) }
        link.onDown = { [weak self] in self?.down($0) ?? false }
    }

    /// Completes with the bytes of a ready state, or of what cannot be read; with nil at the deadline, or the reason why
    /// there was no answer until then.
    func wait(
        _ number: UInt64,
        for id: String,
        until deadline: NIODeadline,
        _ completion: @escaping ResultWaits.Completion
    ) {
        guard !isEnded else { return completion(.failure(closed)) }
        let isFirst = waits.add(number, for: id, until: deadline, lastChance: .now() + Self.grace, completion)
        if isFirst || link.connection?.hasPushes == false {
            polls.reset(id)
            fresh.append(id)
            flushSoon()
        }
        link.connect()
        setTimer()
    }

    func cancel(_ number: UInt64, for id: String) {
        guard let waiter = waits.remove(number, for: id) else { return }
        if waiter.isLast { leave(id) }
        waiter.completion(.failure(.cancelledWait(for: id)))
    }

    func end() {
        isEnded = true
        link.end()
        timer?.task.cancel()
        for completion in waits.removeAll() { completion(.failure(closed)) }
    }

    private var closed: TransportError {
        TransportError(.closed, "the result backend \(configuration.location) was shut down")
    }

    // MARK: - The connection

    private func up(_ connection: RedisConnection) {
        (fresh, leaving, polls) = (waits.ids, [], ResultPolls())
        if connection.hasPushes {
            connection.handler.value.onPush = { [weak self] in self?.take($0) }
        }
        flush()
        setTimer()
    }

    /// Whether the link should go on trying.
    private func down(_ error: TransportError) -> Bool {
        // Later it is an outage like others, such as a password that is being changed.
        if !error.isTransient, !hasAnswered {
            for completion in waits.removeAll() { completion(.failure(error)) }
        }
        return !waits.isEmpty
    }

    private func flushSoon() {
        guard !isFlushScheduled, link.connection != nil else { return }
        isFlushScheduled = true
        link.eventLoop.assumeIsolated()
            .execute { [weak self] in
                self?.isFlushScheduled = false
                self?.flush()
            }
    }

    private func flush() {
        guard let connection = link.connection else { return }
        let ids = fresh.filter { waits.contains($0) }
        var commands = RedisCommands()
        for ids in leaving.chunks(of: Self.chunk) { commands.addUnanswered("UNSUBSCRIBE", list: ids.map(key)) }
        // Only what is answered shows that the connection works.
        if !leaving.isEmpty, ids.isEmpty {
            commands.add("PING")
            send(commands, [], over: connection)
        }
        (fresh, leaving) = ([], [])
        for ids in ids.chunks(of: Self.chunk) {
            let keys = ids.map(key)
            if connection.hasPushes { commands.addUnanswered("SUBSCRIBE", list: keys) }
            commands.add("MGET", list: keys)
            send(commands, ids, over: connection)
            commands = RedisCommands()
        }
    }

    private func key(_ id: String) -> String { keyPrefix + id }

    private func send(_ commands: RedisCommands, _ ids: ArraySlice<String>, over connection: RedisConnection) {
        let interval = configuration.healthCheckInterval
        nextPing = interval > .zero ? .now() + TimeAmount(interval) : .distantFuture
        connection.handler.value.send(commands, deadline: .now() + TimeAmount(configuration.timeout)) {
            [weak self] result in
            // When there is no answer the connection is over, and everything is asked for again over the next.
            guard let self, case .success(let replies) = result else { return }
            if let error = RedisFailure.first(in: replies) {
                return link.reconnect(RedisFailure.error(error, at: connection.endpoint.description))
            }
            link.proved()
            hasAnswered = true
            if !ids.isEmpty { read(ids, replies.last?.elements ?? [], isPolled: !connection.hasPushes) }
        }
    }

    // MARK: - What is stored

    private func read(_ ids: ArraySlice<String>, _ values: [RESPValue], isPolled: Bool) {
        let now = NIODeadline.now()
        for (id, value) in zip(ids, values) {
            if let bytes = value.bytes { arrived(id, bytes) } else { dismiss(waits.see(id)) }
            if isPolled, waits.contains(id) { polls.looked(for: id, now) }
        }
        if isPolled { setTimer() }
    }

    private func take(_ push: [RESPValue]) {
        if push.first == RedisHandler.refused, let error = push.last?.error, let connection = link.connection {
            return link.reconnect(RedisFailure.error(error, at: connection.endpoint.description))
        }
        guard push.count == 3, push[0].string == "message", let channel = push[1].string, channel.hasPrefix(keyPrefix),
            let bytes = push[2].bytes
        else { return }
        arrived(String(channel.dropFirst(keyPrefix.count)), bytes)
    }

    private func arrived(_ id: String, _ bytes: [UInt8]) {
        guard waits.contains(id) else { return }
        // What cannot be read ends the wait too: whoever waits will say why.
        let state = StoredStatus.state(bytes) ?? (try? codec.decodeStoredMeta(bytes))?.state
        guard state?.isReady ?? true else { return dismiss(waits.see(id)) }
        let completions = waits.removeAll(for: id)
        leave(id)
        for completion in completions { completion(.success(bytes)) }
    }

    /// Nobody waits for it any more.
    private func leave(_ id: String) {
        polls.reset(id)
        guard link.connection?.hasPushes == true else { return }
        leaving.append(id)
        flushSoon()
    }

    // MARK: - Time

    /// One timer for everything: the earliest deadline, the next ping, the next poll.
    private func setTimer() {
        var times = [waits.nextAlarm, polls.nextTime].compactMap { $0 }
        if !waits.isEmpty, link.connection?.hasPushes == true { times.append(nextPing) }
        guard let next = times.min() else { return }
        if let timer, timer.time <= next { return }
        timer?.task.cancel()
        let task = link.eventLoop.assumeIsolated()
            .scheduleTask(deadline: next) { [weak self] in
                self?.timer = nil
                self?.tick(.now())
            }
        timer = (next, task)
    }

    private func tick(_ now: NIODeadline) {
        dismiss(waits.removeLate(now, isHopeful: link.connection != nil || link.lastError == nil))
        fresh += polls.popDue(now)
        flush()
        if !waits.isEmpty, nextPing <= now, let connection = link.connection {
            var ping = RedisCommands()
            ping.add("PING")
            send(ping, [], over: connection)
        }
        setTimer()
    }

    private func dismiss(_ late: [ResultWaits.Late]) {
        for late in late {
            if late.isLast { leave(late.id) }
            late.completion(late.isSeen ? .success(nil) : .failure(silence))
        }
    }

    private var silence: TransportError {
        guard link.connection == nil, let error = link.lastError else {
            return TransportError(.unavailable, "Redis at \(configuration.location) did not answer in time")
        }
        return TransportError(.unavailable, error.message, cause: error.cause)
    }
}
#endif
