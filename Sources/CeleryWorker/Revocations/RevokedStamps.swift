//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Synchronization

/// Values of stamps whose tasks are not to run. As in Celery they last as long as the worker.
final class RevokedStamps: Sendable {
    /// More values are not kept; the oldest stay.
    private static let limit = 10_000

    private let values = Mutex<[String: Set<CeleryValue>]>([:])
    private let areThere = Atomic(false)

    func add(_ headers: [String: [CeleryValue]]) {
        values.withLock { known in
            for (name, values) in headers {
                guard known.values.reduce(0, { $0 + $1.count }) + values.count <= Self.limit else { continue }
                known[name, default: []].formUnion(values)
            }
        }
        areThere.store(true, ordering: .releasing)
    }

    /// Whether a task has one of them.
    func contains(_ message: Message) -> Bool {
        guard areThere.load(ordering: .acquiring), !message.headers.stamps.isEmpty else { return false }
        return values.withLock { known in
            message.headers.stamps.members.contains { name, value in
                guard let revoked = known[name] else { return false }
                if case .array(let values) = value { return values.contains { revoked.contains($0) } }
                return revoked.contains(value)
            }
        }
    }
}
