//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// Ids of revoked tasks with the time until which each counts. Bounded: of too many the soonest to expire go first.
struct RevokedIDs: Sendable, Equatable {
    /// Celery's `CELERY_WORKER_REVOKES_MAX`.
    static let limit = 50_000

    private(set) var expiries: [String: Timestamp] = [:]
    private let limit: Int

    init(limit: Int = Self.limit) { self.limit = limit }

    var isEmpty: Bool { expiries.isEmpty }

    func contains(_ id: String, at now: Timestamp) -> Bool { expiries[id].map { $0 > now } ?? false }

    /// Takes them over; of an id that is known already the later expiry counts. Returns whether that changed anything.
    @discardableResult
    mutating func insert(_ ids: [(id: String, expires: Timestamp)], now: Timestamp) -> Bool {
        var hasChanged = false
        for (id, expires) in ids where expires > now {
            if let known = expiries[id], known >= expires { continue }
            expiries[id] = expires
            hasChanged = true
        }
        // Some more than the limit are let in, so that not every one of them costs a look at all.
        if expiries.count > limit + limit / 10 { trim(now: now) }
        return hasChanged
    }

    /// Forgets what has expired, and what is too much.
    mutating func trim(now: Timestamp) {
        expiries = expiries.filter { $0.value > now }
        guard expiries.count > limit else { return }
        let kept = expiries.sorted { $0.value > $1.value }.prefix(limit)
        expiries = Dictionary(kept.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
}
