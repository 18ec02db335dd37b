//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// How fast tasks end, and how many more than the prefetch may therefore be held.
///
/// The prefetch keeps tasks from waiting here while other workers are idle. Where tasks are so short that a handful is
/// done within milliseconds, it only makes batches small: then as many are held as end within ``horizon``. Should they
/// stop ending, what is more than the prefetch is given back (``Housekeeping``).
struct Pace: Sendable {
    /// Work of that long may be held.
    static let horizon: Duration = .milliseconds(10)
    /// Nothing is measured over less.
    private static let period: Duration = .milliseconds(5)

    private var ended = 0
    private var since: ContinuousClock.Instant
    private(set) var perSecond = 0.0

    init(now: ContinuousClock.Instant = .now) { since = now }

    /// Whether a task ends about every 5 ms, or more often.
    var isQuick: Bool { perSecond >= 200 }

    /// How many end within the horizon.
    var soon: Int { Int(min(perSecond * Self.horizon.inSeconds, 65535)) }

    mutating func taskEnded() { ended += 1 }

    /// The number of deliveries to hold: the prefetch, or what ends within the horizon up to the reach of the pool.
    mutating func limit(prefetch: Int, reach: Int, now: ContinuousClock.Instant) -> Int {
        let elapsed = now - since
        if elapsed >= Self.period {
            perSecond = (perSecond + Double(ended) / elapsed.inSeconds) / 2
            (ended, since) = (0, now)
        }
        return max(prefetch, min(reach, soon))
    }
}
