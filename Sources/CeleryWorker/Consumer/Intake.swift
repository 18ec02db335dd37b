//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Synchronization

/// The first stage: keeps a consumer open, takes deliveries as credit allows, and admits them.
///
/// Whatever goes wrong at the broker ends the epoch; a new one is opened with back-off.
struct Intake {
    private let pipeline: WorkerPipeline

    init(_ pipeline: WorkerPipeline) { self.pipeline = pipeline }

    /// Runs until cancelled.
    ///
    /// A call that fails for the moment is tried again within the same epoch: its lease holds, and what runs under it goes
    /// on. Only an epoch that is lost or closed is replaced.
    /// - Throws: ``TransportError`` when the broker is lost and the settings say not to try again.
    func run() async throws(TransportError) {
        var attempts = 0
        var returns = StoreReturns()
        var epoch: Epoch?
        // What a new epoch was opened with, until it is known that no command has changed it meanwhile.
        var opened: [String]?
        var hasStarted = false
        var isAway = false
        func noteBack() {
            if isAway { pipeline.log.brokerBack(location: pipeline.transport.location) }
            isAway = false
        }
        func noteReturn() {
            returns.note()
            pipeline.troubles.clear(.intake)
            noteBack()
        }
        while !Task.isCancelled {
            do {
                let current: Epoch
                if let epoch, isCurrent(epoch) {
                    current = epoch
                } else {
                    let queues = pipeline.queues.names
                    current = try await open(queues)
                    opened = queues
                    noteBack()
                }
                (epoch, hasStarted) = (current, true)
                while let queues = opened {
                    let wanted = pipeline.queues.names
                    if wanted != queues { try await current.consumer.consume(wanted) }
                    opened = wanted == queues ? nil : wanted
                }
                guard try await consume(current, isAway ? { noteReturn() } : nil) else { return }
                // What it gives proves that it is there.
                (attempts, returns) = (0, StoreReturns())
                noteBack()
            } catch {
                guard !Task.isCancelled else { return }
                if let lost = epoch, error.code == .epochLost || error.code == .closed {
                    pipeline.state.withLock { $0.loseEpoch(lost.number) }
                    pipeline.log.epochLost(error)
                    epoch = nil
                    continue
                }
                if returns.lasted() { attempts = 0 }
                attempts += 1
                isAway = true
                let current = epoch.flatMap { isCurrent($0) && !returns.areFalse ? $0 : nil }
                guard try await pause(after: error, attempts: attempts, in: current, isStartup: !hasStarted) else {
                    continue
                }
                noteReturn()
            }
        }
    }

    private func isCurrent(_ epoch: Epoch) -> Bool { pipeline.state.withLock { $0.epoch?.number } == epoch.number }

    /// A start was refused: the epoch was taken from this worker, or is about to be. It is ended here as well, so that nothing
    /// is held under it, and a new one is opened.
    func lose(_ epoch: Epoch, _ error: TransportError, dropping starting: Int) async {
        let isFirst = pipeline.state.withLock { state in
            state.dropStarting(starting)
            defer { state.loseEpoch(epoch.number) }
            return state.epoch?.number == epoch.number
        }
        pipeline.settleBell.ring()
        guard isFirst else { return }
        pipeline.log.epochLost(error)
        // Fails where others have ended it already.
        try? await epoch.consumer.close()
        pipeline.creditBell.ring()
    }

    /// - Parameter queues: Of a command that changes them from now on nobody tells the consumer before it is there.
    private func open(_ queues: [String]) async throws(TransportError) -> Epoch {
        let configuration = pipeline.configuration
        try await pipeline.transport.declare(Topology(pipeline.queues.all))
        let lease = pipeline.app.settings.workerLease
        let starts = StartStage(pipeline).commonMode
        let consumer = try await pipeline.transport.openConsumer(
            ConsumerConfiguration(
                name: configuration.hostname,
                queues: queues,
                lease: lease,
                renewal: lease * 3 / 10,
                results: pipeline.backend,
                starts: starts,
                isBusy: { [weak pipeline] in
                    guard let pipeline else { return true }
                    let slots = pipeline.pool.slots
                    return pipeline.state.withLock { $0.isBusy(slots: slots) }
                }
            )
        )
        pipeline.troubles.clear(.intake)
        let epoch = pipeline.state.withLock { $0.open(consumer, starts: starts) }
        pipeline.intakeBell.ring()
        return epoch
    }

