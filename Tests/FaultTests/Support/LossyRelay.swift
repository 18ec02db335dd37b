//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Synchronization

/// A TCP relay on loopback whose connections go half-open: what is sent is taken and lost, in one direction or both, and
/// neither side hears a word of it.
///
/// A connection that has lost something stays as it is for good, for no network loses bytes in the middle and then goes on;
/// those that come after the loss are whole.
final class LossyRelay: Sendable {
    /// What is lost.
    enum Loss: Int, Sendable {
        case nothing
        /// Requests arrive.
        case answers
        case everything
    }

    private struct State {
        var loss = Loss.nothing
        var isEnded = false
    }

    /// Where clients connect to.
    let port: Int
    private let target: Int
    private let listener: Int32
    private let state = Mutex(State())

    /// - Parameter target: The port that it stands in front of.
    init(to target: Int) throws {
        self.target = target
        let listener = try LoopbackSocket.listener(on: 0)
        self.listener = listener
        port = try LoopbackSocket.port(of: listener)
        Thread.detachNewThread { [self] in takeConnections() }
    }

    /// What all connections lose now.
    var loss: Loss {
        get { state.withLock { $0.loss } }
        set { state.withLock { $0.loss = newValue } }
    }

    /// Closes everything, within moments.
    func end() { state.withLock { $0.isEnded = true } }

    private var isEnded: Bool { state.withLock { $0.isEnded } }

    /// Takes connections, on a thread of its own; each is served by another.
    private func takeConnections() {
        defer { close(listener) }
        while !isEnded {
            var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 20) > 0 else { continue }
            let client = accept(listener, nil, nil)
            guard client >= 0 else { continue }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            guard let server = try? LoopbackSocket.connection(to: target) else {
                close(client)
                continue
            }
            for socket in [client, server] { LoopbackSocket.setTimeouts(socket, seconds: 5) }
            Thread.detachNewThread { [self] in relay(client, server) }
        }
    }

    /// Until either side closes.
    private func relay(_ client: Int32, _ server: Int32) {
        defer {
            close(client)
            close(server)
        }
        // What this connection has begun to lose.
        var own = Loss.nothing
        while !isEnded {
            var waiting = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&waiting, 2, 20) > 0 else { continue }
            let now = loss
            if waiting[0].revents != 0 {
                let bytes = LoopbackSocket.read(from: client)
                if bytes.isEmpty { return }
                if now == .everything { own = .everything }
                if own != .everything, !LoopbackSocket.write(bytes[...], to: server) { return }
            }
            if waiting[1].revents != 0 {
                let bytes = LoopbackSocket.read(from: server)
                if bytes.isEmpty { return }
                if own.rawValue < now.rawValue { own = now }
                if own == .nothing, !LoopbackSocket.write(bytes[...], to: client) { return }
            }
        }
    }
}
