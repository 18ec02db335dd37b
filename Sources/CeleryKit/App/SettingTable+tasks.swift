//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

extension SettingTable {
    private static let amqp = "there is no RabbitMQ transport in this version"
    private static let later = "it comes with a later version"
    private static let atLeastOne: @Sendable (Int?) -> Bool = { $0 ?? 1 >= 1 }
    private static let isNumberOrText: @Sendable (CeleryValue) -> Bool = { value in
        switch value {
        case .null, .string: true
        case .int(let number): number >= 0
        default: false
        }
    }
    private static let positive = "a whole number, 1 or more, or null"

    static let tasks: [Setting] = [
        // First sets both of the next two, which then may differ.
        Setting(
            "task_acks_on_failure_or_timeout",
            \.taskAcksOnFailureOrTimeout,
            "both of the next two; the older name"
        ),
        Setting("task_acks_late", \.taskAcksLate, "acknowledge after the run instead of at its start"),
        Setting("task_acks_on_failure", \.taskAcksOnFailure, "late: acknowledge a task that failed"),
        Setting("task_acks_on_timeout", \.taskAcksOnTimeout, "late: acknowledge a task past its hard time limit"),
        Setting("task_reject_on_worker_lost", \.taskRejectOnWorkerLost, "late: run again when its process dies"),
        Setting("task_retry_on_worker_lost", \.taskRetryOnWorkerLost, "retry when its process dies"),
        Setting(
            "task_allow_error_cb_on_chord_header",
            \.taskAllowErrorCallbackOnChordHeader,
            "a chord's error callbacks on its header too"
        ),
        Setting("task_always_eager", \.taskAlwaysEager, "run at the caller's instead of sending"),
        Setting("task_eager_propagates", \.taskEagerPropagates, "throw what an eager task throws"),
        Setting("task_store_eager_result", \.taskStoreEagerResult, "store results of eager tasks"),
        Setting("task_annotations", \.taskAnnotations, "changes tasks' options, by name or * for all"),
        Setting("task_serializer", \.taskSerializer, "serializer of messages"),
        Setting("task_compression", \.taskCompression, "compression of messages"),
        Setting("task_ignore_result", \.taskIgnoreResult, "store no results"),
        Setting("task_store_errors_even_if_ignored", \.taskStoreErrorsEvenIfIgnored, "store failures all the same"),
        Setting("task_track_started", \.taskTrackStarted, "store STARTED"),
        Setting("task_time_limit", \.taskTimeLimit, "hard limit: the process is killed"),
        Setting("task_soft_time_limit", \.taskSoftTimeLimit, "soft limit: the run is cancelled"),
        Setting(
            "task_default_delivery_mode",
            \.taskDefaultDeliveryMode,
            "1 transient, 2 persistent",
            expected: "1 (transient) or 2 (persistent)",
            allowed: { $0 == 1 || $0 == 2 }
        ),
        Setting("task_default_queue", \.taskDefaultQueue, "where a task without a route goes", expected: "a name") {
            !$0.isEmpty
        },
        Setting(
            "task_default_queue_type",
            \.taskDefaultQueueType,
            "classic or quorum",
            pending: amqp,
            expected: "classic or quorum",
            allowed: isQueueType
        ),
        Setting("task_default_exchange", \.taskDefaultExchange, "default: as the default queue"),
        Setting("task_default_exchange_type", \.taskDefaultExchangeType, "its type"),
        Setting("task_default_routing_key", \.taskDefaultRoutingKey, "default: as the default queue"),
        Setting(
            "task_default_priority",
            \.taskDefaultPriority,
            "priority of messages",
            expected: "a whole number from 0 to 255, or null",
            allowed: { (0...255).contains($0 ?? 0) }
        ),
        Setting("task_inherit_parent_priority", \.taskInheritParentPriority, "as the task that sends it"),
        Setting(
            "task_default_rate_limit",
            \.taskDefaultRateLimit,
            "10/s, 100/m, 500/h",
            expected: "a number of starts with /s, /m or /h behind it, or null",
            allowed: { $0.map { RateLimit($0) != nil } ?? true }
        ),
        Setting("task_create_missing_queues", \.taskCreateMissingQueues, "declare queues that are not configured"),
        Setting(
            "task_create_missing_queue_type",
            \.taskCreateMissingQueueType,
            "their type",
            pending: amqp,
            expected: "classic or quorum",
            allowed: isQueueType
        ),
        Setting(
            "task_create_missing_queue_exchange_type",
            \.taskCreateMissingQueueExchangeType,
            "and their exchange's"
        ),
        Setting(
            "task_protocol",
            \.taskProtocol,
            "version of the message protocol",
            pending: "messages are of protocol 2; both are understood",
            expected: "1 or 2",
            allowed: { $0 == 1 || $0 == 2 }
        ),
        Setting("task_publish_retry", \.taskPublishRetry, "send again when the broker cannot be reached"),
        Setting(
            "task_publish_retry_policy",
            \.taskPublishRetryPolicy,
            "how often and after how long, within broker_timeout",
            expected:
                "an object of max_retries (null: no limit) and interval_start, interval_step, interval_max in seconds",
            allowed: { PublishRetry(policy: $0) != nil }
        ),
        Setting("task_queues", \.taskQueues, "what a worker consumes from"),
        Setting("task_queue_max_priority", \.taskQueueMaxPriority, "x-max-priority of queues", pending: amqp),
        Setting("task_remote_tracebacks", \.taskRemoteTracebacks, "tracebacks in errors", pending: "they always are"),
        Setting(
            "task_repr_maxlevels",
            \.taskReprMaxLevels,
            "levels of arguments in argsrepr; 0 or null without limit",
            expected: "a whole number, 0 or more, or null",
            allowed: { $0 ?? 0 >= 0 }
        ),
        Setting("task_routes", \.taskRoutes, "where tasks go by name"),
        Setting("task_send_sent_event", \.taskSendSentEvent, "publish task-sent"),
    ]

