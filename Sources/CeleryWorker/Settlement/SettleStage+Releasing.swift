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

extension SettleStage {
    /// Returns the indices of those that have to wait for others.
    func apply(
        _ items: [SettlementPlan.Item],
        of batch: [Finished],
        consumer: any TransportConsumer,
        _ concession: Concession? = nil
    ) async throws(TransportError) -> Set<Int> {
        guard items.contains(where: { $0.chords != nil }) else {
            try await release(items, of: batch, consumer: consumer, isConceding: concession != nil)
            return []
        }
        let account = SettlementPlan(pipeline).account
        let stage = ChordStage(pipeline: pipeline, account: account, concession: concession)
        let outcome = try await stage.prepare(items, of: batch)
        CutPoint.partsCounted.reached()
        if !outcome.claims.isEmpty { CutPoint.chordClaimed.reached() }
        let ready = items.indices.filter { !outcome.deferred.contains($0) }
        do throws(TransportError) {
            try await release(
                ready.map { outcome.items[$0] },
                of: ready.map { batch[$0] },
                consumer: consumer,
                isConceding: concession != nil
            )
        } catch {
            if error.code == .epochLost || error.code == .closed { await keepPromises(outcome) }
            throw error
        }
        if !outcome.claims.isEmpty {
            CutPoint.chordSettled.reached()
            await finish(outcome.claims)
        }
        return outcome.deferred
    }

    /// Says that the bodies have left, until that is answered: a part that comes back after the end of an unfinished claim
    /// sends one again. What is left is that this worker dies in between.
    func finish(_ claims: [ChordClaim]) async {
        guard let chords = pipeline.backend.chords else { return }
        var failures = 0
        while !Task.isCancelled {
            do throws(TransportError) {
                return try await chords.finish(claims, timeout: pipeline.app.settings.brokerTimeout)
            } catch {
                failed(error, count: claims.count)
                guard error.isTransient else { return }
            }
            failures += 1
            try? await Task.sleep(for: .milliseconds(min(5000, 100 << min(failures, 6))))
        }
    }

    /// Whether broker and result backend are one, and an outcome takes effect in one transaction there.
    var isOneStore: Bool {
        guard let store = pipeline.transport.storeIdentity else { return false }
        return store == pipeline.backend.storeIdentity
    }

    private func release(
        _ items: [SettlementPlan.Item],
        of batch: [Finished],
        consumer: any TransportConsumer,
        isConceding: Bool
    ) async throws(TransportError) {
        if isOneStore {
            let settlements = items.map { item -> Settlement in
                var settlement = item.settlement
                settlement.publish += item.chordBodies
                return settlement
            }
            try await settle(settlements, at: consumer)
            CutPoint.settled.reached()
            return
        }
        // What is sent of a concession is not remembered, and would be sent again and again while results have to wait.
        if isConceding { try await storeResults(of: items) }
        try await publish(items, of: batch, isConceding: isConceding)
        if !isConceding { try await storeResults(of: items) }
        try await settle(items.map { Settlement($0.settlement.tag, $0.settlement.disposition) }, at: consumer)
    }

    private func publish(
        _ items: [SettlementPlan.Item],
        of batch: [Finished],
        isConceding: Bool
    ) async throws(TransportError) {
        let messages = zip(items, batch)
            .flatMap { item, finished in
                (finished.hasPublished.load(ordering: .relaxed) ? [] : item.settlement.publish)
                    + (finished.hasSentBodies.load(ordering: .relaxed) ? [] : item.chordBodies)
            }
        guard !messages.isEmpty else { return }
        try await pipeline.transport.publish(messages, timeout: pipeline.app.settings.brokerTimeout)
        CutPoint.followUpsPublished.reached()
        guard !isConceding else { return }
        for (item, finished) in zip(items, batch) {
            finished.hasPublished.store(true, ordering: .relaxed)
            // Those without may have some the next time: others' parts are counted meanwhile.
            if !item.chordBodies.isEmpty { finished.hasSentBodies.store(true, ordering: .relaxed) }
        }
    }

    private func storeResults(of items: [SettlementPlan.Item]) async throws(TransportError) {
        let results = items.flatMap(\.settlement.results)
        guard !results.isEmpty else { return }
        try await pipeline.backend.store(results, timeout: pipeline.app.settings.brokerTimeout)
        CutPoint.resultsStored.reached()
    }

    private func settle(
        _ settlements: [Settlement],
        at consumer: any TransportConsumer
    ) async throws(TransportError) {
        do throws(TransportError) {
            try await consumer.settle(settlements)
        } catch  where error.code == .notHeld && settlements.count == 1 {
            // An earlier attempt took effect although it timed out, with all that was to be sent.
            pipeline.log.fenced(1, error)
        }
    }
}
