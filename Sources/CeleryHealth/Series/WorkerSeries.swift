//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import CeleryCore
import CeleryKit
import CeleryWire
import CeleryWorker

/// A worker's own series, made when somebody asks for them.
enum WorkerSeries {
    /// What the worker counts and times itself, by name.
    static let help = [
        "celery_worker_tasks_total": "Tasks that have ended, by name and state.",
        "celery_worker_task_runtime_seconds": "How long tasks ran.",
        "celery_worker_task_wait_seconds": "How long messages waited in their queue, where the broker keeps that time.",
    ]

    static func families(_ worker: WorkerObservation, now: Timestamp = .now) -> [MetricFamily] {
        var families = [
            info(worker),
            MetricFamily(
                "celery_worker_broker_up",
                .gauge,
                "Whether the broker can be used: 1 or 0.",
                worker.isBrokerUp ? 1 : 0
            ),
            MetricFamily(
                "celery_worker_broker_recoveries_total",
                .counter,
                "Times that the broker was back after the worker had noticed that it could not be used.",
                Double(worker.recoveries)
            ),
            MetricFamily(
                "celery_worker_loop_lag_seconds",
                .gauge,
                "How late a loop ran that wakes once a second, at most, in the last two minutes: how long Swift's threads kept it waiting.",
                worker.loopLag.inSeconds
            ),
        ]
        if let work = worker.work { families += self.families(of: work) }
        if let dropped = worker.droppedEvents {
            families.append(
                MetricFamily(
                    "celery_worker_events_dropped_total",
                    .counter,
                    "Task events that could not be sent, or not in time.",
                    Double(dropped)
                )
            )
        }
        if let queues = worker.queues {
            families += self.families(queues: queues, timesMessages: worker.timesMessages, now: now)
        }
        return families
    }

    private static func info(_ worker: WorkerObservation) -> MetricFamily {
        let labels = [
            MetricFamily.Label("hostname", worker.hostname), MetricFamily.Label("pool", worker.pool),
            MetricFamily.Label("software", FleetIdentity.name), MetricFamily.Label("version", FleetIdentity.version),
        ]
        let sample = MetricFamily.Sample(labels: labels, value: 1)
        return MetricFamily("celery_worker_info", .gauge, "What the worker is; always 1.", samples: [sample])
    }

    private static func families(of work: WorkerObservation.Work) -> [MetricFamily] {
        [
            MetricFamily("celery_worker_pool_slots", .gauge, "Tasks that can run at a time.", Double(work.slots)),
            MetricFamily("celery_worker_pool_busy", .gauge, "Tasks that run.", Double(work.busy)),
            MetricFamily(
                "celery_worker_prefetch_limit",
                .gauge,
                "Messages that may be held, those that run included.",
                Double(work.prefetch)
            ),
            MetricFamily(
                "celery_worker_prefetched",
                .gauge,
                "Messages that are held, those that run included.",
                Double(work.held)
            ),
            MetricFamily(
                "celery_worker_leases_total",
                .counter,
                "Stays at the broker, each under a lease of its own.",
                Double(work.leases)
            ),
            MetricFamily(
                "celery_worker_leases_lost_total",
                .counter,
                "Leases that ran out: what was held under them went to others.",
                Double(work.lostLeases)
            ),
            MetricFamily(
                "celery_worker_longest_running_task_seconds",
                .gauge,
                "For how long the task has run that has run longest; 0 when none runs.",
                work.longest.inSeconds
            ),
        ]
    }

    static func families(queues: [QueueStatus], timesMessages: Bool, now: Timestamp) -> [MetricFamily] {
        let messages = queues.flatMap { queue in
            [("ready", queue.ready), ("delayed", queue.delayed), ("held", queue.held)]
                .map { state, count in
                    MetricFamily.Sample(
                        labels: [MetricFamily.Label("queue", queue.name), MetricFamily.Label("state", state)],
                        value: Double(count)
                    )
                }
        }
        // 0 of a queue that is empty; nothing of one whose messages do not say when they were sent.
        let ages = queues.compactMap { queue -> MetricFamily.Sample? in
            guard queue.oldest != nil || timesMessages && queue.ready == 0 else { return nil }
            let age = queue.oldest.map { max(0, Double(now.microseconds - $0.microseconds) / 1e6) } ?? 0
            return MetricFamily.Sample(labels: [MetricFamily.Label("queue", queue.name)], value: age)
        }
        return [
            MetricFamily(
                "celery_queue_messages",
                .gauge,
                "Messages in the queues that this worker takes from, whoever holds them; not while the broker is away.",
                samples: messages
            ),
            MetricFamily(
                "celery_queue_oldest_message_age_seconds",
                .gauge,
                "Since the oldest message that could be taken was sent, where the broker keeps that time.",
                samples: ages
            ),
        ]
    }
}
#endif
