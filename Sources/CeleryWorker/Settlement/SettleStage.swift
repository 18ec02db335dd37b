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
            let batch = pipeline.state.withLock { $0.takeFinished(limit: Self.batchLimit) }
            guard !batch.isEmpty else {
                pipeline.idleBell.ring()
                await pipeline.settleBell.wait()
                continue
            }
            do {
                try await settle(batch)
                failures = 0
            } catch {
                failures += 1
                pipeline.state.withLock { $0.unsettled(batch) }
                pipeline.log.settleFailed(error, count: batch.count)
                try? await Task.sleep(for: .milliseconds(min(5000, 100 << min(failures, 6))))
            }
        }
    }

    private func settle(_ batch: [Finished]) async throws {
        let plan = SettlementPlan(pipeline)
        var groups: [Int: (epoch: Epoch, items: [SettlementPlan.Item])] = [:]
        for finished in batch {
            groups[finished.epoch.number, default: (finished.epoch, [])].items.append(plan.item(for: finished))
        }
        for (_, group) in groups.sorted(by: { $0.key < $1.key }) {
            try await settle(group.items, consumer: group.epoch.consumer)
        }
        pipeline.state.withLock { $0.settled(batch) }
        pipeline.creditBell.ring()
    }

    /// What cannot be settled together is settled one by one, so that one outcome harms no other.
    private func settle(_ items: [SettlementPlan.Item], consumer: any TransportConsumer) async throws {
        do {
            try await apply(items, consumer: consumer)
            for item in items { item.log(pipeline.log) }
        } catch let error as TransportError where error.code == .epochLost || error.code == .closed {
            pipeline.log.fenced(items.count, error)
        } catch let error as TransportError where !error.isTransient {
            guard items.count == 1, let item = items.first else {
                for item in items { try await settle([item], consumer: consumer) }
                return
            }
            try await setAside(item, error, consumer: consumer)
        }
    }

    /// An outcome that can never take effect, such as a callback to an exchange that does not exist: the message goes to
    /// the dead letters with the reason, and whoever waits for the result gets a failure.
    private func setAside(
        _ item: SettlementPlan.Item,
        _ error: TransportError,
        consumer: any TransportConsumer
    ) async throws {
        pipeline.log.cannotSettle(error)
        let reason = DeadLetterReason("unsettleable", error.description)
        let results = item.settlement.results.map { $0.failed(because: error) }
        let last = SettlementPlan.Item(
            settlement: Settlement(item.settlement.tag, .deadLetter(reason), results: results),
            log: { _ in }
        )
        do {
            try await apply([last], consumer: consumer)
        } catch let error as TransportError where error.code == .epochLost || error.code == .closed {
            pipeline.log.fenced(1, error)
        }
    }

    private func apply(_ items: [SettlementPlan.Item], consumer: any TransportConsumer) async throws {
        let transport = pipeline.transport
        let timeout = pipeline.app.settings.brokerTimeout
        if let store = transport.storeIdentity, store == pipeline.backend.storeIdentity {
            try await consumer.settle(items.map(\.settlement))
            return
        }
        let messages = items.flatMap(\.settlement.publish)
        if !messages.isEmpty { try await transport.publish(messages, timeout: timeout) }
        let results = items.flatMap(\.settlement.results)
        if !results.isEmpty { try await pipeline.backend.store(results, timeout: timeout) }
        try await consumer.settle(items.map { Settlement($0.settlement.tag, $0.settlement.disposition) })
    }
}

extension StoredResult {
    /// The same task's result as a failure.
    fileprivate func failed(because error: TransportError) -> StoredResult {
        var failed = self
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