    static let worker: [Setting] = [
        Setting(
            "worker_cancel_long_running_tasks_on_connection_loss",
            \.workerCancelLongRunningTasksOnConnectionLoss,
            "end late tasks when the broker is lost",
            pending: "a lease outlives short losses, and a lost one is fenced"
        ),
        Setting(
            "worker_concurrency",
            \.workerConcurrency,
            "slots; default the number of CPUs, 100 in the async pool",
            expected: positive,
            allowed: atLeastOne
        ),
        Setting(
            "worker_deduplicate_successful_tasks",
            \.workerDeduplicateSuccessfulTasks,
            "late: do not run a redelivered task that has succeeded"
        ),
        Setting("worker_detect_quorum_queues", \.workerDetectQuorumQueues, "limit by consumer on them", pending: amqp),
        Setting("worker_direct", \.workerDirect, "a queue for each worker: NAME.dq2 on C.dq2"),
        Setting("worker_disable_prefetch", \.workerDisablePrefetch, "fetch only for a free slot"),
        Setting("worker_disable_rate_limits", \.workerDisableRateLimits, "run without rate limits"),
        Setting(
            "worker_enable_prefetch_count_reduction",
            \.workerEnablePrefetchCountReduction,
            "fetch less after a loss",
            pending: "a lost lease takes its credit with it"
        ),
        Setting("worker_enable_remote_control", \.workerEnableRemoteControl, "answer to control"),
        Setting(
            "worker_eta_task_limit",
            \.workerETATaskLimit,
            "most ETA tasks held",
            pending: "ETA tasks are held by the broker"
        ),
        Setting("worker_log_color", \.workerLogColor, "colours in the log; default on a terminal"),
        Setting("worker_logfile", \.workerLogFile, "as --logfile"),
        Setting(
            "worker_lost_wait",
            \.workerLostWait,
            "for the outcome of a dead process",
            pending: "its end is seen at once, behind all that it had sent"
        ),
        Setting(
            "worker_max_tasks_per_child",
            \.workerMaxTasksPerChild,
            "runs before a process is replaced",
            expected: positive,
            allowed: atLeastOne
        ),
        Setting(
            "worker_max_memory_per_child",
            \.workerMaxMemoryPerChild,
            "KiB before a process is replaced",
            expected: positive,
            allowed: atLeastOne
        ),
        Setting("worker_pidfile", \.workerPIDFile, "as --pidfile"),
        Setting(
            "worker_uid",
            \.workerUID.asNumberOrName,
            "as --uid",
            expected: "a user's name or number, or null",
            allowed: isNumberOrText
        ),
        Setting(
            "worker_gid",
            \.workerGID.asNumberOrName,
            "as --gid",
            expected: "a group's name or number, or null",
            allowed: isNumberOrText
        ),
        Setting(
            "worker_umask",
            \.workerUmask.asMask,
            "as --umask",
            expected: "octal digits after a 0, or null",
            allowed: isNumberOrText
        ),
        Setting(
            "worker_pool",
            \.workerPool,
            "prefork, threads, async or solo",
            expected: "one of " + WorkerPoolName.all.joined(separator: ", "),
            allowed: { WorkerPoolName.all.contains($0) }
        ),
        Setting("worker_pool_restarts", \.workerPoolRestarts, "allow pool_restart"),
        Setting(
            "worker_prefetch_multiplier",
            \.workerPrefetchMultiplier,
            "messages held for each slot; 0 without limit",
            expected: "a whole number, 0 or more",
            allowed: { $0 >= 0 }
        ),
        Setting("worker_proc_alive_timeout", \.workerProcAliveTimeout, "for a process to start"),
        Setting("worker_send_task_events", \.workerSendTaskEvents, "as -E"),
        Setting("worker_soft_shutdown_timeout", \.workerSoftShutdownTimeout, "grace before a cold shutdown"),
        Setting(
            "worker_enable_soft_shutdown_on_idle",
            \.workerEnableSoftShutdownOnIdle,
            "even when nothing runs",
            pending: "nothing is held that a pause could save"
        ),
        Setting("worker_state_db", \.workerStateDB, "file of revoked tasks, where the broker does not keep them"),
    ]

