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

/// The part of settling that concerns chords: counts the parts that have ended and adds the bodies of those that are complete.
///
/// A part's own result and follow-ups are stored before it is counted, and its message is released only together with the body:
/// whoever dies in between leaves the message to come back, be counted again without effect, and be given the claim.
struct ChordStage {
    let pipeline: WorkerPipeline
    let account: ChordAccount
    /// Set when the outcome, the only one then, was refused as it was.
    var concession: Concession?

    /// What is left to settle.
    struct Outcome {
        var items: [SettlementPlan.Item]
        /// Indices of items that have to wait for the end of others' claims; see ``ChordAccount/waits(for:parts:)``.
        var deferred: Set<Int> = []
        /// The chords that were claimed, with the item that holds each, and the part that the claim was given for.
        private(set) var held: [Held] = []
        private var groups: Set<String> = []

        struct Held {
            var index: Int
            var end: ChordEnd
            var part: ChordPart
        }

        init(items: [SettlementPlan.Item]) { self.items = items }

        mutating func hold(_ end: ChordEnd, of part: ChordPart, for index: Int) {
            groups.insert(end.groupID)
            held.append(Held(index: index, end: end, part: part))
        }

        /// Whether it was claimed for another copy of the same message, or for another part of the same task.
        func holds(_ groupID: String) -> Bool { groups.contains(groupID) }

        /// Those whose bodies leave now. The others' wait with their items: ended before, they would be lost.
        var leaving: [Held] { held.filter { !deferred.contains($0.index) } }

        /// What leaves with each item.
        var ends: [[ChordEnd]] {
            leaving.reduce(into: Array(repeating: [], count: items.count)) { $0[$1.index].append($1.end) }
        }
    }

    var timeout: Duration { pipeline.app.settings.brokerTimeout }

    /// Does what comes before the last step of settling.
    func prepare(_ items: [SettlementPlan.Item], of batch: [Finished]) async throws(TransportError) -> Outcome {
        var outcome = Outcome(items: items)
        for index in items.indices {
            guard var work = outcome.items[index].chords else { continue }
            _ = try await failRests(&work, &outcome.items[index].settlement.results)
            outcome.items[index].chords = work
        }
        guard let store = pipeline.backend.chords else {
            let lost = outcome.items.reduce(0) { $0 + ($1.chords.map { $0.starts.count + $0.parts.count } ?? 0) }
            // Otherwise `celery.chord_unlock` looks for their results.
            if lost > 0, !pipeline.app.pollsChords {
                pipeline.log.cannotCount(lost, location: pipeline.backend.location)
            }
            return outcome
        }
        // Not again once their parts may be running.
        let unsent = zip(items, batch)
            .filter { concession?.isSetAside ?? !$1.hasPublished.load(ordering: .relaxed) }
        try await start(unsent.flatMap { $0.0.chords?.starts ?? [] }, in: store)
        let counting = items.indices.filter { outcome.items[$0].chords?.parts.isEmpty == false }
        guard !counting.isEmpty else { return outcome }
        try await publish(counting, of: batch, &outcome)
        try await storeResults(counting, of: batch, &outcome)
        CutPoint.partsStored.reached()
        var own: [Int: Set<String>] = [:]
        var queue = counting.flatMap { index in (outcome.items[index].chords?.parts ?? []).map { (index, $0) } }
        queue += try await additions(counting, of: batch, outcome, in: store)
        let before = Set(counting.filter { batch[$0].hasCounted.exchange(true, ordering: .relaxed) })
        while !queue.isEmpty {
            let progress: [ChordProgress]
            do throws(TransportError) {
                progress = try await store.count(queue.map(\.1.part), timeout: timeout)
            } catch  where concession != nil && !error.isTransient && error.code != .closed {
                queue = try await giveUp(queue, error, &outcome)
                continue
            }
            var next: [(Int, ChordWork.Counting)] = []
            for (index, counted) in queue { own[index, default: []].insert(counted.part.taskID) }
            for ((index, counted), progress) in zip(queue, progress) {
                switch progress {
                case .claimed(let holder) where account.waits(for: holder, parts: own[index] ?? []):
                    outcome.deferred.insert(index)
                case .waiting, .over, .claimed: break
                case .complete(let claim):
                    guard !outcome.holds(claim.groupID) else { continue }
                    var end = ChordEnd(groupID: claim.groupID, claimant: claim.claimant)
                    var hasLeft = batch[index].sentBodies.withLock { $0.contains(claim.groupID) }
                    if !hasLeft {
                        let wasCounted = before.contains(index)
                        hasLeft = try await hasBegun(counted.body, after: batch[index], wasCounted: wasCounted)
                    }
                    if let failure = send(counted, claim, index, hasLeft: hasLeft, &outcome, into: &end) {
                        next += try await failBody(of: counted, with: failure, index, &outcome, into: &end.publish)
                    }
                    if hasLeft { end.publish = [] }
                    outcome.hold(end, of: counted.part, for: index)
                }
            }
            queue = next
        }
        try await start(counting.flatMap { outcome.items[$0].chords?.starts ?? [] }, in: store)
        return outcome
    }

    private func start(_ chords: [ChordStart], in store: any ChordStore) async throws(TransportError) {
        guard !chords.isEmpty else { return }
        // They may be running since an earlier attempt, or one of a worker that died.
        let repeated = chords.map { chord in
            var chord = chord
            chord.isAnew = false
            return chord
        }
        try await store.start(repeated, timeout: timeout)
    }

    /// Follow-ups leave before the result is stored, as everywhere.
    private func publish(_ indices: [Int], of batch: [Finished], _ outcome: inout Outcome) async throws(TransportError)
    {
        var messages: [OutgoingMessage] = []
        for index in indices {
            if !batch[index].hasPublished.load(ordering: .relaxed) {
                messages += outcome.items[index].settlement.publish
            }
            outcome.items[index].settlement.publish = []
        }
        if !messages.isEmpty { try await pipeline.transport.publish(messages, timeout: timeout) }
        for index in indices {
            // Of a concession nothing is to be remembered: when it has to wait, the outcome itself is tried again first.
            if concession == nil { batch[index].hasPublished.store(true, ordering: .relaxed) }
            outcome.items[index].chords?.starts = []
        }
    }

    /// Results are there before they are counted, but for those of parts that never run, which come with the last step:
    /// a Python worker that does the task again, after a death in between, counts none of which a failure is stored.
    private func storeResults(
        _ indices: [Int],
        of batch: [Finished],
        _ outcome: inout Outcome
    ) async throws(TransportError) {
        var results: [StoredResult] = []
        for index in indices {
            let own = batch[index].settledID
            let parts = Set(outcome.items[index].chords?.parts.map(\.part.taskID) ?? [])
            let isLater = { (result: StoredResult) in result.meta.taskID != own && parts.contains(result.meta.taskID) }
            results += outcome.items[index].settlement.results.filter { !isLater($0) }
            outcome.items[index].settlement.results.removeAll { !isLater($0) }
        }
        if !results.isEmpty { try await pipeline.backend.store(results, timeout: timeout) }
    }
}
