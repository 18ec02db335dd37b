//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// How long something that should go on has stood still. Pure, but for the times passed in.
struct Stall: Sendable, Hashable {
    /// When it was first seen to stand still; nil while it goes on, or has no need to.
    private(set) var since: ContinuousClock.Instant?
    private var progress = 0

    /// A look at it.
    ///
    /// - Parameters:
    ///   - isDue: Whether it ought to go on.
    ///   - progress: Any number that changes when it does.
    mutating func look(isDue: Bool, progress: Int, now: ContinuousClock.Instant) {
        if !isDue || progress != self.progress {
            since = nil
        } else if since == nil {
            since = now
        }
        self.progress = progress
    }

    func length(now: ContinuousClock.Instant) -> Duration? { since.map { now - $0 } }
}
