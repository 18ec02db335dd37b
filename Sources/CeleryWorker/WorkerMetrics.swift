//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import CoreMetrics
import Metrics
import Synchronization

/// What a worker tells swift-metrics. Handles are made once a label and kept: bounded by tasks × states.
///
/// **Shape:** counter `celery_worker_tasks_total{task,state}`, timers `celery_worker_task_runtime_seconds{task}` and
/// `celery_worker_task_wait_seconds{queue}`.
final class WorkerMetrics: Sendable {
    private struct Handles {
        var ends: [[String]: Counter] = [:]
        var runtimes: [String: Metrics.Timer] = [:]
        var waits: [String: Metrics.Timer] = [:]
    }

    private let handles = Mutex(Handles())
    /// Nothing is kept while no metrics system is installed.
    private let isEnabled = !(MetricsSystem.factory is NOOPMetricsHandler)

    func ended(_ task: String, state: String, runtime: Duration?) {
        guard isEnabled else { return }
        let (counter, timer) = handles.withLock { handles in
            let counter =
                handles.ends[[task, state]]
                ?? Counter(label: "celery_worker_tasks_total", dimensions: [("task", task), ("state", state)])
            handles.ends[[task, state]] = counter
            let timer =
                handles.runtimes[task]
                ?? Metrics.Timer(label: "celery_worker_task_runtime_seconds", dimensions: [("task", task)])
            handles.runtimes[task] = timer
            return (counter, timer)
        }
        counter.increment()
        if let runtime { timer.recordNanoseconds(Int64(runtime.inSeconds * 1e9)) }
    }

    func waited(_ queue: String, since enqueued: Timestamp?, now: Timestamp) {
        guard isEnabled, let enqueued else { return }
        let timer = handles.withLock { handles in
            if let timer = handles.waits[queue] { return timer }
            let timer = Metrics.Timer(label: "celery_worker_task_wait_seconds", dimensions: [("queue", queue)])
            handles.waits[queue] = timer
            return timer
        }
        timer.recordNanoseconds(max(0, now.microseconds - enqueued.microseconds) * 1000)
    }
}
