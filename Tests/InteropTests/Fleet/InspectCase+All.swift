//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// All of Celery's inspect commands, on workers with something to tell.
extension InspectCase {
    static let all =
        [
            InspectCase("ping"),
            InspectCase("active", own: ["[0].time_start", "[0].worker_pid"]),
            InspectCase("reserved"),
            InspectCase("scheduled", own: ["[0].eta"]),
            InspectCase("revoked"),
            InspectCase("registered"),
            InspectCase("registered", "name", "rate_limit", "max_retries"),
            InspectCase("active_queues"),
            InspectCase(
                "query_task",
                "swift-running",
                "swift-reserved",
                "python-running",
                "python-reserved",
                "nobody",
                own: ["x-running[1].time_start", "x-running[1].worker_pid"]
            ),
            InspectCase(
                "query_task",
                "swift-scheduled",
                "python-scheduled",
                isNoText: "an argument is a decimal, which it prints as JSON only with --json"
            ),
            InspectCase("clock", changing: ["clock"]),
            InspectCase(
                "stats",
                changing: ["clock", "uptime", "rusage"],
                own: ["pid", "pool.processes", "pool.implementation"],
                differing: [
                    "prefetch_count": "Python's is one more for each task with an ETA that it keeps",
                    "pool.max-memory-per-child": "shown here only",
                    "pool.writes.all": "Python's share of each process",
                    "pool.writes.raw": "Python's count of each process",
                    "pool.writes.inqueues.active": "tasks that run; in Python, pipes that are being written to",
                ]
            ),
            InspectCase("conf", differing: inConf),
            InspectCase("conf", "no", differing: inConf),
            InspectCase("conf", "true", differing: inDefaults),
            InspectCase("report"),
            // Python's is null without psutil.
            InspectCase("memsample", changing: [""], differing: ["": "needs a library in Python"]),
        ] + withoutHeap

    private static let withoutHeap = [
        InspectCase("memdump", differing: ["": "text in Python", "error": "there is no heap to list"]),
        InspectCase("memdump", "5", differing: ["": "text in Python", "error": "there is no heap to list"]),
        InspectCase("objgraph", differing: ["error": "there is no heap to list; needs a library in Python"]),
        InspectCase("objgraph", "Request", "20", "3", differing: ["error": "there is no heap to list"]),
    ]

    private static let inConf = [
        "broker_url": "Python shows a hidden password where there is none",
        "worker_disable_prefetch": "Python's worker sets what has its default",
    ]

    private static let inDefaults: [String: String] = {
        var reasons = ["broker_url": "Python shows a hidden password where there is none"]
        func note(_ reason: String, _ names: String...) { for name in names { reasons[name] = reason } }
        note(
            "a setting of this project's own",
            "broker_timeout",
            "dead_letter_limit",
            "dead_letter_retention",
            "redis_backend_health_check_interval",
            "redis_client_name",
            "task_chain_inline_limit",
            "task_max_worker_deaths",
            "worker_gid",
            "worker_health_host",
            "worker_health_port",
            "worker_health_timeout",
            "worker_lease",
            "worker_logfile",
            "worker_pidfile",
            "worker_uid",
            "worker_umask"
        )
        note(
            "whole seconds are shown as a whole number",
            "control_queue_expires",
            "control_queue_ttl",
            "event_queue_expires",
            "event_queue_ttl",
            "result_chord_join_timeout",
            "result_chord_retry_interval",
            "worker_lost_wait",
            "worker_proc_alive_timeout",
            "worker_soft_shutdown_timeout"
        )
        note(
            "Python hides what is not set as well",
            "redis_password",
            "security_key",
            "security_key_password",
            "task_default_routing_key"
        )
        note(
            "Python shows that it is not set, here is what holds then",
            "task_acks_on_failure",
            "task_acks_on_timeout",
            "task_reject_on_worker_lost"
        )
        note("no limit is null here", "redis_socket_timeout", "result_backend_max_retries")
        note("seconds here, words in Python", "result_expires")
        return reasons
    }()
}
