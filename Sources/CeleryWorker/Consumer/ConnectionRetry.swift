//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit

/// Whether and when a lost broker is tried again: `broker_connection_retry`, `…_on_startup`, `…_max_retries`.
struct ConnectionRetry {
    let settings: CelerySettings

    /// How long to wait before the next attempt; nil when there is to be none.
    ///
    /// Waits double from a quarter of a second to 30 s.
    func delay(after error: any Error, attempts: Int, isStartup: Bool) -> Duration? {
        guard (error as? TransportError)?.isTransient == true else { return nil }
        let retry =
            isStartup
            ? settings.brokerConnectionRetryOnStartup ?? settings.brokerConnectionRetry
            : settings.brokerConnectionRetry
        let limit = settings.brokerConnectionMaxRetries ?? 0
        guard retry, limit == 0 || attempts <= limit else { return nil }
        return .milliseconds(min(30000, 250 << min(attempts - 1, 10)))
    }
}

/// When a store said that it can be reached again. One that is lost again at once, each time, has not come back: its
/// attempts count on, and the next waits for its turn.
struct StoreReturns {
    /// A store that was there for so long was there.
    private static let proof: Duration = .seconds(1)
    private var last: ContinuousClock.Instant?
    private(set) var areFalse = false

    mutating func note() { last = .now }

    /// Whether it had come back and stayed; asked when it is lost.
    mutating func lasted() -> Bool {
        guard let last else {
            areFalse = false
            return false
        }
        let stayed = last.duration(to: .now) >= Self.proof
        (self.last, areFalse) = (nil, !stayed)
        return stayed
    }
}
