//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import Synchronization

/// One connection through a ``FaultProxy``: a thread for each direction.
final class FaultLink: Sendable {
    private struct State {
        var isCut = false
        var isDead = false
        /// Directions whose thread still runs; the last closes both sockets.
        var running = 2
    }

    private let client: Int32
    private let server: Int32
    private let mode: @Sendable () -> FaultProxy.Mode?
    private let state = Mutex(State())

    /// - Parameter mode: What the proxy does now; nil when it is gone.
    init(client: Int32, server: Int32, mode: @escaping @Sendable () -> FaultProxy.Mode?) {
        self.client = client
        self.server = server
        self.mode = mode
        for socket in [client, server] { LoopbackSocket.setTimeouts(socket, seconds: 5) }
    }

    var isClosed: Bool { state.withLock { $0.running == 0 } }

    private var isCut: Bool { state.withLock { $0.isCut } }

    func start() {
        Thread.detachNewThread { [self] in
            pump(from: client, to: server, isReply: false)
            finish()
        }
        Thread.detachNewThread { [self] in
            pump(from: server, to: client, isReply: true)
            finish()
        }
    }

    /// Breaks it, and waits until both sockets are closed.
    func cut() {
        state.withLock { $0.isCut = true }
        while !isClosed { _ = poll(nil, 0, 1) }
    }

    /// Closes a socket so that its other side sees a reset.
    static func reset(_ socket: Int32) {
        var abrupt = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &abrupt, socklen_t(MemoryLayout<linger>.size))
        close(socket)
    }

    private func finish() {
        let (isLast, isCut) = state.withLock { state in
            state.running -= 1
            return (state.running == 0, state.isCut)
        }
        guard isLast else { return }
        for socket in [client, server] {
            if isCut { Self.reset(socket) } else { close(socket) }
        }
    }

    private func pump(from source: Int32, to destination: Int32, isReply: Bool) {
        while !isCut, let mode = mode() {
            if mode == .stalled {
                _ = poll(nil, 0, 5)
                continue
            }
            var waiting = pollfd(fd: source, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 5) > 0 else { continue }
            // It may have been stalled since.
            guard let now = self.mode(), now != .stalled else { continue }
            let bytes = LoopbackSocket.read(from: source)
            if bytes.isEmpty {
                shutdown(destination, Int32(SHUT_WR))
                return
            }
            switch now {
            case .swallowing: continue
            case .muting(let words):
                guard
                    !state.withLock({ state in
                        state.isDead = state.isDead || Self.contains(bytes, words)
                        return state.isDead
                    })
                else { continue }
            case .losingReplies where isReply: return state.withLock { $0.isCut = true }
            case .breaking(let words) where Self.contains(bytes, words): return state.withLock { $0.isCut = true }
            case .delaying(let time): hold(time)
            default: break
            }
            if isCut || !LoopbackSocket.write(bytes[...], to: destination) { return state.withLock { $0.isCut = true } }
        }
        state.withLock { $0.isCut = true }
    }

    private static func contains(_ bytes: [UInt8], _ words: [String]) -> Bool {
        words.contains { bytes.contains(Array($0.utf8)) }
    }

    /// Holds a piece back, for as long as the connection stands.
    private func hold(_ time: Duration) {
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end, !isCut { _ = poll(nil, 0, 1) }
    }
}
