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
    private(set) var max: Int
    private(set) var min: Int
    /// How long after it last grew it may shrink. Default 30 s; the variable `AUTOSCALE_KEEPALIVE` of Celery.
    let keepalive: Duration
    private var lastGrowth: ContinuousClock.Instant?

    init(max: Int, min: Int, keepalive: Duration? = nil) {
        self.max = Swift.max(1, Swift.max(max, min))
        self.min = Swift.max(1, Swift.min(max, min))
        self.keepalive = keepalive ?? .seconds(30)
    }

    /// The new size; nil when it stays.
    mutating func size(now: ContinuousClock.Instant, slots: Int, wanted: Int) -> Int? {
        let target = Swift.min(max, Swift.max(min, wanted))
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
        let (high, low) = (max ?? self.max, min ?? self.min)
        self.max = Swift.min(65535, Swift.max(1, high, low))
        self.min = Swift.min(self.max, Swift.max(1, Swift.min(high, low)))
    }
}
