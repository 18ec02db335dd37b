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

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The stage between admission and pool: marks tasks as begun, in batches, and hands them over.
struct StartStage {
    private let pipeline: WorkerPipeline

    init(_ pipeline: WorkerPipeline) { self.pipeline = pipeline }

    /// Runs until cancelled.
    func run() async {
        while !Task.isCancelled {
            guard let batch = pipeline.state.withLock({ $0.takeReady(slots: pipeline.pool.slots) }) else {
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
            try await epoch.consumer.begin(marks)
        } catch  where error.code == .epochLost || error.code == .closed {
            pipeline.state.withLock { $0.dropStarting(begun.count) }
            pipeline.settleBell.ring()
            return
        } catch {
            pipeline.log.beginFailed(error)
            pipeline.state.withLock { $0.putBack(begun, epoch: epoch) }
            try? await Task.sleep(for: .milliseconds(200))
            return
        }
        await storeStarted(begun)
        let jobs = pipeline.state.withLock { $0.run(begun, epoch: epoch) }
        pipeline.pool.submit(jobs)
    }

    /// STARTED is stored before the run, so that it cannot overtake the result. Not being able to is no reason not to run.
    private func storeStarted(_ tasks: [AdmittedTask]) async {
        let tracked = tasks.filter { $0.policy.trackStarted && !$0.policy.ignoreResult }
        guard !tracked.isEmpty else { return }
        let records = ResultRecord(
            settings: pipeline.app.settings,
            codec: pipeline.app.codec,
            hostname: pipeline.configuration.hostname
        )
        do {
            let pid = ProcessInfo.processInfo.processIdentifier
            try await pipeline.backend.store(
                tracked.map { records.started($0.request, pid: pid) },
                timeout: pipeline.app.settings.brokerTimeout
            )
        } catch {
            pipeline.log.startedNotStored(error)
        }
    }

    /// A task that was revoked or has expired since it was admitted.
    private func stopped(_ task: AdmittedTask, now: Timestamp) -> Ending? {
        let message = task.request.message
        if pipeline.revocations.contains(message.headers.id) {
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
