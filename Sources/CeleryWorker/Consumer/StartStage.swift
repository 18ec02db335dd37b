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

/// The stage between admission and pool: marks tasks as begun, in batches, and hands them over.
struct StartStage {
    private let pipeline: WorkerPipeline

    init(_ pipeline: WorkerPipeline) { self.pipeline = pipeline }

    /// Runs until cancelled.
    func run() async {
        while !Task.isCancelled {
            guard await startNext() else {
                await pipeline.startBell.wait()
                continue
            }
        }
    }

    /// Starts what waits and has a slot. False when there is nothing to start.
    @discardableResult
    func startNext() async -> Bool {
        let (slots, reach) = (pipeline.pool.slots, pipeline.pool.reach)
        guard let batch = pipeline.state.withLock({ $0.takeReady(slots: slots, reach: reach) }) else { return false }
        await start(batch.tasks, epoch: batch.epoch)
        return true
    }

    private func start(_ tasks: [AdmittedTask], epoch: Epoch) async {
        let now = Timestamp.now
        var begun: [AdmittedTask] = []
        var dropped: [Finished] = []
        for task in tasks {
            if let ending = stopped(task, now: now) {
                dropped.append(Finished(item: .ended(ending, task.asDelivery), epoch: epoch))
            } else {
                begun.append(task)
            }
        }
        if !dropped.isEmpty {
            pipeline.state.withLock { state in
                state.dropStarting(dropped.count)
                for item in dropped { state.settle(item) }
            }
            pipeline.settleBell.ring()
        }
        // What the store has permitted already does not wait for the others' marks.
        let permitted = begun.filter(\.isPermitted)
        await launch(permitted, isPermitted: true, epoch: epoch)
        if permitted.count < begun.count {
            await launch(begun.filter { !$0.isPermitted }, isPermitted: false, epoch: epoch)
        }
    }

    private func launch(_ begun: [AdmittedTask], isPermitted: Bool, epoch: Epoch) async {
        guard !begun.isEmpty else { return }
        do {
            let jobs = try await mark(begun, isPermitted: isPermitted, epoch: epoch)
            if !isPermitted { pipeline.troubles.clear(.starting) }
            CutPoint.begun.reached()
            let pairs = zip(jobs, begun).map { (job: $0, task: $1) }
            pipeline.state.withLock { $0.run(pairs, epoch: epoch) }
            pipeline.pool.submit(jobs)
            // Revoked between the look at it and now.
            for (job, task) in pairs where isRevoked(task.request.message) {
                pipeline.pool.recall(job.id)
            }
        } catch  where error.code == .epochLost || error.code == .closed {
            await Intake(pipeline).lose(epoch, error, dropping: begun.count)
        } catch  where isPermitted && !pipeline.pool.takesPermits {
            // The journal has no room: then by a mark.
            await launch(begun, isPermitted: false, epoch: epoch)
        } catch {
            pipeline.log.beginFailed(error)
            pipeline.troubles.note(.starting, error.description)
            pipeline.troubles.isBeingRetried(.starting)
            pipeline.state.withLock { $0.putBack(begun, epoch: epoch) }
            pipeline.settleBell.ring()
            try? await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Marks them as begun, or gives each a permit by which a child of the pool does that when it gets to it.
    private func mark(
        _ tasks: [AdmittedTask],
        isPermitted: Bool,
        epoch: Epoch
    ) async throws(TransportError) -> [PoolJob] {
        let marks = tasks.map { BeginMark($0.tag, $0.policy.mode) }
        let numbers = pipeline.state.withLock { $0.number(tasks.count) }
        var jobs = zip(numbers, tasks).map { PoolJob(id: $0, request: $1.request) }
        guard let journal = epoch.consumer.journal, isPermitted || pipeline.pool.takesPermits else {
            try await epoch.consumer.begin(marks)
            return jobs
        }
        guard pipeline.pool.takesPermits else {
            try journal.start(marks)
            return jobs
        }
        if !isPermitted { try await epoch.consumer.permit(marks) }
        for index in jobs.indices {
            do throws(TransportError) {
                let ticket = try journal.offer(marks[index], run: jobs[index].id.rawValue)
                jobs[index].permit = StartPermit(journal: journal, ticket: ticket)
            } catch {
                for job in jobs { job.permit?.withdraw() }
                throw error
            }
        }
        return jobs
    }

    /// How all tasks of the app are acknowledged that may start without a mark of their own.
    ///
    /// Early only where every task is: one that is acknowledged late must not be taken for started before it is. Otherwise
    /// late, which is wrong of none that has not started; the early ones are marked.
    var commonMode: AcknowledgementMode? {
        let settings = pipeline.app.settings
        let tasks = pipeline.app.registeredTaskNames.compactMap { pipeline.app.registeredTask($0) }
        // What stands for the rest of a long chain is acknowledged late.
        if settings.taskChainInlineLimit != nil { return .late }
        return tasks.contains { $0.options.acksLate ?? settings.taskAcksLate } ? .late : .early
    }

    private func isRevoked(_ message: Message) -> Bool {
        pipeline.revocations.contains(message.headers.id) || pipeline.stamps.contains(message)
    }

    /// A task that was revoked or has expired since it was admitted.
    private func stopped(_ task: AdmittedTask, now: Timestamp) -> Ending? {
        let message = task.request.message
        if isRevoked(message) {
            return Ending(message, .acknowledge, revoked: "revoked", policy: task.policy)
        }
        if let expires = message.headers.expires, let moment = Timestamp(iso8601: expires), moment < now {
            return Ending(message, .acknowledge, revoked: "expired", policy: task.policy)
        }
        return nil
    }
}

extension AdmittedTask {
    /// The delivery that it came as, as far as settlement needs it.
    var asDelivery: Delivery {
        Delivery(
            tag: tag,
            queue: request.queue,
            content: .message(request.message),
            redelivered: request.redelivered,
            attempt: request.attempt,
            deaths: deaths
        )
    }
}
