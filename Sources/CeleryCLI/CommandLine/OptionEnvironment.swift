//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Options of commands from environment variables: `CELERY_WORKER_CONCURRENCY=4` is `--concurrency 4`.
///
/// Source: click's `auto_envvar_prefix` in Celery's command line.
enum OptionEnvironment {
    /// One option of a command.
    struct Entry: Sendable {
        var option: String
        var isFlag: Bool
    }

    /// The arguments that the environment stands for, to go before those that were written: those win.
    static func arguments(for command: String, environment: [String: String]) -> [String] {
        var arguments: [String] = []
        for entry in entries(of: command) {
            let variable = variable(command, entry.option)
            guard let value = environment[variable], !value.isEmpty else { continue }
            if !entry.isFlag {
                arguments.append("--\(entry.option)=\(value)")
            } else if isOn(value) {
                arguments.append("--\(entry.option)")
            }
        }
        return arguments
    }

    /// `CELERY_WORKER_MAX_TASKS_PER_CHILD`, `CELERY_DEAD_LIST_LIMIT`.
    static func variable(_ command: String, _ option: String) -> String {
        "CELERY_\(command)_\(option)".uppercased().split { $0 == "-" || $0 == " " }.joined(separator: "_")
    }

    static func isOn(_ text: String) -> Bool { ["1", "true", "yes", "on", "t", "y"].contains(text.lowercased()) }

    /// All variables that stand for options: they are no settings.
    static let variables: Set<String> = Set(
        table.flatMap { command, entries in entries.map { variable(command, $0.option) } }
    )

    static func entries(of command: String) -> [Entry] { table[command] ?? [] }

    /// By command; of one below another by both names, ``below``.
    static let table: [String: [Entry]] = alone.merging(below) { first, _ in first }

    private static let alone: [String: [Entry]] = [
        "worker": options(
            "hostname",
            "statedb",
            "loglevel",
            "log-format",
            "optimization",
            "prefetch-multiplier",
            "concurrency",
            "pool",
            "time-limit",
            "soft-time-limit",
            "max-tasks-per-child",
            "max-memory-per-child",
            "queues",
            "exclude-queues",
            "include",
            "heartbeat-interval",
            "health-port",
            "health-host",
            "health-timeout",
            "autoscale",
            "schedule-filename",
            "scheduler",
            "logfile",
            "pidfile",
            "uid",
            "gid",
            "umask",
            "executable"
        )
            + flags(
                "detach",
                "disable-prefetch",
                "task-events",
                "purge",
                "without-gossip",
                "without-mingle",
                "without-heartbeat",
                "without-remote-control",
                "beat"
            ),
        "call": options(
            "args",
            "kwargs",
            "eta",
            "countdown",
            "expires",
            "serializer",
            "queue",
            "exchange",
            "routing-key",
            "priority"
        ) + flags("json"),
        "result": options("task", "timeout") + flags("traceback", "json"),
        "purge": options("queues", "exclude-queues") + flags("force", "json"),
        "inspect": options("timeout", "destination") + flags("json", "list"),
        "control": options("timeout", "destination") + flags("json", "list"),
        "status": options("timeout", "destination") + flags("json"),
        "events": options(
            "camera",
            "frequency",
            "maxrate",
            "loglevel",
            "logfile",
            "pidfile",
            "uid",
            "gid",
            "umask",
            "executable"
        ) + flags("dump", "json", "detach"),
        "report": flags("json"), "doctor": flags("repair", "json"),
    ]

    private static func options(_ names: String...) -> [Entry] { names.map { Entry(option: $0, isFlag: false) } }
    private static func flags(_ names: String...) -> [Entry] { names.map { Entry(option: $0, isFlag: true) } }
}
