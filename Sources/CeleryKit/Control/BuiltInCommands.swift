//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Celery's own commands, as the command line shows and reads them.
enum BuiltInCommands {
    static let all = inspecting + controlling

    static let inspecting = [
        ControlCommand("active", help: "List of tasks currently being executed."),
        ControlCommand("active_queues", help: "List the task queues a worker is currently consuming from."),
        ControlCommand("clock", help: "Get current logical clock value."),
        ControlCommand(
            "conf",
            help: "List configuration.",
            signature: "[include_defaults=False]",
            parameters: [.init("with_defaults", .bool)]
        ),
        ControlCommand("hello", help: "Request mingle sync-data.", isVisible: false),
        ControlCommand(
            "memdump",
            help: "Dump statistics of previous memsample requests.",
            signature: "[n_samples=10]",
            parameters: [.init("samples", .int)]
        ),
        ControlCommand("memsample", help: "Sample current RSS memory usage."),
        ControlCommand(
            "objgraph",
            help: "Create graph of uncollected objects (memory-leak debugging).",
            signature: "[object_type=Request] [num=200 [max_depth=10]]",
            parameters: [.init("type"), .init("num", .int), .init("max_depth", .int)]
        ),
        ControlCommand("ping", help: "Ping worker(s)."),
        ControlCommand(
            "query_task",
            help: "Query for task information by id.",
            signature: "[id1 [id2 [... [idN]]]]",
            variadic: "ids"
        ),
        ControlCommand(
            "registered",
            help: "List of registered tasks.",
            signature: "[attr1 [attr2 [... [attrN]]]]",
            variadic: "taskinfoitems"
        ),
        ControlCommand("report", help: "Information about Celery installation for bug reports."),
        ControlCommand("reserved", help: "List of currently reserved tasks, not including scheduled/active."),
        ControlCommand("revoked", help: "List of revoked task-ids."),
        ControlCommand("scheduled", help: "List of currently scheduled ETA/countdown tasks."),
        ControlCommand("stats", help: "Request worker statistics/information."),
    ]

    static let controlling = [
        ControlCommand(
            "add_consumer",
            .control,
            help: "Tell worker(s) to consume from task queue by name.",
            signature: "<queue> [exchange [type [routing_key]]]",
            parameters: [.init("queue"), .init("exchange"), .init("exchange_type"), .init("routing_key")]
        ),
        ControlCommand(
            "autoscale",
            .control,
            help: "Modify autoscale settings.",
            signature: "[max [min]]",
            parameters: [.init("max", .int), .init("min", .int)]
        ),
        ControlCommand(
            "cancel_consumer",
            .control,
            help: "Tell worker(s) to stop consuming from task queue by name.",
            signature: "<queue>",
            parameters: [.init("queue")]
        ),
        ControlCommand("disable_events", .control, help: "Tell worker(s) to stop sending task-related events."),
        ControlCommand("election", .control, help: "Hold election."),
        ControlCommand("enable_events", .control, help: "Tell worker(s) to send task-related events."),
        ControlCommand("heartbeat", .control, help: "Tell worker(s) to send event heartbeat immediately."),
        ControlCommand(
            "pool_grow",
            .control,
            help: "Grow pool by n processes/threads.",
            signature: "[N=1]",
            parameters: [.init("n", .int)]
        ),
        ControlCommand("pool_restart", .control, help: "Restart execution pool."),
        ControlCommand(
            "pool_shrink",
            .control,
            help: "Shrink pool by n processes/threads.",
            signature: "[N=1]",
            parameters: [.init("n", .int)]
        ),
        ControlCommand(
            "rate_limit",
            .control,
            help: "Tell worker(s) to modify the rate limit for a task by type.",
            signature: "<task_name> <rate_limit (e.g., 5/s | 5/m | 5/h)>",
            parameters: [.init("task_name"), .init("rate_limit")]
        ),
        ControlCommand(
            "revoke",
            .control,
            help: "Revoke task by task id (or list of ids).",
            signature: "[id1 [id2 [... [idN]]]]",
            variadic: "task_id"
        ),
        ControlCommand(
            "revoke_by_stamped_headers",
            .control,
            help: "Revoke task by header (or list of headers).",
            signature: "[key1=value1 [key2=value2 [... [keyN=valueN]]]]",
            variadic: "headers"
        ),
        ControlCommand("shutdown", .control, help: "Shutdown worker(s)."),
        ControlCommand(
            "terminate",
            .control,
            help: "Terminate task by task id (or list of ids).",
            signature: "<signal> [id1 [id2 [... [idN]]]]",
            parameters: [.init("signal")],
            variadic: "task_id"
        ),
        ControlCommand(
            "time_limit",
            .control,
            help: "Tell worker(s) to modify the time limit for task by type.",
            signature: "<task_name> <soft_secs> [hard_secs]",
            parameters: [.init("task_name"), .init("soft", .double), .init("hard", .double)]
        ),
    ]
}
