//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Decides the size of a pool from the number of tasks it holds. Pure, but for the times passed in.
///
/// Grows at once, shrinks only a while after it last grew. Source: `celery/worker/autoscale.py`.
struct Autoscaler: Sendable {
    /// As they were given, which says nothing of each other; ``range`` is in force.
    private(set) var max: Int
    private(set) var min: Int
    /// How long after it last grew it may shrink. Default 30 s; the variable `AUTOSCALE_KEEPALIVE` of Celery.
    let keepalive: Duration
    private var lastGrowth: ContinuousClock.Instant?

    init(max: Int, min: Int, keepalive: Duration? = nil) {
        self.max = Self.bounded(max)
        self.min = Self.bounded(min)
        self.keepalive = keepalive ?? .seconds(30)
    }

    private static func bounded(_ count: Int) -> Int { Swift.max(0, Swift.min(65535, count)) }

    /// What the size is kept within: one slot always stays, and a maximum below the minimum counts for both.
    var range: ClosedRange<Int> {
        let high = Swift.max(1, max)
        return Swift.max(1, Swift.min(min, high))...high
    }

    /// The new size; nil when it stays.
    mutating func size(now: ContinuousClock.Instant, slots: Int, wanted: Int) -> Int? {
        let target = Swift.min(range.upperBound, Swift.max(range.lowerBound, wanted))
        if target > slots {
            lastGrowth = now
            return target
        }
        guard target < slots else { return nil }
        if let lastGrowth, now - lastGrowth < keepalive { return nil }
        return target
    }

    /// Changes the range, or one end of it.
    mutating func update(max: Int?, min: Int?) {
        if let max { self.max = Self.bounded(max) }
        if let min { self.min = Self.bounded(min) }
    }
}
