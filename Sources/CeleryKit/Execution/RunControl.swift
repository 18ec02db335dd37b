//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

/// The line between whoever supervises a run and the run itself: says why it is to stop.
public final class RunControl: Sendable {
    /// Why a run is asked to stop.
    public enum Cause: Sendable, Hashable {
        /// Its soft time limit passed, in seconds.
        case softTimeLimit(Double)
        /// Its hard time limit passed, in seconds, on a pool that cannot kill.
        case hardTimeLimit(Double)
        /// It was revoked with `terminate`.
        case terminated
        /// The worker shuts down cold.
        case shutdown
    }

    private struct State {
        var cause: Cause?
        var cancel: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    public init() {}

    /// Why it is to stop; nil while it is not.
    public var cause: Cause? { state.withLock { $0.cause } }

    /// Asks the run to stop. The first cause stays.
    public func cancel(_ cause: Cause) {
        let cancel = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.cause == nil else { return nil }
            state.cause = cause
            return state.cancel
        }
        cancel?()
    }

    /// What `cancel` calls: the cancellation of the Swift task that runs it. Called at once if already cancelled.
    public func onCancel(_ action: @escaping @Sendable () -> Void) {
        let isCancelled = state.withLock { state in
            state.cancel = action
            return state.cause != nil
        }
        if isCancelled { action() }
    }
}
