//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CCeleryPlatform
import CeleryCore
public import CeleryKit
import CeleryWire
package import CoreMetrics
import Logging
public import ServiceLifecycle
import Synchronization

/// A worker: takes tasks from the broker, runs them in its pool, and stores their results.
///
/// A `Service`: graceful shutdown is warm, cancellation is cold.
public final class Worker: Service {
    private let app: CeleryApp
    private let configuration: WorkerConfiguration
    private let state = Mutex(State())
    /// Rings when a shutdown is asked for, so that a wait for the broker ends.
    private let shutdownBell = Doorbell()

    let watch: WorkerWatch
    let troubles: Troubles

    private struct State {
        var phase = HealthFacts.Phase.idle
        var pipeline: WorkerPipeline?
        /// To be told of what the worker counts, besides the one of swift-metrics.
        var metrics: [any MetricsFactory & AnyObject] = []
        var requested: ShutdownMode?
        var isReady = false
        var onReady: [@Sendable () -> Void] = []
    }

    /// A worker as the command line's options say. Only there may the pool be `prefork`, whose children run the program's
    /// `main` again.
    ///
    /// - Throws: ``CeleryError`` `.misconfigured`.
    package init(_ app: CeleryApp, options: WorkerOptions) throws {
        self.app = app
        if options.timeLimit != nil || options.softTimeLimit != nil {
            app.update { settings in
                settings.taskTimeLimit = options.timeLimit ?? settings.taskTimeLimit
                settings.taskSoftTimeLimit = options.softTimeLimit ?? settings.taskSoftTimeLimit
            }
        }
        configuration = try WorkerConfiguration(app: app, options: options)
        let troubles = Troubles()
        self.troubles = troubles
        watch = WorkerWatch(troubles: troubles)
    }

    /// A worker inside the user's own program: no command line, no child processes.
    ///
    /// - Throws: `CeleryError` `.misconfigured`.
    public convenience init(_ app: CeleryApp, queues: [String]? = nil, pool: EmbeddedPool = .async()) throws {
        var options = WorkerOptions()
        options.queues = queues
        options.pool = pool.name
        options.concurrency = pool.concurrency
        try self.init(app, options: options)
    }

    /// Node name.
    public var hostname: String { configuration.hostname }

    /// What the worker does, decided.
    package var plan: WorkerConfiguration { configuration }

