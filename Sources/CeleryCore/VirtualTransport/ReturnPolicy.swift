//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// What a dead consumer's deliveries come back as: the same for every store that sweeps by itself.
package enum ReturnPolicy {
    /// Where a delivery of a dead epoch goes.
    package enum Fate: Sendable, Equatable {
        /// Back to its queue, kept back for that long.
        case ready(after: Duration, countsDeath: Bool)
        /// Handed over once more, only to be ended.
        case obituary
    }

    /// - Parameters:
    ///   - begun: How it was begun, nil when it was merely held.
    ///   - deaths: Deaths while it ran, before this one.
    package static func fate(begun: AcknowledgementMode?, deaths: Int) -> Fate {
        switch begun {
        case nil: .ready(after: .zero, countsDeath: false)
        case .early: .obituary
        case .late: .ready(after: backOff(deaths: deaths.next), countsDeath: true)
        }
    }

    /// How long a task waits that killed so many workers: nothing after the first, then 1, 2, 4 … at most 60 seconds.
    package static func backOff(deaths: Int) -> Duration {
        guard deaths > 1 else { return .zero }
        return .seconds(1) * min(60, 1 << min(deaths - 2, 6))
    }
}
