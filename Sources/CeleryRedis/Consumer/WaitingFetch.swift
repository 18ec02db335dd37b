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

    /// Until the server may be asked again to end a fetch that it had not seen yet when it was asked; longer each time.
    private static let pauses = (first: TimeAmount.milliseconds(5), last: TimeAmount.milliseconds(100))

    /// The server, the same as that of the worker's other connection.
    let endpoint: RedisConfiguration.Endpoint
    private let link: RedisLink
    private let logger: Logger
    /// Beside the time that it waits, the server may take so long for its answer.
    private let patience: TimeAmount
    /// Whether it waits, or its answer is under way.
    private(set) var isPending = false
    /// Counts the waits.
    private(set) var number = 0
    /// When the server was last heard of.
    private var lastWord = NIODeadline.now()
    private var isEnding = false
    private var pause = pauses.first
    private var isOver = false
    /// Told when there is a connection, and when it may be asked again to end.
    var onChange: (() -> Void)?
    /// Told when the server does not let it be ended but with its connection.
    var onRefusal: ((RESPError) -> Void)?

    init(
        _ configuration: RedisConfiguration,
        at endpoint: RedisConfiguration.Endpoint,
        _ loop: any EventLoop,
        patience: TimeAmount,
        logger: Logger
    ) {
        // The worker's other connection tells of outages.
        var quiet = logger
        if quiet.logLevel > .debug { quiet.logLevel = .error }
        self.endpoint = endpoint
        link = RedisLink(configuration.only(endpoint), loop, logger: quiet)
        self.logger = logger
        self.patience = patience
        link.onUp = { [weak self] _ in
            self?.lastWord = .now()
            self?.onChange?()
        }
        link.onDown = { [weak self] _ in self?.isOver == false }
    }

    func connect() { link.connect() }

    /// Whether the connection may be dead without anybody having heard of it.
    func isSilent(for time: TimeAmount) -> Bool { lastWord + time < .now() }

    /// Whether it can begin to wait. It must be possible to end it, for which the server has to say who it is.
    var isReady: Bool { !isPending && link.connection?.clientID != nil }

    /// Waits for at most so long until there is a message in `list`, which the server moves to `taken` in the same moment.
    func wait(_ list: String, into taken: String, for time: Duration, _ completion: @escaping (Answer) -> Void) {
        guard let connection = link.connection else { return completion(.answered(nil, left: 0)) }
        isPending = true
        number += 1
        pause = Self.pauses.first
        var commands = RedisCommands()
        commands.add("BLMOVE", list, taken, "RIGHT", "LEFT", "\(time / .seconds(1))")
        commands.add("LLEN", list)
        let deadline = NIODeadline.now() + TimeAmount(time) + patience
        connection.handler.value.send(commands, deadline: deadline) { [weak self] result in
            guard let self else { return }
            isPending = false
            guard case .success(let replies) = result else { return completion(.broken) }
            lastWord = .now()
            // Whatever the second says, what the first has brought is there.
            let left = replies[1].int.map { Int($0) } ?? 1
            if let error = RedisFailure.reconnection(in: replies) {
                link.reconnect(RedisFailure.error(error, at: connection.endpoint.description))
                return completion(.answered(replies[0].bytes, left: left))
            }
            link.proved()
            if let error = replies[0].error { return completion(.refused(error)) }
            completion(.answered(replies[0].bytes, left: left))
        }
    }

    /// Ends the wait, over another connection; it is answered as always, for a message may have been faster.
    ///
    /// - Parameter write: A command that changes something. While the server holds back writes, it holds back this one and with it the
    ///   end of the fetch: a server of 7.0 or 7.2 that is asked to end one that it holds back crashes.
    func end(over other: RedisConnection, behind write: RedisCommands) {
        guard isPending, !isEnding, let id = link.connection?.clientID else { return }
        isEnding = true
        var commands = write
        commands.add("CLIENT", "UNBLOCK", id)
        other.handler.value.send(commands, deadline: .now() + patience) { [weak self, number] result in
            guard let self else { return }
            isEnding = false
            guard isPending, number == self.number, case .success(let replies) = result else { return }
            if let error = replies.last?.error {
                logger.info("a waiting fetch is ended by its connection", metadata: ["reason": "\(error)"])
                onRefusal?(error)
                return reconnect()
            }
            // Answered, or not heard of by the server yet.
            isEnding = true
            link.eventLoop.assumeIsolated()
                .scheduleTask(in: pause) { [weak self] in
                    guard let self, !isOver else { return }
                    isEnding = false
                    if isPending { onChange?() }
                }
            pause = min(Self.pauses.last, pause * 2)
        }
    }

    /// Takes another connection: this one may be dead without a word.
    func reconnect() { link.reconnect(TransportError(.unavailable, "the connection was given up")) }

    /// For good.
    func end() {
        isOver = true
        (onChange, onRefusal) = (nil, nil)
        link.end()
    }
}
#endif
