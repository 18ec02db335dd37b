//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryKit

/// `celery worker`: the options. What it does is ``WorkerRun``.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Start a worker.",
        discussion: """
            Settings may follow as name=value: worker.prefetch_multiplier=1 \
            task_acks_late=true.
            """
    )

    @OptionGroup(title: "Worker") var worker: WorkerArguments
    @OptionGroup(title: "Pool") var pool: PoolArguments
    @OptionGroup(title: "Queues") var queues: QueueArguments
    @OptionGroup(title: "Service") var service: ServiceArguments
    @OptionGroup(title: "Health checks") var health: HealthArguments
    @OptionGroup var later: LaterArguments

    @Argument(help: ArgumentHelp("Settings.", valueName: "name=value"))
    var settings: [String] = []

    mutating func validate() throws { try later.refuse() }

    func run() async throws { try await WorkerRun(self).run() }
}

struct WorkerArguments: ParsableArguments {
    @Option(
        name: [.customShort("n", allowingJoined: true), .long],
        help: ArgumentHelp("Node name; %h host, %n name, %d domain (default: celery@%h).", valueName: "name")
    )
    var hostname: String?

    @Option(
        name: [.customShort("l", allowingJoined: true), .long],
        help: ArgumentHelp("DEBUG, INFO, WARNING, ERROR, CRITICAL or FATAL.", valueName: "level"),
        completion: .list(LogLevel.allCases.map(\.rawValue)),
        transform: LogLevel.parse
    )
    var loglevel = LogLevel.warning

    @Option(
        help: ArgumentHelp("Form of log lines: text or json.", valueName: "format"),
        completion: .list(LogFormat.allCases.map(\.rawValue)),
        transform: LogFormat.parse
    )
    var logFormat = LogFormat.text

    @Flag(
        name: [.customShort("E"), .customLong("task-events"), .customLong("events")],
        help: "Send task events."
    )
    var taskEvents = false

    @Option(help: ArgumentHelp("Between two worker heartbeats (default: 2).", valueName: "s"))
    var heartbeatInterval: Double?

    @Flag(help: "Send no events about the worker itself.")
    var withoutHeartbeat = false

    @Flag(help: "Do not ask the other workers at the start.")
    var withoutMingle = false

    @Flag(help: "Listen to no control commands.")
    var withoutRemoteControl = false

    @Option(
        name: [.customShort("S", allowingJoined: true), .long],
        help: ArgumentHelp(
            "Keep revoked tasks in a file, where the broker does not; %n, %h, %d, %p as in --logfile.",
            valueName: "path"
        )
    )
    var statedb: String?

    @Flag(name: [.long, .customLong("discard")], help: "Purge the queues before starting.")
    var purge = false

    mutating func validate() throws {
        if let interval = heartbeatInterval, !(interval > 0 && interval < 1e9) {
            throw ValidationError("--heartbeat-interval is \(interval); it has to be a number of seconds above 0")
        }
    }
}

struct PoolArguments: ParsableArguments {
    @Option(
        name: [.customShort("P", allowingJoined: true), .long],
        help: ArgumentHelp("prefork, threads, async (gevent, eventlet) or solo.", valueName: "pool")
    )
    var pool: String?

    @Option(
        name: [.customShort("c", allowingJoined: true), .long],
        help: ArgumentHelp("Tasks at the same time (default: number of CPUs; 100 in the async pool).", valueName: "n")
    )
    var concurrency: Int?

    @Option(help: ArgumentHelp("Grow and shrink with the load.", valueName: "max,min"))
    var autoscale: AutoscaleRange?

    @Option(help: ArgumentHelp("Messages held for each slot.", valueName: "n"))
    var prefetchMultiplier: Int?

    @Flag(help: "Fetch only when a slot is free.")
    var disablePrefetch = false

    @Option(
        name: [.customShort("O", allowingJoined: true), .long],
        help: ArgumentHelp("default or fair: accepted, always fair.", valueName: "name")
    )
    var optimization: String?

