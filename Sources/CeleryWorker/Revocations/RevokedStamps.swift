//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import DequeModule
import Synchronization

/// Values of stamps whose tasks are not to run. As in Celery they last as long as the worker.
final class RevokedStamps: Sendable {
    /// So many values are kept; the oldest go first.
    static let limit = 10_000

    private struct State {
        var values: [String: Set<CeleryValue>] = [:]
        /// In the order in which they came.
        var order = Deque<(name: String, value: CeleryValue)>()

        mutating func add(_ name: String, _ value: CeleryValue) {
            guard values[name, default: []].insert(value).inserted else { return }
            order.append((name, value))
            guard order.count > RevokedStamps.limit, let oldest = order.popFirst() else { return }
            values[oldest.name]?.remove(oldest.value)
            if values[oldest.name]?.isEmpty == true { values[oldest.name] = nil }
        }
    }

    private let state = Mutex(State())
    private let areThere = Atomic(false)

    func add(_ headers: [String: [CeleryValue]]) {
        state.withLock { state in
            for (name, values) in headers { for value in values { state.add(name, value) } }
        }
        areThere.store(true, ordering: .releasing)
    }

    /// Whether a task has one of them.
    func contains(_ message: Message) -> Bool {
        guard areThere.load(ordering: .acquiring), !message.headers.stamps.isEmpty else { return false }
        return state.withLock { state in
            message.headers.stamps.members.contains { name, value in
                guard let revoked = state.values[name] else { return false }
                if case .array(let values) = value { return values.contains { revoked.contains($0) } }
                return revoked.contains(value)
            }
        }
    }
}
