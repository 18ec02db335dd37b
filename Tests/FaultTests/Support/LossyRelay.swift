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

    private let target: Int
    private let acceptor: LoopbackAcceptor
    private let current = Mutex(Loss.nothing)

    /// - Parameter target: The port that it stands in front of.
    init(to target: Int) throws {
        self.target = target
        acceptor = try LoopbackAcceptor()
        acceptor.start { [self] in relay($0) }
    }

    /// Where clients connect to.
    var port: Int { acceptor.port }

    /// What all connections lose now.
    var loss: Loss {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    /// Closes everything, within moments.
    func end() { acceptor.end() }

    /// Until either side closes.
    private func relay(_ client: Int32) {
        guard let server = try? LoopbackSocket.connection(to: target) else { return }
        LoopbackSocket.setTimeouts(server, seconds: 5)
        defer { close(server) }
        // What this connection has begun to lose.
        var own = Loss.nothing
        while !acceptor.isEnded {
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
