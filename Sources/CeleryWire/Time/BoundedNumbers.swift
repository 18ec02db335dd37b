//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension Duration {
    /// A number of seconds that anybody may have said: what is more than a hundred years counts as a hundred, and no number as none.
    ///
    /// `Duration.seconds(_:)` traps on what it cannot hold.
    package static func bounded(seconds: Double) -> Duration {
        let limit = 3_155_760_000.0
        return seconds.isNaN ? .zero : .seconds(Swift.min(Swift.max(seconds, -limit), limit))
    }
}

extension Int {
    /// The whole part of a number that anybody may have sent; nil for what no `Int` holds.
    package init?(whole number: Double) { self.init(exactly: number.rounded(.towardZero)) }

    /// One more, or as many when there is no more.
    package var next: Int { self == .max ? self : self + 1 }
}
