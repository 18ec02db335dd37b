//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

extension WorkerEvents {
    /// A task that ended without a run.
    func addEnd(_ ending: Ending, _ message: Message) {
        if let reason = ending.revoked {
            add(.revoked(terminated: false, signal: nil, expired: reason == "expired"), message)
        } else if let failure = ending.failure {
            add(.failed(exception: failure.repr, traceback: "\(failure.type): \(failure.message)"), message)
        }
    }

    /// A run that is settled. Source: the events of `celery/worker/request.py`.
    func addEnd(
        _ end: RunEnd,
        _ decision: SettlementDecision,
        _ message: Message,
        runtime: Duration,
        rejection: Bool?
    ) {
        if let rejection { add(.rejected(requeue: rejection), message) }
        switch decision.stored {
        case .success(let value):
            var text = ""
            if case .reported(let report) = end, case .success(_, let repr) = report.outcome { text = repr }
            add(.succeeded(result: text.isEmpty ? value.repr : text, runtime: runtime.inSeconds), message)
        case .failure(let failure):
            add(.failed(exception: failure.exception.repr, traceback: failure.traceback), message)
        case .retry(let failure):
            add(.retried(exception: failure.exception.repr, traceback: failure.traceback), message)
        case .revoked:
            var signal: Int?
            if case .lost(let loss) = end, case .terminated(let number)? = loss.cause { signal = Int(number) }
            add(.revoked(terminated: true, signal: signal, expired: false), message)
        case .nothing:
            if case .lost(let loss) = end, loss.cause == .shutdown { add(.cancelled, message) }
        }
    }
}
