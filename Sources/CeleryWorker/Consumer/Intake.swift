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
    /// - Throws: ``TransportError`` when the broker is lost and the settings say not to try again.
    func run() async throws {
        var attempts = 0
        while !Task.isCancelled {
            do {
                let consumer = try await open()
                attempts = 0
                try await consume(consumer)
            } catch {
                guard !Task.isCancelled else { return }
                attempts += 1
                try await recover(from: error, attempts: attempts)
            }
        }
    }

    private func open() async throws(TransportError) -> Epoch {
        let configuration = pipeline.configuration
        try await pipeline.transport.declare(configuration.topology)
        let lease = pipeline.app.settings.workerLease
        let consumer = try await pipeline.transport.openConsumer(
            ConsumerConfiguration(
                name: configuration.hostname,
                queues: configuration.queues,
                lease: lease,
                renewal: lease * 3 / 10
            )
        )
        return pipeline.state.withLock { $0.open(consumer) }
    }

    private func consume(_ epoch: Epoch) async throws(TransportError) {
        while !Task.isCancelled {
            let prefetch = pipeline.configuration.prefetch(slots: pipeline.pool.slots)
            let credit = pipeline.state.withLock { $0.poolIsReady ? prefetch - $0.held : 0 }
            guard credit > 0 else {
                await pipeline.creditBell.wait()
                continue
            }
            let deliveries = try await epoch.consumer.receive(upTo: credit)
            guard !deliveries.isEmpty else { continue }
            pipeline.state.withLock { $0.received(deliveries.count) }
            await admit(deliveries, epoch: epoch)
        }
    }

    private func admit(_ deliveries: [Delivery], epoch: Epoch) async {
        let settings = pipeline.app.configuration.settings
        let admission = Admission(
            app: pipeline.app,
            codec: pipeline.app.codec,
            settings: settings,
            hostname: pipeline.configuration.hostname,
            canDelay: pipeline.transport.capabilities.delayedDelivery
        )
        let revoked = await pipeline.revocations.revoked(among: deliveries, in: pipeline.transport.revocations)
        let now = Timestamp.now
        var admitted: [AdmittedTask] = []
        var finished: [Finished] = []
        for delivery in deliveries {
            pipeline.metrics.waited(delivery.queue, since: delivery.enqueuedAt, now: now)
            let isRevoked = delivery.taskID.map { revoked.contains($0) } ?? false
            switch admission.decide(delivery, isRevoked: isRevoked, now: now) {
            case .run(let task):
                pipeline.log.received(task.request.message)
                pipeline.app.middleware.taskReceived(task.request.message)
                if let later = limited(task, settings: settings, now: now) {
                    finished.append(Finished(item: .postponed(delivery.tag, later), epoch: epoch))
                } else {
                    admitted.append(task)
                }
            case .postpone(let time):
                finished.append(Finished(item: .postponed(delivery.tag, time), epoch: epoch))
            case .end(let ending):
                finished.append(Finished(item: .ended(ending, delivery), epoch: epoch))
            }
        }
        pipeline.state.withLock { state in
            state.admit(admitted, epoch: epoch)
            for item in finished { state.settle(item) }
        }
        if !admitted.isEmpty { pipeline.startBell.ring() }
        if !finished.isEmpty { pipeline.settleBell.ring() }
    }

    /// When a task over its rate limit may be taken again; it waits in the queue meanwhile.
    private func limited(_ task: AdmittedTask, settings: CelerySettings, now: Timestamp) -> Timestamp? {
        guard !settings.workerDisableRateLimits else { return nil }
        let name = task.request.message.headers.task
        let own = pipeline.app.registeredTask(name)?.options.rateLimit
        guard let limit = own ?? settings.taskDefaultRateLimit.flatMap({ RateLimit($0) }) else { return nil }
        return pipeline.rateLimits.withLock { $0.take(name, limit: limit, now: now) }
    }

    private func recover(from error: any Error, attempts: Int) async throws {
        let settings = pipeline.app.configuration.settings
        let epoch = pipeline.state.withLock { state in
            let epoch = state.epoch
            if let epoch { state.closeEpoch(epoch.number) }
            return epoch
        }
        if let transport = error as? TransportError, transport.code == .epochLost {
            pipeline.log.epochLost(transport)
            return
        }
        // What it holds comes back through its lease; closing politely is only worth one attempt.
        try? await epoch?.consumer.close()
        let retry = ConnectionRetry(settings: settings)
        guard let wait = retry.delay(after: error, attempts: attempts, isStartup: epoch == nil) else { throw error }
        pipeline.log.brokerLost(error, location: pipeline.transport.location, wait: wait, attempt: attempts)
        try? await Task.sleep(for: wait)
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
