//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

/// Orders what happens in a fleet: goes up with all that is sent and heard (`clock` in events, commands and replies).
package final class LamportClock: Sendable {
    private let time = Atomic<Int>(0)

    package init() {}

    package var value: Int { time.load(ordering: .relaxed) }

    /// The time of something that happens here.
    @discardableResult
    package func forward() -> Int { time.add(1, ordering: .relaxed).newValue }

    /// Steps past the time of something that happened elsewhere. Absurd times, which would leave no room above them, count for
    /// nothing.
    @discardableResult
    package func adjust(_ other: Int) -> Int {
        guard other < 1 << 53 else { return value }
        while true {
            let now = value
            let next = max(now, other) + 1
            if time.compareExchange(expected: now, desired: next, ordering: .relaxed).exchanged { return next }
        }
    }
}
