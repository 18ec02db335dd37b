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
            let (slots, reach) = (pipeline.pool.slots, pipeline.pool.reach)
            guard let batch = pipeline.state.withLock({ $0.takeReady(slots: slots, reach: reach) }) else {
                await pipeline.startBell.wait()
                continue
            }
            await start(batch.tasks, epoch: batch.epoch)
        }
    }

    private func start(_ tasks: [AdmittedTask], epoch: Epoch) async {
        let now = Timestamp.now
        var marks: [BeginMark] = []
        var begun: [AdmittedTask] = []
        var dropped: [Finished] = []
        for task in tasks {
            if let ending = stopped(task, now: now) {
                dropped.append(Finished(item: .ended(ending, task.asDelivery), epoch: epoch))
            } else {
                marks.append(BeginMark(task.tag, task.policy.acksLate ? .late : .early))
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
        guard !begun.isEmpty else { return }
        do {
            let jobs = try await mark(marks, begun, epoch: epoch)
            pipeline.troubles.clear(.starting)
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
        _ marks: [BeginMark],
        _ tasks: [AdmittedTask],
        epoch: Epoch
    ) async throws(TransportError) -> [PoolJob] {
        let numbers = pipeline.state.withLock { $0.number(tasks.count) }
        var jobs = zip(numbers, tasks).map { PoolJob(id: $0, request: $1.request) }
        guard let journal = epoch.consumer.journal, pipeline.pool.takesPermits else {
            try await epoch.consumer.begin(marks)
            return jobs
        }
        try await epoch.consumer.permit(marks)
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
