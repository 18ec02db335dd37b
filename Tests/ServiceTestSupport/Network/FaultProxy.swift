//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import Synchronization

/// A TCP proxy on loopback that does to connections what networks do.
///
/// It forwards bytes between clients and a port until a test tells it otherwise. A change holds for the connections there
/// are and for those to come.
package final class FaultProxy: Sendable {
    /// What becomes of bytes.
    package enum Mode: Sendable, Equatable {
        case forwarding
        /// Each piece is held back for so long, both ways.
        case delaying(Duration)
        /// Nothing is read or written: what was sent waits, and arrives when this ends.
        case stalled
        /// Everything sent is taken and lost, as if the other side had vanished without a word.
        case swallowing
        /// A connection that a piece with one of these comes over loses that and all that follows.
        case muting(from: [String])
        /// Requests arrive; with the first answer the connection breaks, so that nobody knows whether they did.
        case losingReplies
        /// The connection breaks, either way, before a piece that contains one of these.
        case breaking(before: [String])
    }

    private struct State {
        var mode = Mode.forwarding
        var listener: Int32?
        var links: [FaultLink] = []
        var isEnded = false
        var accepted = 0
    }

    /// Where clients connect to.
    package let port: Int
    private let target: Int
    private let state: Mutex<State>

    /// - Parameter target: The port that it stands in front of.
    package init(to target: Int) throws {
        self.target = target
        let listener = try LoopbackSocket.listener(on: 0)
        port = try LoopbackSocket.port(of: listener)
        state = Mutex(State(listener: listener))
        Thread.detachNewThread { [self] in takeConnections() }
    }

    package var mode: Mode {
        get { state.withLock { $0.mode } }
        set { state.withLock { $0.mode = newValue } }
    }

    /// Connections that are open now.
    package var connections: Int { state.withLock { $0.links.count { !$0.isClosed } } }

    /// Connections that there have been.
    package var accepted: Int { state.withLock { $0.accepted } }

    /// Breaks all connections; both sides see a reset. They may connect again at once.
    package func cut() {
        for link in state.withLock({ $0.links }) { link.cut() }
    }

    /// From now on nobody can connect: refused, as if nothing listened. Open connections stay.
    package func refuse() {
        state.withLock { state in
            guard let listener = state.listener else { return }
            // At once: the thread that waits for it keeps it open for a moment longer.
            shutdown(listener, Int32(SHUT_RDWR))
            close(listener)
            state.listener = nil
        }
    }

    /// Ends ``refuse()``.
    package func admit() throws {
        guard state.withLock({ $0.listener == nil }) else { return }
        let deadline = ContinuousClock.now + .seconds(2)
        var listener: Int32?
        while listener == nil {
            // Until the thread has let go of the old one, the port is taken.
            do { listener = try LoopbackSocket.listener(on: port) } catch  where ContinuousClock.now < deadline {
                _ = poll(nil, 0, 1)
            }
        }
        state.withLock { $0.listener = listener }
    }

    /// As if there were no proxy: forwards, and lets everybody in.
    package func heal() throws {
        mode = .forwarding
        try admit()
    }

    /// Refuses and cuts for ever.
    package func end() {
        state.withLock { $0.isEnded = true }
        refuse()
        cut()
    }

    /// Takes connections, on a thread of its own.
    private func takeConnections() {
        while !state.withLock({ $0.isEnded }) {
            var waiting = pollfd(fd: state.withLock { $0.listener } ?? -1, events: Int16(POLLIN), revents: 0)
            _ = poll(&waiting, 1, 10)
            guard let client = next() else { continue }
            guard let server = try? LoopbackSocket.connection(to: target) else {
                FaultLink.reset(client)
                continue
            }
            let link = FaultLink(client: client, server: server) { [weak self] in self?.mode }
            state.withLock { state in
                state.links.removeAll { $0.isClosed }
                state.links.append(link)
                state.accepted += 1
            }
            link.start()
        }
    }

    private func next() -> Int32? {
        state.withLock { state in
            guard let listener = state.listener else { return nil }
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return nil }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            return client
        }
    }
}
