//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
import CeleryCore
import CeleryKit
import CeleryWire
import CeleryWorker
import Logging
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What `celery worker` does: settings, log, PID file, banner, signals, and then the worker until it is told to stop.
struct WorkerRun {
    let command: WorkerCommand

    init(_ command: WorkerCommand) { self.command = command }

    func run() async throws {
        let context = try CommandContext.current
        guard context.isOwnApp else {
            throw CommandFailure.usage(
                "a worker needs an app: celery -A NAME worker\n"
                    + "NAME is an executable product of the package here, or the path of a program",
                help: "worker"
            )
        }
        try becomeUser()
        try await context.applySettings(
            overrides: command.settings.map { try SettingsOverride.parse($0, namespace: "worker") }
        )
        try becomeUser(context.app.settings)
        var options = WorkerOptions(command, context.app.settings)
        options.autoscaleKeepalive = try Self.autoscaleKeepalive(context.environment)
        let node = NodeName.expand(options.hostname ?? "celery@%h")
        let service = self.service(context.app.settings)
        if command.service.detach, !PreforkChild.isChild {
            // What is wrong with settings and options is an error here.
            try await checkHealth(context)
            _ = try Worker(context.app, options: options)
            return try await service.detach(context, node: node)
        }
        let logger = try log(context, to: service.logPath(node: node))
        // In a child of the prefork pool the way ends here: the same settings and log, but no worker of its own.
        await PoolFactory.becomeChildIfAsked(context.app)
        let worker = try Worker(context.app, options: options)
        let pidFile = try service.pidPath(node: node)
            .map { path throws(CommandFailure) in try PIDFile(taking: path) }
        let restarts = Mutex(false)
        let signals = signals(worker, context, logger) { restarts.withLock { $0 = true } }
        try signals.install()
        do {
            // Before the banner: a port that is taken is said alone.
            try await serveHealth(of: worker, context, logger) {
                if !context.globals.isQuiet { try await showBanner(worker, context) }
                worker.onReady {
                    logger.info("\(node) ready.")
                    // Reading options and settings is behind it; its code need not stay in memory.
                    celery_forget_startup()
                }
                try await worker.run()
                await context.app.shutdown()
            }
        } catch {
            pidFile?.release()
            throw error
        }
        pidFile?.release()
        if restarts.withLock({ $0 }) { try restart(context) }
        if signals.exitCode != .ok { throw CommandFailure("", code: signals.exitCode) }
    }

    private func log(_ context: CommandContext, to path: String?) throws(CommandFailure) -> Logger {
        let noColour = context.globals.noColour || context.app.settings.workerLogColor == false
        return try LogSetup.install(
            path: path,
            format: command.worker.logFormat,
            level: command.worker.loglevel.level,
            terminal: path == nil
                ? Terminal.on(STDERR_FILENO, noColour: noColour, environment: context.environment)
                : Terminal(usesColour: context.app.settings.workerLogColor == true),
            process: PreforkChild.isChild ? "ForkPoolWorker-\(getpid())" : "MainProcess",
            app: context.app
        )
    }

    private func signals(
        _ worker: Worker,
        _ context: CommandContext,
        _ logger: Logger,
        willRestart: @escaping @Sendable () -> Void
    ) -> WorkerSignals {
        let escalation = ShutdownEscalation(
            softTimeout: context.app.settings.workerSoftShutdownTimeout.inSeconds,
            terminateIsQuit: context.environment["REMAP_SIGTERM"] == "SIGQUIT"
        )
        // On a terminal SIGHUP is the terminal's end, and ends the worker warm like SIGTERM.
        let isService = isatty(STDOUT_FILENO) == 0
        return WorkerSignals(
            escalation,
            actions: WorkerSignals.Actions(
                shutDown: { step, signal, exitCode in
                    let mode = ShutdownMode(step)
                    worker.shutdown(
                        mode,
                        WorkerShutdown(how: "\(mode)", signal: signal, exitCode: exitCode.rawValue)
                    )
                },
                restart: {
                    Terminal.complain(isService ? "worker: Restarting" : "worker: Warm shutdown (MainProcess)")
                    if isService { willRestart() }
                    worker.shutdown(.warm, WorkerShutdown(how: "warm", signal: SIGHUP))
                },
                dump: { for line in worker.activity { logger.warning("\(line)") } }
            )
        )
    }