    @Option(help: ArgumentHelp("Hard time limit: the process is killed.", valueName: "s"))
    var timeLimit: Double?

    @Option(help: ArgumentHelp("Soft time limit: the task is cancelled.", valueName: "s"))
    var softTimeLimit: Double?

    @Option(help: ArgumentHelp("Tasks before a process is replaced.", valueName: "n"))
    var maxTasksPerChild: Int?

    @Option(help: ArgumentHelp("Memory before a process is replaced.", valueName: "KiB"))
    var maxMemoryPerChild: Int?

    mutating func validate() throws {
        let atLeastOne = [
            ("concurrency", concurrency), ("max-tasks-per-child", maxTasksPerChild),
            ("max-memory-per-child", maxMemoryPerChild),
        ]
        for case (let name, let value?) in atLeastOne where value < 1 {
            throw ValidationError("--\(name) is \(value); it has to be 1 or more")
        }
        if let value = prefetchMultiplier, value < 0 {
            throw ValidationError("--prefetch-multiplier is \(value); it has to be 0 or more")
        }
        for case (let name, let value?) in [("time-limit", timeLimit), ("soft-time-limit", softTimeLimit)]
        where !(value > 0 && value < 1e11) {
            throw ValidationError("--\(name) is \(value); it has to be a number of seconds above 0")
        }
        if let value = pool, !WorkerPoolName.all.contains(value) {
            throw ValidationError(
                "there is no pool '\(value)'; there are: prefork, threads, async (gevent, eventlet), solo"
            )
        }
        if let value = optimization, value != "default", value != "fair" {
            throw ValidationError("-O is '\(value)'; it has to be default or fair")
        }
    }
}

struct QueueArguments: ParsableArguments {
    @Option(
        name: [.customShort("Q", allowingJoined: true), .long],
        help: ArgumentHelp("Queues to consume (default: all that are configured).", valueName: "a,b")
    )
    var queues: NameList?

    @Option(
        name: [.customShort("X", allowingJoined: true), .long],
        help: ArgumentHelp("Queues not to consume.", valueName: "a,b")
    )
    var excludeQueues: NameList?
}

struct HealthArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Serve /livez, /readyz, /startupz and /metrics over HTTP; 0 is any free port.",
            valueName: "port"
        )
    )
    var healthPort: Int?

    @Option(help: ArgumentHelp("Address that they are served at (default: 0.0.0.0).", valueName: "address"))
    var healthHost: String?

    @Option(
        help: ArgumentHelp("Standing still for so long, a worker counts as dead (default: 30).", valueName: "s")
    )
    var healthTimeout: Double?

    mutating func validate() throws {
        if let port = healthPort, !(0...65535).contains(port) {
            throw ValidationError("--health-port is \(port); it has to be from 0 to 65535")
        }
        if healthHost == "" {
            throw ValidationError("--health-host is empty; it has to be an address or a host's name")
        }
        if let timeout = healthTimeout, !(timeout > 0 && timeout < 1e9) {
            throw ValidationError("--health-timeout is \(timeout); it has to be a number of seconds above 0")
        }
    }
}

/// Names separated by commas.
struct NameList: ExpressibleByArgument, Sendable {
    var names: [String]

    init?(argument: String) {
        names = argument.split(separator: ",").map { String($0.filter { $0 != " " }) }.filter { !$0.isEmpty }
        if names.isEmpty { return nil }
    }
}

/// `10,3`, in any order; `10` alone is from 0.
struct AutoscaleRange: ExpressibleByArgument, Sendable {
    var max: Int
    var min: Int

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == parts.count, (1...2).contains(numbers.count), numbers.allSatisfy({ $0 >= 0 }) else {
            return nil
        }
        max = numbers.max() ?? 0
        min = numbers.count == 1 ? 0 : numbers.min() ?? 0
        if max == 0 { return nil }
    }
}
