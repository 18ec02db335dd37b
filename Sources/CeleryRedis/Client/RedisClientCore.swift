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
final class RedisClientCore {
    private struct Waiting {
        var commands: RedisCommands
        var deadline: NIODeadline
        var completion: RedisHandler.Completion
    }

    /// More than that wait for no connection; the next fail at once.
    private static let waitingLimit = 100_000

    private let link: RedisLink
    private var waiting: Deque<Waiting> = []
    private var expiry: Scheduled<Void>?
    private var isEnded = false
    /// Whether there has been a connection: the configuration was right then.
    private var wasUp = false

    init(_ link: RedisLink) {
        self.link = link
        link.onUp = { [weak self] _ in
            guard let self else { return }
            wasUp = true
            sendWaiting()
        }
        link.onDown = { [weak self] in self?.down($0) ?? false }
    }

    func submit(_ commands: RedisCommands, _ deadline: NIODeadline, _ completion: @escaping RedisHandler.Completion) {
        guard !isEnded else {
            return completion(.failure(TransportError(.closed, "the connection to Redis was shut down")))
        }
        if let connection = link.connection {
            send(Waiting(commands: commands, deadline: deadline, completion: completion), over: connection)
        } else {
            wait(Waiting(commands: commands, deadline: deadline, completion: completion))
        }
    }

    func end() {
        isEnded = true
        link.end()
        expiry?.cancel()
        let left = waiting
        waiting = []
        for entry in left {
            entry.completion(.failure(TransportError(.closed, "the connection to Redis was shut down")))
        }
    }

    private func send(_ entry: Waiting, over connection: RedisConnection) {
        connection.handler.value.send(entry.commands, deadline: entry.deadline) { [self] result in
            guard case .success(let replies) = result else { return entry.completion(result) }
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
        guard waiting.count < Self.waitingLimit else {
            return entry.completion(
                .failure(TransportError(.unavailable, "\(waiting.count) calls wait for a connection to Redis already"))
            )
        }
        waiting.append(entry)
        link.connect()
        watch()
    }

    private func sendWaiting() {
        while let connection = link.connection, let entry = waiting.popFirst() { send(entry, over: connection) }
    }

    /// Whether the link should go on trying.
    private func down(_ error: TransportError) -> Bool {
        // Later it is an outage like others, such as a password that is being changed: told at the deadlines, if it lasts.
        if !error.isTransient, !wasUp {
            let failed = waiting
            waiting = []
            for entry in failed { entry.completion(.failure(error)) }
        }
        return !waiting.isEmpty
    }

    private func watch() {
        guard expiry == nil, let next = waiting.map(\.deadline).min() else { return }
        expiry = link.eventLoop.assumeIsolated()
            .scheduleTask(deadline: next) { [weak self] in
                guard let self else { return }
                expiry = nil
                expire()
                watch()
            }
    }

    private func expire() {
        let now = NIODeadline.now()
        let late = waiting.filter { $0.deadline <= now }
        guard !late.isEmpty else { return }
        waiting.removeAll { $0.deadline <= now }
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
