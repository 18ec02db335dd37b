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

/// Keeps one connection up: makes it when it is wanted, and again, with growing pauses, when it breaks.
///
/// All of it happens on one event loop.
final class RedisLink {
    private enum State {
        case down
        case connecting
        /// Waits before the next attempt.
        case pausing(Scheduled<Void>)
        case up(RedisConnection)
        case ended
    }

    private var connector: RedisConnector
    private let logger: Logger
    private var state = State.down
    private var failures = 0
    /// Why there is no connection.
    private(set) var lastError: TransportError?
    /// Called with each new connection.
    var onUp: ((RedisConnection) -> Void)?
    /// Called when a connection has broken, and after each failed attempt; true to go on trying.
    var onDown: ((TransportError) -> Bool)?

    init(_ configuration: RedisConfiguration, _ eventLoop: any EventLoop, logger: Logger) {
        connector = RedisConnector(configuration: configuration, eventLoop: eventLoop)
        self.logger = logger
    }

    var eventLoop: any EventLoop { connector.eventLoop }
    var configuration: RedisConfiguration { connector.configuration }
    /// The server, for messages; without its password.
    var location: String { connector.configuration.location }

    /// The connection, when there is one.
    var connection: RedisConnection? {
        guard case .up(let connection) = state else { return nil }
        return connection
    }

    /// Begins to connect, unless that is under way.
    func connect() {
        guard case .down = state else { return }
        state = .connecting
        let link = NIOLoopBound(self, eventLoop: eventLoop)
        let connector = connector
        // Unstructured, for the attempt belongs to no caller: it ends by its own time-outs, and `end()` closes what it brings.
        Task(executorPreference: LoopExecutor(eventLoop)) {
            let result: Result<RedisConnection, TransportError>
            do throws(TransportError) {
                result = .success(try await connector.connect())
            } catch {
                result = .failure(error)
            }
            connector.eventLoop.execute { link.value.attempted(result) }
        }
    }

    /// The connection has proved useful: the next failure is the first again.
    func proved() {
        guard failures > 0 || lastError != nil else { return }
        if let connection { logger.notice("connected again", metadata: ["redis": "\(connection.endpoint)"]) }
        (failures, lastError) = (0, nil)
    }

    /// Breaks the connection off, to make a new one.
    func reconnect(_ reason: TransportError) { connection?.handler.value.close(reason) }

    /// Closes for good.
    func end() {
        let old = state
        state = .ended
        (onUp, onDown) = (nil, nil)
        switch old {
        case .up(let connection):
            connection.handler.value.close(TransportError(.closed, "the connection was closed"))
        case .pausing(let pause): pause.cancel()
        default: break
        }
    }

    private func attempted(_ result: Result<RedisConnection, TransportError>) {
        guard case .connecting = state else {
            if case .success(let connection) = result { connection.close() }
            return
        }
        switch result {
        case .failure(let error): failed(error)
        case .success(let connection):
            guard connection.handler.value.isOpen else {
                return failed(TransportError(.unavailable, "Redis at \(connection.endpoint) closed the connection"))
            }
            state = .up(connection)
            connector.hasConnected = true
            connection.handler.value.onClose = { [weak self] error in self?.failed(error) }
            onUp?(connection)
        }
    }

    private func failed(_ error: TransportError) {
        guard !isEnded else { return }
        lastError = error
        failures += 1
        state = .down
        logger.log(
            level: failures == 1 ? .warning : .debug,
            "connection to Redis lost or refused",
            metadata: ["reason": "\(error)", "attempt": "\(failures)"]
        )
        guard onDown?(error) == true, !isEnded, case .down = state else { return }
        state = .pausing(
            eventLoop.assumeIsolated()
                .scheduleTask(in: Self.pause(failures)) { [weak self] in
                    guard let self, case .pausing = state else { return }
                    state = .down
                    connect()
                }
        )
    }

    private var isEnded: Bool {
        guard case .ended = state else { return false }
        return true
    }

    /// 20 ms, doubled each time up to a second, each a quarter more or less so that a fleet does not return as one.
    private static func pause(_ failures: Int) -> TimeAmount {
        let milliseconds = Double(min(1000, 10 << min(failures, 10))) * Double.random(in: 0.75...1.25)
        return .milliseconds(Int64(milliseconds))
    }
}
#endif
