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
            let isConceding = concession != nil
            _ = try await release(items, of: batch, ending: [], consumer: consumer, isConceding: isConceding)
            return []
        }
        let account = SettlementPlan(pipeline).account
        let stage = ChordStage(pipeline: pipeline, account: account, concession: concession)
        let outcome = try await stage.prepare(items, of: batch)
        CutPoint.partsCounted.reached()
        if !outcome.leaving.isEmpty { CutPoint.chordClaimed.reached() }
        let ends = outcome.ends
        let ready = items.indices.filter { !outcome.deferred.contains($0) }
        do throws(TransportError) {
            let wasSettled = try await release(
                ready.map { outcome.items[$0] },
                of: ready.map { batch[$0] },
                ending: ready.map { ends[$0] },
                consumer: consumer,
                isConceding: concession != nil
            )
            if wasSettled { await keepPromises(outcome, at: consumer) }
        } catch {
            if error.code == .epochLost || error.code == .closed { await keepPromises(outcome, at: consumer) }
            throw error
        }
        if !outcome.leaving.isEmpty { CutPoint.chordSettled.reached() }
        return outcome.deferred
    }

    /// Says that the bodies have left, until that is answered: a part that comes back after the end of an unfinished claim
    /// sends one again. What is left is that this worker dies in between.
    private func finish(_ ends: [ChordEnd]) async {
        guard !ends.isEmpty, let chords = pipeline.backend.chords else { return }
        let claims = ends.map { ChordClaim(groupID: $0.groupID, claimant: $0.claimant, members: []) }
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

    var isOneStore: Bool { pipeline.isOneStore }

    /// - Parameter chords: Those that end with each item; none at all where no item is a part of one.
    /// - Returns: Whether it was settled before, by an attempt of which nobody had heard.
    private func release(
        _ items: [SettlementPlan.Item],
        of batch: [Finished],
        ending chords: [[ChordEnd]],
        consumer: any TransportConsumer,
        isConceding: Bool
    ) async throws(TransportError) -> Bool {
        if isOneStore {
            var settlements = items.map { item -> Settlement in
                var settlement = item.settlement
                settlement.publish += item.parting
                return settlement
            }
            for (index, ends) in chords.enumerated() { settlements[index].chords = ends }
            let wasSettled = try await settle(settlements, at: consumer)
            CutPoint.settled.reached()
            return wasSettled
        }
        let onward = Set(
            isConceding
                ? [] : items.indices.filter { items[$0].goesOn && !batch[$0].hasPublished.load(ordering: .relaxed) }
        )
        let ending = items.indices.filter { !onward.contains($0) }
        let (ended, origins) = (ending.map { items[$0] }, ending.map { batch[$0] })
        // What is sent of a concession is not remembered, and would be sent again and again while results have to wait.
        if isConceding { try await storeResults(of: ended) }
        let ends = chords.isEmpty ? [] : ending.map { chords[$0] }
        try await publish(ended, of: origins, ends, isConceding: isConceding)
        if !isConceding { try await storeResults(of: ended) }
        // Before the messages of the last parts are released: one that comes back has nothing to send then.
        await finish(chords.flatMap(\.self))
        let settlements = items.indices.map { index in
            let settlement = items[index].settlement
            return Settlement(
                settlement.tag,
                settlement.disposition,
                publish: onward.contains(index) ? settlement.publish : []
            )
        }
        let wasSettled = try await settle(settlements, at: consumer)
        if !onward.isEmpty { CutPoint.onwardSettled.reached() }
        await tell(onward.sorted().flatMap { items[$0].results(since: batch[$0].began) })
        return wasSettled
    }

    /// That tasks are to run again, which is no end of theirs, and may have had one meanwhile. Unable to store it, nothing is harmed.
    private func tell(_ results: [StoredResult]) async {
        guard !results.isEmpty else { return }
        do {
            try await pipeline.backend.store(results, timeout: pipeline.app.settings.brokerTimeout)
        } catch {
            pipeline.log.stateNotStored(.retry, error)
        }
    }

    private func publish(
        _ items: [SettlementPlan.Item],
        of batch: [Finished],
        _ chords: [[ChordEnd]],
        isConceding: Bool
    ) async throws(TransportError) {
        var messages = zip(items, batch)
            .flatMap { item, finished in
                finished.hasPublished.load(ordering: .relaxed) ? [] : item.settlement.publish
            }
        messages += items.flatMap(\.parting)
        messages += chords.flatMap { $0.flatMap(\.publish) }
        guard !messages.isEmpty else { return }
        try await pipeline.transport.publish(messages, timeout: pipeline.app.settings.brokerTimeout)
        CutPoint.followUpsPublished.reached()
        guard !isConceding else { return }
        for finished in batch { finished.hasPublished.store(true, ordering: .relaxed) }
        // Those without may have some the next time: others' parts are counted meanwhile.
        for (ends, finished) in zip(chords, batch) where !ends.isEmpty {
            finished.sentBodies.withLock { $0.formUnion(ends.map(\.groupID)) }
        }
    }

    private func storeResults(of items: [SettlementPlan.Item]) async throws(TransportError) {
        let results = items.flatMap(\.settlement.results)
        guard !results.isEmpty else { return }
        try await pipeline.backend.store(results, timeout: pipeline.app.settings.brokerTimeout)
        CutPoint.resultsStored.reached()
    }

    /// Returns whether it was settled before: an earlier attempt took effect although it timed out, with all that it was to send.
    private func settle(
        _ settlements: [Settlement],
        at consumer: any TransportConsumer
    ) async throws(TransportError) -> Bool {
        do throws(TransportError) {
            try await consumer.settle(settlements)
            return false
        } catch  where error.code == .notHeld && settlements.count == 1 {
            pipeline.log.fenced(1, error)
            return true
        }
    }
}

extension WorkerPipeline {
    /// Whether broker and result backend are one, and an outcome takes effect in one transaction there.
    var isOneStore: Bool {
        guard let store = transport.storeIdentity else { return false }
        return store == backend.storeIdentity
    }
}
