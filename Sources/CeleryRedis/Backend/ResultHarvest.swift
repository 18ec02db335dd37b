//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import Synchronization

/// What has come of many results that one task waits for, until it takes it.
final class ResultHarvest: Sendable {
    /// A result and the answer to its wait.
    typealias Sheaf = [(id: String, answer: ResultWaits.Answer)]

    private struct State {
        var sheaf: Sheaf = []
        /// Those that are waited for, by the number of their wait.
        var expected: [String: UInt64] = [:]
        var isOver = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Notes that it is waited for. False when nobody takes what comes any more.
    func expects(_ id: String, _ number: UInt64) -> Bool {
        state.withLock { state in
            guard !state.isOver else { return false }
            state.expected[id] = number
            return true
        }
    }

    func add(_ id: String, _ answer: ResultWaits.Answer) {
        let waiting = state.withLock { state in
            state.expected[id] = nil
            guard !state.isOver else { return nil as CheckedContinuation<Void, Never>? }
            state.sheaf.append((id, answer))
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    /// What has come since the last time; waits until there is something. Nothing after ``end()``.
    func take() async -> Sheaf {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                guard state.sheaf.isEmpty, !state.isOver else { return true }
                state.waiting = continuation
                return false
            }
            if isThere { continuation.resume() }
        }
        return state.withLock { state in
            defer { state.sheaf = [] }
            return state.sheaf
        }
    }

    /// Nobody takes anything any more. Returns the waits that are left.
    func end() -> [(id: String, number: UInt64)] {
        let (waiting, left) = state.withLock { state in
            state.isOver = true
            defer { (state.expected, state.sheaf, state.waiting) = ([:], [], nil) }
            return (state.waiting, state.expected.map { (id: $0.key, number: $0.value) })
        }
        waiting?.resume()
        return left
    }
}
#endif
