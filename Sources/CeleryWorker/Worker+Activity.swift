//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Synchronization

extension Worker {
    /// What it is and what it is doing, a line each: for who wonders why nothing moves.
    package var activity: [String] {
        let slots = lifeSpan.pipeline?.pool.slots ?? plan.concurrency
        let queues = plan.queues.joined(separator: ", ")
        var lines = ["\(plan.hostname): pool \(plan.poolName), \(slots) slots, queues \(queues)"]
        guard let pipeline = lifeSpan.pipeline else { return lines + ["not connected to its broker yet"] }
        let now = ContinuousClock.now
        let (running, waiting) = pipeline.state.withLock { state in
            (
                state.running.values.filter { $0.pid != 0 },
                state.ready.count + state.running.values.count { $0.pid == 0 }
            )
        }
        lines.append("\(running.count) tasks running, \(waiting) waiting here for a slot")
        for run in running.sorted(by: { $0.startedAt < $1.startedAt }) {
            let headers = run.task.request.message.headers
            let age = (now - run.startedAt).inSeconds
            lines.append(
                "\(headers.task)[\(headers.id)] has run for \((age * 10).rounded() / 10) s in process \(run.pid)"
            )
        }
        return lines
    }
}
