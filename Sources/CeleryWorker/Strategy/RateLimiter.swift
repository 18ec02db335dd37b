//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

/// Token buckets of capacity one, a task name each: when the next start of a task is allowed on this worker.
struct RateLimiter: Sendable {
    private var nextStart: [String: Timestamp] = [:]

    /// Takes a token. Returns nil when the task may start now, else when to ask again.
    mutating func take(_ task: String, limit: RateLimit?, now: Timestamp) -> Timestamp? {
        guard let limit, limit.isLimiting else { return nil }
        let interval = Duration.bounded(seconds: 1 / limit.perSecond)
        if let next = nextStart[task], next > now { return next }
        nextStart[task] = now.advanced(by: interval)
        return nil
    }

    /// Begins anew, when a limit was changed.
    mutating func reset() { nextStart = [:] }
}
