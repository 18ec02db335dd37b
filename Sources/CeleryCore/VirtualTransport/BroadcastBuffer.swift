//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import DequeModule
import Synchronization

/// Between whoever hears broadcasts and whoever takes them: bounded, the oldest go first.
package final class BroadcastBuffer: Sendable {
    /// How many may wait.
    package static let limit = 10_000
    /// What their bodies may come to: one message may hold a hundred events.
    package static let byteLimit = 128 << 20

    private struct State {
        var waiting: Deque<HeardBroadcast> = []
        /// Of their bodies.
        var bytes = 0
        var dropped = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let room = WaitingRoom<Int>()
    private let time: any TimeSource
    private let byteLimit: Int

    package init(time: any TimeSource = SystemTime(), byteLimit: Int = BroadcastBuffer.byteLimit) {
        self.time = time
        self.byteLimit = byteLimit
    }

    package var dropped: Int { state.withLock { $0.dropped } }

    package func put(_ heard: [HeardBroadcast]) {
        state.withLock { state in
            guard !state.isClosed else { return }
            for message in heard {
                state.waiting.append(message)
                state.bytes += Self.size(of: message)
            }
            // The newest stays, however large it is.
            while state.waiting.count > Self.limit || state.bytes > byteLimit && state.waiting.count > 1 {
                let oldest = state.waiting.removeFirst()
                state.bytes -= Self.size(of: oldest)
                state.dropped += 1
            }
        }
        room.wake(0)
    }

    /// Waits until there is something, for so long at most, and takes all of it.
    package func take(timeout: Duration) async -> [HeardBroadcast] {
        let first = takeNow()
        guard first.isEmpty, timeout > .zero, !state.withLock({ $0.isClosed }) else { return first }
        await room.wait(for: 0, until: time.now.advanced(by: timeout), time: time) {
            self.state.withLock { !$0.waiting.isEmpty || $0.isClosed }
        }
        return takeNow()
    }

    package func close() {
        state.withLock { $0.isClosed = true }
        room.wakeAll()
    }

    private func takeNow() -> [HeardBroadcast] {
        state.withLock { state in
            // An empty copy would be a write to what all empty arrays share.
            guard !state.waiting.isEmpty else { return [] }
            defer {
                state.waiting.removeAll()
                state.bytes = 0
            }
            return Array(state.waiting)
        }
    }

    private static func size(of heard: HeardBroadcast) -> Int {
        if case .success(let message) = heard { message.body.count } else { 0 }
    }
}
