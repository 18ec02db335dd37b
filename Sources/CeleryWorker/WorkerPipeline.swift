//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Logging
import Synchronization

/// The way of a task through a worker: intake → admission → start → pool → settlement.
///
/// Each stage is a loop of its own, woken by a doorbell; batches form while the previous one is under way.
final class WorkerPipeline: Sendable {
    let app: CeleryApp
    let configuration: WorkerConfiguration
    let pool: any TaskPool
    let transport: any Transport
    let backend: any ResultBackend
    let timers: TimerWheel
    let log: WorkerLog
    /// Tells this worker from all others, and from itself after a restart.
    let identity = TaskID.random()
    let metrics: WorkerMetrics
    let troubles: Troubles
    let revocations: RevokedTasks
    let stamps = RevokedStamps()
    let rateLimits = Mutex(RateLimiter())
    let autoscaler: Mutex<Autoscaler?>
    let queues: ConsumedQueues
    let events: WorkerEvents
    let told = Mutex(ToldTasks())
    let startedAt = ContinuousClock.now
    let state = Mutex(WorkerState())
    let creditBell = Doorbell()
    let startBell = Doorbell()
    let settleBell = Doorbell()
    /// Rings when the shutdown changes, and during one whenever nothing is left to settle.
    let idleBell = Doorbell()
    /// Rings once the pool can run tasks.
    let readyBell = Doorbell()
    /// Rings once the queues are consumed.
    let intakeBell = Doorbell()
    /// Rings once control commands are heard, or it is known that they are not for now.
    let controlBell = Doorbell()
    /// As ``readyBell``, for those who tell other processes.
    let fleetBell = Doorbell()
    /// Asks the worker for a warm shutdown.
    private let onRemoteShutdown: @Sendable () -> Void

    init(
        app: CeleryApp,
        configuration: WorkerConfiguration,
        pool: any TaskPool,
        transport: any Transport,
        backend: any ResultBackend,
        timers: TimerWheel,
        revocations: RevokedTasks,
        metrics: WorkerMetrics = WorkerMetrics([]),
        troubles: Troubles = Troubles(),
        onRemoteShutdown: @escaping @Sendable () -> Void = {}
    ) {
        self.app = app
        self.configuration = configuration
        self.pool = pool
        self.transport = transport
        self.backend = backend
        self.timers = timers
        self.revocations = revocations
        self.metrics = metrics
        self.troubles = troubles
        self.onRemoteShutdown = onRemoteShutdown
        autoscaler = Mutex(
            configuration.autoscale.map {
                Autoscaler(max: $0.max, min: $0.min, keepalive: configuration.autoscaleKeepalive)
            }
        )
        queues = ConsumedQueues(configuration.topology.queues)
        events = WorkerEvents(app: app, configuration: configuration)
        log = WorkerLog(logger: app.logger)
    }

    /// How many deliveries may be held while tasks are short. A multiplier of one says that none is to wait here.
    var reach: Int { configuration.prefetchMultiplier == 1 ? 0 : pool.reach }

    /// Deliveries held at most.
    func prefetch(slots: Int) -> Int {
        configuration.prefetch(slots: configuration.autoscale == nil ? slots : max(slots, scaleLimit))
    }

    var prefetch: Int { prefetch(slots: pool.slots) }

    private var scaleLimit: Int { autoscaler.withLock { $0?.range.upperBound ?? 0 } }

    /// Runs until a shutdown has been asked for and is complete.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { self.poolEnded() }
                try await self.runPool()
            }
            try await runStages()
            // Not cancelled: the pool dismisses its children, and they leave by themselves.
            pool.stop()
            try await group.waitForAll()
        }
        await EventStage(self).end()
    }

    private func runStages() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let intake = Intake(self)
            group.addTask(executorPreference: pool.executor) { await StartStage(self).run() }
            group.addTask(executorPreference: pool.executor) { await SettleStage(self).run() }
            group.addTask { await Housekeeping(self).run() }
            group.addTask { await ControlNode(self).run() }
            group.addTask { await EventStage(self).run() }
            try await withThrowingTaskGroup(of: Void.self) { inner in
                inner.addTask(executorPreference: pool.executor) { try await intake.run() }
                inner.addTask { await self.waitForShutdown() }
                try await inner.next()
                inner.cancelAll()
            }
            await finish()
            await intake.close()
            group.cancelAll()
        }
    }

    /// `control shutdown`.
    func shutDownFromRemote() { onRemoteShutdown() }

    private func runPool() async throws {
        try await pool.run(
            ready: { [self] in
                state.withLock { $0.poolBecameReady() }
                readyBell.ring()
                fleetBell.ring()
                startBell.ring()
                creditBell.ring()
            },
            events: { [self] event in handle(event) }
        )
    }

    /// Asks for a shutdown; a stronger mode replaces a weaker one.
    func shutDown(_ mode: ShutdownMode) {
        state.withLock { state in
            if state.shutdown.map({ $0 < mode }) ?? true { state.shutdown = mode }
        }
        pool.recallAll()
        for bell in [creditBell, startBell, settleBell, idleBell] { bell.ring() }
    }

    /// Without a pool nothing that runs can end any more: whether it failed or was stopped, the worker is over.
    private func poolEnded() {
        state.withLock { $0.poolHasEnded = true }
        shutDown(.cold)
    }

    private func waitForShutdown() async {
        while state.withLock({ $0.shutdown }) == nil, !Task.isCancelled { await idleBell.wait() }
    }

    /// What a pool reports. Called from its threads: only state changes here.
    private func handle(_ event: PoolEvent) {
        switch event {
        case .accepted(let job, let pid):
            guard let task = state.withLock({ $0.accepted(job, pid: pid) }) else { return }
            TimeLimits.arm(self, job: job, task: task)
            if events.isOn.load(ordering: .relaxed) { events.add(.started, task.task.request.message) }
            if task.task.policy.trackStarted { settleBell.ring() }
        case .finished(let job, let report):
            end(job, runtime: report.runtime) { RunEnd(report, signal: $0.signal) }
        case .lost(let job, let loss):
            end(job, runtime: nil) { _ in .lost(loss) }
        case .returned(let jobs):
            state.withLock { state in for job in jobs { state.returned(job) } }
            startBell.ring()
            settleBell.ring()
        case .resized:
            startBell.ring()
            creditBell.ring()
        }
    }

    private func end(_ job: JobID, runtime: Duration?, _ end: (RunningTask) -> RunEnd) {
        let ended = state.withLock { state -> (task: RunningTask, isAwaited: Bool)? in
            guard let task = state.finish(job) else { return nil }
            let runtime = runtime ?? (.now - task.startedAt)
            state.settle(Finished(item: .run(task.task, end(task), runtime: runtime), epoch: task.epoch))
            return (task, !state.ready.isEmpty)
        }
        guard let ended else { return }
        for timer in ended.task.timers { timers.cancel(timer) }
        if ended.isAwaited { startBell.ring() }
        settleBell.ring()
    }
}
