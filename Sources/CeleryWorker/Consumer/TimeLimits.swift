//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import Synchronization

/// Arms the two limits of a run when it starts.
enum TimeLimits {
    static func arm(_ pipeline: WorkerPipeline, job: JobID, task: RunningTask) {
        let policy = task.task.policy
        var timers: [TimerWheel.Token] = []
        if let soft = policy.softLimit, soft > 0 {
            timers.append(
                pipeline.timers.schedule(after: .bounded(seconds: soft)) { [weak pipeline] in
                    guard let pipeline else { return }
                    pipeline.log.softLimit(task.task.request.message, seconds: soft)
                    pipeline.pool.cancel(job, .softTimeLimit(soft))
                }
            )
        }
        if let hard = policy.hardLimit, hard > 0 {
            timers.append(
                pipeline.timers.schedule(after: .bounded(seconds: hard)) { [weak pipeline] in
                    guard let pipeline else { return }
                    pipeline.log.hardLimit(task.task.request.message, seconds: hard)
                    if !pipeline.pool.kill(job, .hardTimeLimit(hard)) {
                        pipeline.pool.cancel(job, .hardTimeLimit(hard))
                    }
                }
            )
        }
        guard !timers.isEmpty, !pipeline.state.withLock({ $0.addTimers(timers, to: job) }) else { return }
        for timer in timers { pipeline.timers.cancel(timer) }
    }
}