    static let ours: [Setting] = [
        Setting("worker_lease", \.workerLease, "how long a silent worker counts as alive (not in Celery)"),
        Setting(
            "worker_health_port",
            \.workerHealthPort,
            "as --health-port (not in Celery)",
            expected: "a port from 0 to 65535, or null",
            allowed: { (0...65535).contains($0 ?? 0) }
        ),
        Setting(
            "worker_health_host",
            \.workerHealthHost,
            "as --health-host (not in Celery)",
            expected: "an address or a host's name",
            allowed: { !$0.isEmpty }
        ),
        Setting(
            "worker_health_timeout",
            \.workerHealthTimeout,
            "as --health-timeout (not in Celery)",
            expected: "a number of seconds above 0",
            allowed: { $0 > .zero }
        ),
        Setting(
            "task_max_worker_deaths",
            \.taskMaxWorkerDeaths,
            "deaths before the dead letters (not in Celery)",
            expected: "a whole number, 1 or more",
            allowed: { $0 >= 1 }
        ),
        Setting(
            "task_chain_inline_limit",
            \.taskChainInlineLimit,
            "so many calls of a chain travel in a message, the rest waits in the result backend; all workers must be ours (not in Celery)",
            expected: "a whole number, 1 or more, or null",
            allowed: { ($0 ?? 1) >= 1 }
        ),
        Setting("dead_letter_retention", \.deadLetterRetention, "how long they are kept (not in Celery)"),
        Setting(
            "dead_letter_limit",
            \.deadLetterLimit,
            "how many are kept (not in Celery)",
            expected: "a whole number, 0 or more",
            allowed: { $0 >= 0 }
        ),
    ]
}

/// Names of pools that Celery users know.
package enum WorkerPoolName {
    /// Ours, and the names that mean one of them: `gevent` and `eventlet` are `async`, `processes` is `prefork`.
    package static let all = ["prefork", "processes", "threads", "async", "gevent", "eventlet", "solo"]
}
