//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

/// The consumers that a transport has opened, to be closed with it.
package final class OpenConsumers<Consumer: AnyObject & Sendable>: Sendable {
    private struct State {
        var consumers: [WeakConsumer] = []
        var isOver = false
    }

    private struct WeakConsumer {
        weak var consumer: Consumer?
    }

    private let state = Mutex(State())

    package init() {}

    package func add(_ consumer: Consumer) {
        state.withLock { state in
            state.consumers.removeAll { $0.consumer == nil }
            state.consumers.append(WeakConsumer(consumer: consumer))
        }
    }

    /// Those still open; nil when asked a second time.
    package func end() -> [Consumer]? {
        state.withLock { state in
            guard !state.isOver else { return nil }
            state.isOver = true
            return state.consumers.compactMap(\.consumer)
        }
    }
}
