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