    /// Runs until shut down.
    ///
    /// - Throws: `CeleryError` or `TransportError` when the broker cannot be used and trying again will not help.
    public func run() async throws {
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await self.watch.run { self.lifeSpan.pipeline } }
                    defer { group.cancelAll() }
                    try await self.runPipeline()
                }
            } onGracefulShutdown: {
                self.shutdown(.warm)
            }
        } onCancel: {
            shutdown(.cold)
        }
    }

    private func runPipeline() async throws {
        state.withLock { $0.phase = .connecting }
        defer { state.withLock { $0.phase = .ended } }
        app.middleware.workerInit(configuration.hostname)
        guard let (transport, backend) = try await connect() else { return }
        let revocations = RevokedTasks(file: configuration.stateFile(for: transport))
        try revocations.restore()
        let timers = TimerWheel()
        let pipeline = WorkerPipeline(
            app: app,
            configuration: configuration,
            pool: try PoolFactory.pool(configuration, app: app, transport: transport, backend: backend),
            transport: transport,
            backend: backend,
            timers: timers,
            revocations: revocations,
            metrics: WorkerMetrics(state.withLock { $0.metrics }),
            troubles: troubles,
            onRemoteShutdown: { [weak self] in self?.shutdown(.warm) }
        )
        let requested = state.withLock { state in
            (state.pipeline, state.phase) = (pipeline, .running)
            return state.requested
        }
        if let requested { pipeline.shutDown(requested) }
        pipeline.log.limitations(of: pipeline.pool, configuration, transport: transport, app: app)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await timers.run() }
            // The pipeline does not hear of cancellation: its cold shutdown has to settle what it ends.
            let run = Task { try await pipeline.run() }
            group.addTask { await self.announce(pipeline) }
            defer { group.cancelAll() }
            let outcome = await run.result
            await pipeline.saveRevocationsAtLast()
            try outcome.get()
        }
        app.middleware.workerShutdown(configuration.hostname)
    }

    /// Opens broker and result backend, and purges the queues if it is to, trying again as the settings say. Nil when a shutdown came first.
    private func connect() async throws -> (any Transport, any ResultBackend)? {
        var attempts = 0
        while state.withLock({ $0.requested }) == nil {
            do {
                let stores = (try await app.transport(), try await app.resultBackend())
                if configuration.purge { _ = try await stores.0.purge(configuration.queues) }
                troubles.clear(.connecting)
                return stores
            } catch {
                attempts += 1
                let retry = ConnectionRetry(settings: app.settings)
                guard let wait = retry.delay(after: error, attempts: attempts, isStartup: true) else { throw error }
                let location = (try? app.brokerURL())?.description ?? "the broker"
                WorkerLog(logger: app.logger).brokerLost(error, location: location, wait: wait, attempt: attempts)
                troubles.note(.connecting, "\(error)")
                await pause(wait)
            }
        }
        return nil
    }

    /// Waits for so long, or until a shutdown is asked for.
    private func pause(_ wait: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await Task.sleep(for: wait) }
            group.addTask { await self.shutdownBell.wait() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Where it is in its life, and what it runs or has run.
    var lifeSpan: (phase: HealthFacts.Phase, pipeline: WorkerPipeline?) {
        state.withLock { ($0.phase, $0.pipeline) }
    }

    /// Tells these too of what it counts and times. To be called before it runs.
    package func observe(with factory: any MetricsFactory & AnyObject) { state.withLock { $0.metrics.append(factory) } }

    private func announce(_ pipeline: WorkerPipeline) async {
        await pipeline.readyBell.wait()
        await pipeline.intakeBell.wait()
        // Whoever sees that the worker is ready may tell it something. Consuming does not wait for that.
        await pipeline.controlBell.wait()
        guard !Task.isCancelled else { return }
        let actions = state.withLock { state in
            state.isReady = true
            defer { state.onReady = [] }
            return state.onReady
        }
        app.middleware.workerReady(configuration.hostname)
        for action in actions { action() }
    }

    /// Calls the action once tasks can be taken; at once when they can already.
    package func onReady(_ action: @escaping @Sendable () -> Void) {
        let isReady = state.withLock { state in
            if !state.isReady { state.onReady.append(action) }
            return state.isReady
        }
        if isReady { action() }
    }

    /// Asks the worker to stop. May be called from any thread; a stronger mode replaces a weaker one.
    public func shutdown(_ mode: ShutdownMode) { shutdown(mode, WorkerShutdown(how: "\(mode)")) }

    /// The same, saying what asked for it.
    package func shutdown(_ mode: ShutdownMode, _ notice: WorkerShutdown) {
        let pipeline = state.withLock { state in
            state.requested = max(state.requested ?? mode, mode)
            return state.pipeline
        }
        shutdownBell.ring()
        app.middleware.workerShuttingDown(configuration.hostname, notice)
        pipeline?.shutDown(mode)
    }
}

/// A pool for a worker inside the user's own program.
public struct EmbeddedPool: Sendable {
    let name: String
    let concurrency: Int

    /// Structured concurrency: up to that many tasks at a time in this process.
    public static func async(concurrency: Int = 100) -> EmbeddedPool {
        EmbeddedPool(name: "async", concurrency: concurrency)
    }

    /// Dedicated threads, for code that blocks.
    public static func threads(concurrency: Int) -> EmbeddedPool {
        EmbeddedPool(name: "threads", concurrency: concurrency)
    }

    /// One task at a time on one thread.
    public static var solo: EmbeddedPool { EmbeddedPool(name: "solo", concurrency: 1) }
}