    /// One receipt. False when cancelled before it.
    ///
    /// - Parameter noteReturn: Of a store that was away: called when it says that it is back and gives nothing yet.
    private func consume(_ epoch: Epoch, _ noteReturn: (() -> Void)?) async throws(TransportError) -> Bool {
        while !Task.isCancelled {
            let slots = pipeline.pool.slots
            let (prefetch, reach) = (pipeline.prefetch(slots: slots), pipeline.reach)
            let (credit, startable) = pipeline.state.withLock { state in
                (
                    state.credit(prefetch: prefetch, slots: slots, reach: reach),
                    state.startable(slots: slots, reach: pipeline.pool.takesPermits ? pipeline.pool.reach : slots)
                )
            }
            guard credit > 0 else {
                await pipeline.creditBell.wait()
                continue
            }
            let deliveries = try await receive(epoch.consumer, credit, min(credit, startable), noteReturn)
            guard !deliveries.isEmpty else { return true }
            pipeline.troubles.clear(.intake)
            pipeline.state.withLock { $0.received(deliveries.count) }
            await admit(deliveries, epoch: epoch)
            return true
        }
        return false
    }

    private enum Answer: Sendable {
        case receipt(Result<[Delivery], TransportError>)
        /// Whether the store can be reached.
        case reach(Bool)
    }

    private func receive(
        _ consumer: any TransportConsumer,
        _ credit: Int,
        _ startable: Int,
        _ noteReturn: (() -> Void)?
    ) async throws(TransportError) -> [Delivery] {
        guard let noteReturn else { return try await consumer.receive(upTo: credit, starting: startable) }
        // It may have come back since the last attempt failed: a receipt waits for messages then, and says nothing.
        let result = await withTaskGroup(of: Answer.self) { group in
            group.addTask {
                do throws(TransportError) {
                    return .receipt(.success(try await consumer.receive(upTo: credit, starting: startable)))
                } catch {
                    return .receipt(.failure(error))
                }
            }
            group.addTask { .reach(await consumer.untilReachable()) }
            var result: Result<[Delivery], TransportError> = .success([])
            for await answer in group {
                switch answer {
                case .receipt(let receipt):
                    result = receipt
                    group.cancelAll()
                case .reach(let isBack): if isBack { noteReturn() }
                }
            }
            return result
        }
        return try result.get()
    }

    private func admit(_ deliveries: [Delivery], epoch: Epoch) async {
        let settings = pipeline.app.configuration.settings
        let admission = Admission(
            app: pipeline.app,
            codec: pipeline.app.codec,
            settings: settings,
            hostname: pipeline.configuration.hostname,
            canDelay: pipeline.transport.capabilities.delayedDelivery,
            starts: epoch.starts
        )
        let revoked = await pipeline.revocations.revoked(among: deliveries, in: pipeline.transport.revocations)
        let succeeded = await SucceededTasks(pipeline).among(deliveries, settings: settings)
        let now = Timestamp.now
        var admitted: [AdmittedTask] = []
        var finished: [Finished] = []
        for delivery in deliveries {
            let isRevoked = delivery.taskID.map { revoked.contains($0) } ?? false || isStamped(delivery)
            switch admission.decide(delivery, isRevoked: isRevoked, now: now) {
            case .run(let task) where task.policy.acksLate && succeeded.contains(task.request.message.headers.id):
                let ending = Ending(task.request.message, .acknowledge, policy: task.policy)
                finished.append(Finished(item: .ended(ending, delivery), epoch: epoch))
            case .run(let task):
                let turn = turn(of: task, settings: settings, now: now)
                let headers = task.request.message.headers
                let isTold = headers.eta != nil && pipeline.told.withLock { $0.take(headers) }
                if turn.isNew, !isTold { tellReceived(task.request.message) }
                if let later = turn.later {
                    finished.append(Finished(item: .postponed(delivery.tag, later), epoch: epoch))
                } else {
                    pipeline.metrics.waited(delivery.queue, since: delivery.enqueuedAt, now: now)
                    admitted.append(task)
                }
            case .postpone(let message, let time):
                // As in Celery when a worker first sees it, though it does not stay here.
                let isNew = pipeline.told.withLock { $0.postpone(message.headers, until: time, now: now) }
                if isNew { tellReceived(message) }
                finished.append(Finished(item: .postponed(delivery.tag, time), epoch: epoch))
            case .end(let ending):
                finished.append(Finished(item: .ended(ending, delivery), epoch: epoch))
            }
        }
        let isDirect = pipeline.state.withLock { state in
            for item in finished { state.settle(item) }
            return state.admit(admitted, epoch: epoch)
        }
        if !finished.isEmpty { pipeline.settleBell.ring() }
        guard !admitted.isEmpty else { return }
        // What waits for no mark is not handed to another task first.
        if isDirect { await StartStage(pipeline).startNext() }
        if pipeline.state.withLock({ !$0.ready.isEmpty }) { pipeline.startBell.ring() }
    }

