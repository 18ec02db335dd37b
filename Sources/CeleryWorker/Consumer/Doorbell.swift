//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

/// Wakes one waiting loop. Rings while nobody waits are kept, as one.
final class Doorbell: Sendable {
    private enum State {
        case silent
        case rung
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.silent)

    /// Wakes the loop, now or at its next wait. Cheap when it is awake.
    func ring() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            switch state {
            case .silent, .rung:
                state = .rung
                return nil
            case .waiting(let continuation):
                state = .silent
                return continuation
            }
        }
        waiter?.resume()
    }

    /// Returns at the next ring, at once if there was one, or when cancelled. Only one loop may wait at a time.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state -> CheckedContinuation<Void, Never>? in
                    switch state {
                    case .rung:
                        state = .silent
                        return continuation
                    case .silent:
                        state = .waiting(continuation)
                        return nil
                    case .waiting(let other):
                        state = .waiting(continuation)
                        return other
                    }
                }
                ready?.resume()
                if Task.isCancelled { ring() }
            }
        } onCancel: {
            ring()
        }
    }
}
