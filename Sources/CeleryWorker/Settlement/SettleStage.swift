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

/// The last stage: settles what has ended, in batches, and only then gives the credit back.
///
/// Order: callbacks and chain, result, acknowledgement; one transaction where broker and result backend are one store. Where they are
/// two, a task that goes on elsewhere, as in a retry, is sent with its acknowledgement, and only then said to.
/// While the result store is away, outcomes wait here under their lease, and intake stops for want of credit.
struct SettleStage {
    private static let batchLimit = 512
    let pipeline: WorkerPipeline

    init(_ pipeline: WorkerPipeline) { self.pipeline = pipeline }

    /// Runs until cancelled.
    func run() async {
        var failures = 0
        while !Task.isCancelled {
            let (started, batch, isStopping) = pipeline.state.withLock { state in
                let started = state.takeStarted()
                return (started, state.takeFinished(limit: Self.batchLimit), state.shutdown != nil)
            }
            await store(started, before: batch)
            guard !batch.isEmpty else {
                pipeline.troubles.clear(.settling)
                // Nobody else waits for that, and to wake somebody takes longer than a short task.
                if isStopping { pipeline.idleBell.ring() }
                await pipeline.settleBell.wait()
                continue
            }
            CutPoint.ended.reached()
            let unsettled = await settle(batch)
            // Those that wait for another's claim are no failure: what else has ended does not wait with them.
            failures = unsettled.allSatisfy { $0.isDeferred.load(ordering: .relaxed) } ? 0 : failures + 1
            if failures == 0 { pipeline.troubles.clear(.settling) }
            if !unsettled.isEmpty {
                try? await Task.sleep(for: .milliseconds(min(5000, 100 << min(failures, 6))))
            }
        }
    }

    func failed(_ error: TransportError, count: Int) {
        pipeline.log.settleFailed(error, count: count)
        pipeline.troubles.note(.settling, error.description)
    }

    /// STARTED, ahead of the outcomes so that it cannot overtake one; not of those that have ended meanwhile. Being unable
    /// to store it harms nothing.
    private func store(_ started: [RunningTask], before batch: [Finished]) async {
        guard !started.isEmpty else { return }
        let ended = Set(batch.compactMap(\.taskID))
        let tasks = started.filter { !ended.contains($0.task.request.message.headers.id) }
        guard !tasks.isEmpty else { return }
        let records = ResultRecord(pipeline)
        do {
            try await pipeline.backend.store(
                tasks.map { records.started($0) },
                timeout: pipeline.app.settings.brokerTimeout
            )
        } catch {
            pipeline.log.stateNotStored(.started, error)
        }
    }

    /// Settles what can be settled, gives its credit back, and returns the rest to the queue.
    private func settle(_ batch: [Finished]) async -> [Finished] {
        let plan = SettlementPlan(pipeline)
        var unsettled: [Finished] = []
        let known: [String: TaskMeta]
        do {
            known = try await endedBefore(batch)
        } catch {
            failed(error, count: batch.count)
            pipeline.state.withLock { $0.settled(batch, except: batch) }
            return batch
        }
        for number in Set(batch.map(\.epoch.number)).sorted() {
            let group = batch.filter { $0.epoch.number == number }
            let items = group.map { plan.item(for: $0, known: known) }
            unsettled += await settle(group, as: items, consumer: group[0].epoch.consumer)
        }
        let left = unsettled
        pipeline.state.withLock { $0.settled(batch, except: left) }
        pipeline.creditBell.ring()
        return unsettled
    }

    /// What is stored of tasks that an earlier attempt may have ended, as far as it has.
    private func endedBefore(_ batch: [Finished]) async throws(TransportError) -> [String: TaskMeta] {
        let ids = batch.compactMap(\.knownID)
        guard !ids.isEmpty else { return [:] }
        let metas: [String: TaskMeta]
        do throws(TransportError) {
            metas = try await pipeline.backend.fetch(ids, timeout: pipeline.app.settings.brokerTimeout)
        } catch  where !error.isTransient {
            // What cannot be read, or is not kept, tells nothing.
            return [:]
        }
        return metas.filter { $0.value.state.isReady || $0.value.state == .retry }
    }

    /// What cannot be settled together is settled one by one, so that one outcome harms no other. Returns what failed for
    /// the moment.
    private func settle(
        _ batch: [Finished],
        as items: [SettlementPlan.Item],
        consumer: any TransportConsumer
    ) async -> [Finished] {
        do {
            let deferred = try await apply(items, of: batch, consumer: consumer)
            for (index, item) in items.enumerated() where !deferred.contains(index) { item.log(pipeline.log) }
            return deferred.sorted()
                .map { index in
                    batch[index].isDeferred.store(true, ordering: .relaxed)
                    return batch[index]
                }
        } catch  where error.code == .epochLost || error.code == .closed {
            pipeline.log.fenced(items.count, error)
            return []
        } catch  where error.isTransient && (error.code != .full || items.count == 1) {
            failed(error, count: items.count)
            for finished in batch { finished.isDeferred.store(false, ordering: .relaxed) }
            return batch
        } catch {
            // A store that is full may have room for some, which then makes room for others.
            guard items.count == 1 else {
                var unsettled: [Finished] = []
                for (finished, item) in zip(batch, items) {
                    unsettled += await settle([finished], as: [item], consumer: consumer)
                }
                return unsettled
            }
            return await setAside(items[0], of: batch, error, consumer: consumer) ? [] : batch
        }
    }
}
