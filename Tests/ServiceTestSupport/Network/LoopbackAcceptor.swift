//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import Synchronization

/// Takes TCP connections on a port of loopback; each is served on a thread of its own, and closed afterwards.
package final class LoopbackAcceptor: Sendable {
    /// Where clients connect to.
    package let port: Int
    private let listener: Int32
    private let ended = Mutex(false)

    package init() throws {
        listener = try LoopbackSocket.listener(on: 0)
        port = try LoopbackSocket.port(of: listener)
    }

    /// Begins to take connections.
    ///
    /// - Parameter serve: Given a socket whose reads and writes take five seconds at most; it returns soon after the end.
    package func start(_ serve: @escaping @Sendable (Int32) -> Void) {
        Thread.detachNewThread { [self] in
            defer { close(listener) }
            while !isEnded {
                guard Self.isReadable(listener) else { continue }
                let client = accept(listener, nil, nil)
                guard client >= 0 else { continue }
                _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                LoopbackSocket.setTimeouts(client, seconds: 5)
                Thread.detachNewThread {
                    serve(client)
                    close(client)
                }
            }
        }
    }

    /// Whether those that are served have to leave.
    package var isEnded: Bool { ended.withLock { $0 } }

    /// Takes no more, within moments.
    package func end() { ended.withLock { $0 = true } }

    /// Whether there is something to read, or an end to be heard of, within a moment.
    package static func isReadable(_ socket: Int32) -> Bool {
        var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 20) > 0
    }
}