    /// Seconds of Celery's variable for it.
    private static func autoscaleKeepalive(_ environment: [String: String]) throws(CommandFailure) -> Duration? {
        guard let text = environment["AUTOSCALE_KEEPALIVE"], !text.isEmpty else { return nil }
        guard let seconds = Double(text), seconds >= 0 else {
            throw .usage("AUTOSCALE_KEEPALIVE is '\(text)'; it has to be a number of seconds, 0 or more")
        }
        return .bounded(seconds: seconds)
    }

    private func showBanner(_ worker: Worker, _ context: CommandContext) async throws {
        let plan = worker.plan
        let level = command.worker.loglevel.level
        let tasks = context.app.registeredTaskNames.filter { level <= .debug || !$0.hasPrefix("celery.") }
        let slots = plan.autoscale.map { "{min=\($0.min), max=\($0.max)}" } ?? "\(plan.concurrency)"
        let banner = WorkerBanner(
            hostname: plan.hostname,
            app: context.app.name,
            transport: try await location(of: try context.app.brokerURL()) {
                try await context.app.transport().location
            },
            results: try await location(of: try context.app.backendURL()) {
                try await context.app.resultBackend().location
            },
            concurrency: "\(slots) (\(plan.poolName))",
            taskEvents: plan.taskEvents,
            queues: plan.topology.queues,
            tasks: level <= .info ? tasks : nil,
            platform: Version.platform,
            time: String(LogClock().text(.now).prefix(19))
        )
        Terminal.say(banner.text(terminal: context.terminal(STDOUT_FILENO)))
    }

    /// Where a store is; of one that is away for the moment, for which the worker itself waits, by its URL.
    private func location(
        of url: @autoclosure () throws -> BrokerURL?,
        _ opened: () async throws -> String
    ) async throws -> String {
        do {
            return try await opened()
        } catch let error as TransportError where error.isTransient {
            return try url()?.description ?? ""
        }
    }

    /// Starts the same command line anew, in this process.
    private func restart(_ context: CommandContext) throws(CommandFailure) -> Never {
        WorkerSignals.reset()
        try Execution.replace(Execution.ownProgram ?? context.arguments[0], Array(context.arguments.dropFirst()))
    }
}

extension ShutdownMode {
    fileprivate init(_ step: ShutdownEscalation.Action.Step) {
        switch step {
        case .warm: self = .warm
        case .soft: self = .soft
        case .cold, .hard: self = .cold
        }
    }
}

extension WorkerOptions {
    /// What the command line says; the rest is the settings'.
    init(_ command: WorkerCommand, _ settings: CelerySettings) {
        self.init()
        hostname = command.worker.hostname
        queues = command.queues.queues?.names
        excludeQueues = command.queues.excludeQueues?.names ?? []
        pool = command.pool.pool
        concurrency = command.pool.concurrency
        // As in Celery, 0 on the command line leaves it to the settings.
        prefetchMultiplier = command.pool.prefetchMultiplier.flatMap { $0 == 0 ? nil : $0 }
        if command.pool.disablePrefetch { prefetchMultiplier = 1 }
        autoscale = command.pool.autoscale.map { ($0.max, $0.min) }
        timeLimit = command.pool.timeLimit.map { .bounded(seconds: $0) }
        softTimeLimit = command.pool.softTimeLimit.map { .bounded(seconds: $0) }
        maxTasksPerChild = command.pool.maxTasksPerChild
        maxMemoryPerChild = command.pool.maxMemoryPerChild
        let node = NodeName.expand(hostname ?? "celery@%h")
        stateDB = (command.worker.statedb ?? settings.workerStateDB).map { FileName.expand($0, node: node) }
        purge = command.worker.purge
        taskEvents = command.worker.taskEvents ? true : nil
        heartbeatInterval = command.worker.heartbeatInterval.map { .bounded(seconds: $0) }
        withoutHeartbeat = command.worker.withoutHeartbeat
        withoutMingle = command.worker.withoutMingle
        withoutRemoteControl = command.worker.withoutRemoteControl
    }
}
