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
    /// Tasks that are not registered here, which anybody can send under any name, and those beyond so many are counted together.
    private static let nameLimit = 2000
    private static let others = "(other)"

    private struct TaskHandles {
        var ends: [String: Counter] = [:]
        var runtime: Metrics.Timer?
    }

    private struct Handles {
        var tasks: [String: TaskHandles] = [:]
        var waits: [String: Metrics.Timer] = [:]

        func name(_ task: String?, limit: Int) -> String? {
            guard let task, tasks.count < limit || tasks[task] != nil else { return nil }
            return task
        }

        mutating func counter(_ name: String, _ state: String, _ factory: any MetricsFactory) -> Counter {
            if let counter = tasks[name]?.ends[state] { return counter }
            let counter = Counter(
                label: "celery_worker_tasks_total",
                dimensions: [("task", name), ("state", state)],
                factory: factory
            )
            tasks[name, default: TaskHandles()].ends[state] = counter
            return counter
        }

        mutating func runtime(_ name: String, _ factory: any MetricsFactory) -> Metrics.Timer {
            if let timer = tasks[name]?.runtime { return timer }
            let timer = Metrics.Timer(
                label: "celery_worker_task_runtime_seconds",
                dimensions: [("task", name)],
                factory: factory
            )
            tasks[name, default: TaskHandles()].runtime = timer
            return timer
        }
    }

    private let handles = Mutex(Handles())
    /// Nil where nobody wants to know.
    private let factory: (any MetricsFactory)?

    /// - Parameter further: Told as well as the one of swift-metrics, if the program has installed one.
    init(_ further: [any MetricsFactory & AnyObject]) {
        var factories: [any MetricsFactory] = further
        let installed = MetricsSystem.factory
        let isAmong = (installed as? any MetricsFactory & AnyObject).map { own in further.contains { $0 === own } }
        if !(installed is NOOPMetricsHandler), isAmong != true { factories.append(installed) }
        factory = factories.count > 1 ? MultiplexMetricsHandler(factories: factories) : factories.first
    }

    /// - Parameters:
    ///   - task: Nil of one that no task here is registered for.
    ///   - runtime: Nil of one that has not run.
    func ended(_ task: String?, state: String, runtime: Duration?) {
        guard let factory else { return }
        let (counter, timer) = handles.withLock { handles in
            let name = handles.name(task, limit: Self.nameLimit) ?? Self.others
            return (
                handles.counter(name, state, factory), runtime == nil ? nil : handles.runtime(name, factory)
            )
        }
        counter.increment()
        if let runtime { timer?.recordNanoseconds(Int64(runtime.inSeconds * 1e9)) }
    }

    func waited(_ queue: String, since enqueued: Timestamp?, now: Timestamp) {
        guard let factory, let enqueued else { return }
        let timer = handles.withLock { handles in
            if let timer = handles.waits[queue] { return timer }
            let timer = Metrics.Timer(
                label: "celery_worker_task_wait_seconds",
                dimensions: [("queue", queue)],
                factory: factory
            )
            handles.waits[queue] = timer
            return timer
        }
        timer.recordNanoseconds(max(0, now.microseconds - enqueued.microseconds) * 1000)
    }
}