    private func tellReceived(_ message: Message) {
        pipeline.log.received(message)
        pipeline.app.middleware.taskReceived(message)
        if pipeline.events.isOn.load(ordering: .relaxed) { pipeline.events.add(.received, message) }
    }

    private func isStamped(_ delivery: Delivery) -> Bool {
        guard case .message(let message) = delivery.content else { return false }
        return pipeline.stamps.contains(message)
    }

    /// When a task over its rate limit may be taken again; it waits in the queue meanwhile.
    private func turn(of task: AdmittedTask, settings: CelerySettings, now: Timestamp) -> RateLimiter.Turn {
        guard !settings.workerDisableRateLimits else { return RateLimiter.Turn() }
        let headers = task.request.message.headers
        let own = pipeline.app.registeredTask(headers.task)?.options.rateLimit
        guard let limit = own ?? settings.taskDefaultRateLimit.flatMap({ RateLimit($0) }) else {
            return RateLimiter.Turn()
        }
        return pipeline.rateLimits.withLock { $0.turn(of: headers.id, headers.task, limit: limit, now: now) }
    }

    /// Waits before the next attempt, or until the epoch's store says that it can be reached again; whether it did.
    private func pause(
        after error: TransportError,
        attempts: Int,
        in epoch: Epoch?,
        isStartup: Bool
    ) async throws(TransportError) -> Bool {
        let retry = ConnectionRetry(settings: pipeline.app.configuration.settings)
        guard let wait = retry.delay(after: error, attempts: attempts, isStartup: isStartup) else { throw error }
        pipeline.log.brokerLost(error, location: pipeline.transport.location, wait: wait, attempt: attempts)
        pipeline.troubles.note(.intake, error.description)
        defer { pipeline.troubles.isBeingRetried(.intake) }
        return await withTaskGroup(of: Bool?.self) { group in
            group.addTask {
                try? await Task.sleep(for: wait)
                return nil
            }
            if let epoch { group.addTask { await epoch.consumer.untilReachable() } }
            for await isBack in group {
                if isBack ?? false {
                    group.cancelAll()
                    return true
                }
                // Time is up: it may have come back in this moment, and then nothing else would tell of it.
                if isBack == nil { group.cancelAll() }
            }
            return false
        }
    }

    /// Gives back everything that is held.
    func close() async {
        let epoch = pipeline.state.withLock { state in
            let epoch = state.epoch
            if let epoch { state.closeEpoch(epoch.number) }
            return epoch
        }
        do {
            try await epoch?.consumer.close()
        } catch {
            pipeline.log.closeFailed(error)
        }
    }
}

extension Delivery {
    /// Nil when no message could be made of the bytes.
    var taskID: String? {
        if case .message(let message) = content { message.headers.id } else { nil }
    }
}
