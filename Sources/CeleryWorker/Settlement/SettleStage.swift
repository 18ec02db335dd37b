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
/// Order: callbacks and chain, result, acknowledgement; one transaction where broker and result backend are one store.
/// While the result store is away, outcomes wait here under their lease, and intake stops for want of credit.
struct SettleStage {
    private static let batchLimit = 512
    private let pipeline: WorkerPipeline

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

    private func failed(_ error: TransportError, count: Int) {
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
                tasks.map { records.started($0.task.request, pid: $0.pid) },
                timeout: pipeline.app.settings.brokerTimeout
            )
        } catch {
            pipeline.log.startedNotStored(error)
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

    /// What is stored of tasks whose worker died, as far as they had ended.
    private func endedBefore(_ batch: [Finished]) async throws(TransportError) -> [String: TaskMeta] {
        let ids = batch.compactMap(\.obituaryID)
        guard !ids.isEmpty else { return [:] }
        let metas: [String: TaskMeta]
        do throws(TransportError) {
            metas = try await pipeline.backend.fetch(ids, timeout: pipeline.app.settings.brokerTimeout)
        } catch  where !error.isTransient {
            // What cannot be read, or is not kept, tells nothing.
            return [:]
        }
        return metas.filter { $0.value.state.isReady }
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

    /// An outcome that can never take effect, such as a callback to an exchange that does not exist: the message goes to
    /// the dead letters with the reason, and whoever waits for the result gets a failure, if that much can be stored. False
    /// when even that has to wait.
    private func setAside(
        _ item: SettlementPlan.Item,
        of batch: [Finished],
        _ error: TransportError,
        consumer: any TransportConsumer
    ) async -> Bool {
        let reason = DeadLetterReason("unsettleable", error.description)
        let expires = pipeline.app.settings.resultExpires(in: .failure)
        let failures = item.settlement.results.map { $0.failed(because: error, expires: expires) }
        for results in failures.isEmpty ? [[]] : [failures, []] {
            let last = Settlement(item.settlement.tag, .deadLetter(reason), results: results)
            do {
                let item = SettlementPlan.Item(settlement: last, log: { _ in })
                _ = try await apply([item], of: batch, consumer: consumer)
                pipeline.log.cannotSettle(error)
                return true
            } catch  where [.epochLost, .closed, .notFound].contains(error.code) {
                // Fenced, or settled before: an earlier attempt took effect although it timed out.
                pipeline.log.fenced(1, error)
                return true
            } catch  where error.isTransient {
                failed(error, count: 1)
                return false
            } catch {
                failed(error, count: 1)
            }
        }
        return false
    }

    /// Returns the indices of those that have to wait for others.
    private func apply(
        _ items: [SettlementPlan.Item],
        of batch: [Finished],
        consumer: any TransportConsumer
    ) async throws(TransportError) -> Set<Int> {
        guard items.contains(where: { $0.chords != nil }) else {
            try await release(items, of: batch, consumer: consumer)
            return []
        }
        let stage = ChordStage(pipeline: pipeline, account: SettlementPlan(pipeline).account)
        let outcome = try await stage.prepare(items, of: batch)
        CutPoint.partsCounted.reached()
        if !outcome.claims.isEmpty { CutPoint.chordClaimed.reached() }
        let ready = items.indices.filter { !outcome.deferred.contains($0) }
        try await release(ready.map { outcome.items[$0] }, of: ready.map { batch[$0] }, consumer: consumer)
        if !outcome.claims.isEmpty {
            CutPoint.chordSettled.reached()
            // When it fails the claims run out, and the counters with them.
            try? await pipeline.backend.chords?.finish(outcome.claims, timeout: pipeline.app.settings.brokerTimeout)
        }
        return outcome.deferred
    }

    private func release(
        _ items: [SettlementPlan.Item],
        of batch: [Finished],
        consumer: any TransportConsumer
    ) async throws(TransportError) {
        let transport = pipeline.transport
        let timeout = pipeline.app.settings.brokerTimeout
        if let store = transport.storeIdentity, store == pipeline.backend.storeIdentity {
            try await consumer.settle(
                items.map { item in
                    var settlement = item.settlement
                    settlement.publish += item.chordBodies
                    return settlement
                }
            )
            CutPoint.settled.reached()
            return
        }
        let messages = zip(items, batch)
            .flatMap { item, finished in
                (finished.hasPublished.load(ordering: .relaxed) ? [] : item.settlement.publish)
                    + (finished.hasSentBodies.load(ordering: .relaxed) ? [] : item.chordBodies)
            }
        if !messages.isEmpty {
            try await transport.publish(messages, timeout: timeout)
            CutPoint.followUpsPublished.reached()
            for finished in batch {
                finished.hasPublished.store(true, ordering: .relaxed)
                finished.hasSentBodies.store(true, ordering: .relaxed)
            }
        }
        let results = items.flatMap(\.settlement.results)
        if !results.isEmpty {
            try await pipeline.backend.store(results, timeout: timeout)
            CutPoint.resultsStored.reached()
        }
        try await consumer.settle(items.map { Settlement($0.settlement.tag, $0.settlement.disposition) })
    }
}

extension StoredResult {
    /// The same task's result as a failure.
    fileprivate func failed(because error: TransportError, expires: Duration?) -> StoredResult {
        var failed = self
        failed.expires = expires
        failed.meta.state = .failure
        failed.meta.outcome = .exception(
            ExceptionInfo(
                type: "OperationalError",
                arguments: [.string("what follows the task could not be sent: \(error.message)")],
                module: "kombu.exceptions"
            )
        )
        failed.meta.dateDone = Timestamp.now.iso8601
        return failed
    }
}
