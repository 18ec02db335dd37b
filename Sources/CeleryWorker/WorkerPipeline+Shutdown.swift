//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import Synchronization

extension WorkerPipeline {
    /// Lets end what must end, as the shutdown mode says. Intake has stopped; nothing new starts.
    func finish() async {
        while !Task.isCancelled {
            let (mode, isIdle) = state.withLock { ($0.shutdown ?? .cold, $0.isIdle) }
            if isIdle { return }
            switch mode {
            case .warm: await idleBell.wait()
            case .soft:
                let limit = ContinuousClock.now + app.settings.workerSoftShutdownTimeout
                while state.withLock({ !$0.isIdle && $0.shutdown == .soft }), .now < limit {
                    try? await Task.sleep(for: .milliseconds(50))
                }
                shutDown(.cold)
            case .cold:
                // Again and again: a task may have been on its way to the pool.
                endRuns()
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Ends what runs: by killing where the pool can, else by cancelling.
    private func endRuns() {
        for job in state.withLock({ Array($0.running.keys) }) where !pool.kill(job, .shutdown) {
            pool.cancel(job, .shutdown)
        }
    }
}
