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
            let (started, batch) = pipeline.state.withLock { state in
                let started = state.takeStarted()
                return (started, state.takeFinished(limit: Self.batchLimit))
            }
            await store(started, before: batch)
            guard !batch.isEmpty else {
                pipeline.idleBell.ring()
                await pipeline.settleBell.wait()
                continue
            }
            let unsettled = await settle(batch)
            failures = unsettled.isEmpty ? 0 : failures + 1
            if !unsettled.isEmpty {
                try? await Task.sleep(for: .milliseconds(min(5000, 100 << min(failures, 6))))
            }
        }
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
        for number in Set(batch.map(\.epoch.number)).sorted() {
            let group = batch.filter { $0.epoch.number == number }
            unsettled += await settle(group, as: group.map { plan.item(for: $0) }, consumer: group[0].epoch.consumer)
        }
        let left = unsettled
        pipeline.state.withLock { $0.settled(batch, except: left) }
        pipeline.creditBell.ring()
        return unsettled
    }

    /// What cannot be settled together is settled one by one, so that one outcome harms no other. Returns what failed for
    /// the moment.
    private func settle(
        _ batch: [Finished],
        as items: [SettlementPlan.Item],
        consumer: any TransportConsumer
    ) async -> [Finished] {
        do {
            try await apply(items, of: batch, consumer: consumer)
            for item in items { item.log(pipeline.log) }
            return []
        } catch  where error.code == .epochLost || error.code == .closed {
            pipeline.log.fenced(items.count, error)
            return []
        } catch  where error.isTransient {
            pipeline.log.settleFailed(error, count: items.count)
            return batch
        } catch {
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
                try await apply([item], of: batch, consumer: consumer)
                pipeline.log.cannotSettle(error)
                return true
            } catch  where [.epochLost, .closed, .notFound].contains(error.code) {
                // Fenced, or settled before: an earlier attempt took effect although it timed out.
                pipeline.log.fenced(1, error)
                return true
            } catch  where error.isTransient {
                pipeline.log.settleFailed(error, count: 1)
                return false
            } catch {
                pipeline.log.settleFailed(error, count: 1)
            }
        }
        return false
    }

    private func apply(
        _ items: [SettlementPlan.Item],
        of batch: [Finished],
        consumer: any TransportConsumer
    ) async throws(TransportError) {
        let transport = pipeline.transport
        let timeout = pipeline.app.settings.brokerTimeout
        if let store = transport.storeIdentity, store == pipeline.backend.storeIdentity {
            try await consumer.settle(items.map(\.settlement))
            return
        }
        let messages = zip(items, batch)
            .flatMap { $1.hasPublished.load(ordering: .relaxed) ? [] : $0.settlement.publish }
        if !messages.isEmpty {
            try await transport.publish(messages, timeout: timeout)
            for finished in batch { finished.hasPublished.store(true, ordering: .relaxed) }
        }
        let results = items.flatMap(\.settlement.results)
        if !results.isEmpty { try await pipeline.backend.store(results, timeout: timeout) }
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
