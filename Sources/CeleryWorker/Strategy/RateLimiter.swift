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
    /// So many are told to ask again at one time: all at once, a long queue would be taken and put back for each start.
    /// More than one, since other workers have buckets of their own.
    private static let wave = 16
    /// Nobody is told to come later than that, or than the next start, for a limit may be raised; but those beyond come one after
    /// the other, since a very long queue would be taken and put back all at once.
    private static let patience = Duration.seconds(60)
    private static let spread = Duration.milliseconds(5)

    private struct Bucket {
        var nextStart: Timestamp
        /// When the last were told to ask again, and how many of them.
        var wave: Timestamp
        var count = 0
        /// When the last of those that come after all waves was told to.
        var last = Timestamp(microseconds: 0)

        mutating func postpone(_ interval: Duration, now: Timestamp) -> Timestamp {
            if wave < nextStart { (wave, count) = (nextStart, 0) }
            let limit = max(nextStart, now.advanced(by: RateLimiter.patience))
            if count == RateLimiter.wave, wave.advanced(by: interval) <= limit {
                (wave, count) = (wave.advanced(by: interval), 0)
            }
            if count < RateLimiter.wave {
                count += 1
                return wave
            }
            last = max(last, limit).advanced(by: RateLimiter.spread)
            return last
        }
    }

    /// What becomes of one that was received.
    struct Turn: Equatable {
        /// When to ask again; nil when it may start.
        var later: Timestamp?
        /// Whether it is received for the first time: whoever asked before is not told of again.
        var isNew = true
    }

    /// So many that wait are known, by the hash of their id: a few megabytes.
    private static let known = 200_000

    private var buckets: [String: Bucket] = [:]
    private var waiting: Set<Int> = []

    /// As ``take(_:limit:now:)``, for one task.
    mutating func turn(of id: String, _ task: String, limit: RateLimit, now: Timestamp) -> Turn {
        guard let later = take(task, limit: limit, now: now) else {
            return Turn(isNew: waiting.remove(id.hashValue) == nil)
        }
        // Others may have taken those that are known, which nobody hears of.
        if waiting.count >= Self.known { waiting = [] }
        return Turn(later: later, isNew: waiting.insert(id.hashValue).inserted)
    }

    /// Takes a token. Returns nil when the task may start now, else when to ask again.
    mutating func take(_ task: String, limit: RateLimit?, now: Timestamp) -> Timestamp? {
        guard let limit, limit.isLimiting else { return nil }
        let interval = Duration.bounded(seconds: 1 / limit.perSecond)
        if let next = buckets[task]?.nextStart, next > now { return buckets[task]?.postpone(interval, now: now) }
        buckets[task, default: Bucket(nextStart: now, wave: now)].nextStart = now.advanced(by: interval)
        return nil
    }

    /// Begins anew, when a limit was changed.
    mutating func reset() { buckets = [:] }
}
