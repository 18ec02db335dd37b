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

/// A fetch that waits at the server for the next message of one list, on a connection of its own.
///
/// What it brings has cost no round trip, and of all workers that wait the server wakes one. See
/// docs/decisions/0022-a-fetch-that-waits.md.
final class WaitingFetch {
    enum Answer {
        /// The message that was taken, if any, and how many are left in the list.
        case answered([UInt8]?, left: Int)
        case refused(RESPError)
        /// The connection broke: nobody knows whether one was taken.
        case broken
    }

    /// Until the server is asked again to end a fetch that it had not seen yet when it was asked.
    private static let pause = TimeAmount.milliseconds(5)

    /// The server, the same as that of the worker's other connection.
    let endpoint: RedisConfiguration.Endpoint
    private let link: RedisLink
    private let logger: Logger
    /// Beside the time that it waits, the server may take so long for its answer.
    private let patience: TimeAmount
    /// Whether it waits, or its answer is under way.
    private(set) var isPending = false
    private var isEnding = false
    private var isOver = false
    /// Told when there is a connection.
    var onUp: (() -> Void)?

    init(
        _ configuration: RedisConfiguration,
        at endpoint: RedisConfiguration.Endpoint,
        _ loop: any EventLoop,
        patience: TimeAmount,
        logger: Logger
    ) {
        var configuration = configuration
        configuration.discovery = .fixed([endpoint])
        // The worker's other connection tells of outages.
        var quiet = logger
        if quiet.logLevel > .debug { quiet.logLevel = .error }
        self.endpoint = endpoint
        link = RedisLink(configuration, loop, logger: quiet)
        self.logger = logger
        self.patience = patience
        link.onUp = { [weak self] _ in self?.onUp?() }
        link.onDown = { [weak self] _ in self?.isOver == false }
    }

    func connect() { link.connect() }

    /// Whether it can begin to wait. It must be possible to end it, for which the server has to say who it is.
    var isReady: Bool { !isPending && link.connection?.clientID != nil }

    /// Waits for at most so long until there is a message in `list`, which the server moves to `taken` in the same moment.
    func wait(_ list: String, into taken: String, for time: Duration, _ completion: @escaping (Answer) -> Void) {
        guard let connection = link.connection else { return completion(.answered(nil, left: 0)) }
        isPending = true
        var commands = RedisCommands()
        commands.add("BLMOVE", list, taken, "RIGHT", "LEFT", "\(time / .seconds(1))")
        commands.add("LLEN", list)
        let deadline = NIODeadline.now() + TimeAmount(time) + patience
        connection.handler.value.send(commands, deadline: deadline) { [weak self] result in
            guard let self else { return }
            isPending = false
            guard case .success(let replies) = result else { return completion(.broken) }
            if let error = RedisFailure.reconnection(in: replies) {
                link.reconnect(RedisFailure.error(error, at: connection.endpoint.description))
                return completion(.answered(nil, left: 0))
            }
            link.proved()
            if let error = replies[0].error { return completion(.refused(error)) }
            completion(.answered(replies[0].bytes, left: Int(replies[1].int ?? 0)))
        }
    }

    /// Ends the wait, over another connection; it is answered as always, for a message may have been faster.
    func end(over other: RedisConnection) {
        guard isPending, !isEnding, let id = link.connection?.clientID else { return }
        isEnding = true
        var commands = RedisCommands()
        commands.add("CLIENT", "UNBLOCK", id)
        other.handler.value.send(commands, deadline: .now() + patience) { [weak self] result in
            guard let self else { return }
            isEnding = false
            guard isPending, case .success(let replies) = result else { return }
            if let error = replies[0].error {
                logger.info("a waiting fetch is ended by its connection", metadata: ["reason": "\(error)"])
                return reconnect()
            }
            // Answered, or not heard of by the server yet.
            link.eventLoop.assumeIsolated()
                .scheduleTask(in: Self.pause) { [weak self] in
                    guard let self, !isOver else { return }
                    end(over: other)
                }
        }
    }

    /// Takes another connection: this one may be dead without a word.
    func reconnect() { link.reconnect(TransportError(.unavailable, "the connection was given up")) }

    /// For good.
    func end() {
        isOver = true
        onUp = nil
        link.end()
    }
}
#endif
