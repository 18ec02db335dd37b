//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

/// What `task_retry_on_worker_lost` makes of a run whose child process died under it.
///
/// Such a run is retried as if the task had asked for it: with the task's own delay and limit, whether it is acknowledged
/// early or late. The death of a whole worker is none of its cases: nobody is left to retry.
/// Source: `celery/worker/request.py` of 5.7 (`on_failure`).
enum AfterLoss: Sendable {
    /// It is not retried: `reject_on_worker_lost` decides.
    case settle
    /// It is retried with this message, whatever `reject_on_worker_lost` says.
    case retry(OutgoingMessage)
    /// It has no retries left, and fails, whatever `reject_on_worker_lost` says.
    case exhausted

    init(_ end: RunEnd, request: TaskRequest, policy: TaskPolicy, retry: RetryPolicy, now: Timestamp) {
        guard policy.retryOnWorkerLost, case .lost(let loss) = end, loss.isDeath else {
            self = .settle
            return
        }
        let retries = request.message.headers.retries
        if let limit = retry.limit, retries >= limit {
            self = .exhausted
        } else {
            self = .retry(request.retried(at: now.advanced(by: retry.countdown(retries: retries)), now: now))
        }
    }
}

extension WorkerLoss {
    /// Whether the process ended unasked, or for its use of memory, rather than because the run was to end.
    var isDeath: Bool {
        switch cause {
        case .memory, nil: true
        case .hardTimeLimit, .terminated, .shutdown: false
        }
    }
}
