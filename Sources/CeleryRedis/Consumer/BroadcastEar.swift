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

/// Listens to the channels of fanout exchanges over a connection of its own: for servers, and proxies before them, that do not
/// know `HELLO 3`, where a connection that listens can do nothing else. All of it happens on one event loop.
final class BroadcastEar {
    private let link: RedisLink
    private let configuration: RedisConfiguration
    private let heard: ([RESPValue]) -> Void
    private var patterns: [String] = []
    private var ping: Scheduled<Void>?
    private var isEnded = false
    /// Called once, when the server has confirmed a subscription, or with why nothing will come of it.
    var onFirstAnswer: ((TransportError?) -> Void)?

    /// - Parameter heard: Called with each `pmessage`.
    init(
        _ configuration: RedisConfiguration,
        _ loop: any EventLoop,
        logger: Logger,
        heard: @escaping ([RESPValue]) -> Void
    ) {
        self.configuration = configuration
        self.heard = heard
        link = RedisLink(configuration, loop, logger: logger)
        link.onUp = { [weak self] connection in
            connection.handler.value.onPush = { self?.take($0) }
            self?.subscribe([], over: connection)
        }
        link.onDown = { [weak self] error in
            if !error.isTransient { self?.answer(error) }
            return self?.patterns.isEmpty == false
        }
    }

    func listen(to new: [String]) {
        let gone = patterns.filter { !new.contains($0) }
        patterns = new
        if let connection = link.connection { subscribe(gone, over: connection) } else { link.connect() }
    }

    func end() {
        isEnded = true
        answer(TransportError(.closed, "the listener was closed"))
        ping?.cancel()
        link.end()
    }

    private func subscribe(_ gone: [String], over connection: RedisConnection) {
        var commands = RedisCommands()
        if connection.hasPushes {
            if !gone.isEmpty { commands.addUnanswered("PUNSUBSCRIBE", list: gone) }
            if !patterns.isEmpty { commands.addUnanswered("PSUBSCRIBE", list: patterns) }
            commands.add("ECHO", "subscribed")
        } else {
            for pattern in gone { commands.add("PUNSUBSCRIBE", pattern) }
            for pattern in patterns { commands.add("PSUBSCRIBE", pattern) }
        }
        guard !commands.isEmpty else { return }
        send(commands, over: connection)
        pingLater()
    }

    /// What is heard looks like a reply, and may be taken for one.
    private func send(_ commands: RedisCommands, over connection: RedisConnection) {
        let deadline = NIODeadline.now() + TimeAmount(configuration.timeout)
        connection.handler.value.send(commands, deadline: deadline) { [weak self] result in
            guard let self, case .success(let replies) = result else { return }
            for reply in replies {
                if let error = reply.error {
                    return link.reconnect(RedisFailure.error(error, at: connection.endpoint.description))
                }
                take(reply.elements)
            }
            link.proved()
            if !patterns.isEmpty { answer(nil) }
        }
    }

    private func answer(_ error: TransportError?) {
        let told = onFirstAnswer
        onFirstAnswer = nil
        told?(error)
    }

    private func take(_ elements: [RESPValue]) {
        switch elements.first?.string {
        case "pmessage": heard(elements)
        case "refused":
            guard let error = elements.last?.error else { return }
            answer(RedisFailure.error(error, at: configuration.location))
        default: break
        }
    }

    private func pingLater() {
        ping?.cancel()
        guard configuration.healthCheckInterval > .zero else { return }
        ping = link.eventLoop.assumeIsolated()
            .scheduleTask(in: TimeAmount(configuration.healthCheckInterval)) { [weak self] in
                guard let self, !isEnded else { return }
                var commands = RedisCommands()
                commands.add("PING")
                if let connection = link.connection { send(commands, over: connection) }
                pingLater()
            }
    }
}
#endif
