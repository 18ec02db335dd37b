//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import DequeModule

/// The greatest of what was measured lately: whoever looks now and then, and whoever else does, sees every peak. Pure, but for the
/// times passed in. Bounded: one entry for each measurement of that time at most.
struct RecentMaximum: Sendable {
    /// Longer than anybody should wait between two looks.
    static let life: Duration = .seconds(120)

    /// The later, the smaller: what is smaller than one that came after it never counts again.
    private var peaks: Deque<(value: Duration, at: ContinuousClock.Instant)> = []

    mutating func add(_ value: Duration, at now: ContinuousClock.Instant) {
        while let last = peaks.last, last.value <= value { peaks.removeLast() }
        peaks.append((value, now))
        while let first = peaks.first, now - first.at > Self.life { peaks.removeFirst() }
    }

    func value(at now: ContinuousClock.Instant) -> Duration {
        peaks.first { now - $0.at <= Self.life }?.value ?? .zero
    }
}
