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

    /// What is left to settle.
    struct Outcome {
        var items: [SettlementPlan.Item]
        /// Indices of items that have to wait: somebody else is about to send a body for which they count.
        var deferred: Set<Int> = []
        /// With the item that holds each.
        private var held: [(index: Int, claim: ChordClaim)] = []

        init(items: [SettlementPlan.Item]) { self.items = items }

        mutating func hold(_ claim: ChordClaim, for index: Int) { held.append((index, claim)) }

        /// Those whose bodies leave now. The others' wait with their items: ended before, they would be lost.
        var claims: [ChordClaim] { held.filter { !deferred.contains($0.index) }.map(\.claim) }
    }

    private var timeout: Duration { pipeline.app.settings.brokerTimeout }

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
            if lost > 0 { pipeline.log.cannotCount(lost, location: pipeline.backend.location) }
            return outcome
        }
        // Not again once their parts may be running.
        let unsent = zip(items, batch).filter { !$1.hasPublished.load(ordering: .relaxed) }
        try await start(unsent.flatMap { $0.0.chords?.starts ?? [] }, in: store)
        let counting = items.indices.filter { outcome.items[$0].chords?.parts.isEmpty == false }
        guard !counting.isEmpty else { return outcome }
        try await publish(counting, of: batch, &outcome)
        try await storeResults(counting, &outcome)
        var queue = counting.flatMap { index in (outcome.items[index].chords?.parts ?? []).map { (index, $0) } }
        while !queue.isEmpty {
            let progress = try await store.count(queue.map(\.1.part), timeout: timeout)
            var next: [(Int, ChordWork.Counting)] = []
            for ((index, counted), progress) in zip(queue, progress) {
                switch progress {
                case .waiting, .over: break
                case .claimed: outcome.deferred.insert(index)
                case .complete(let claim):
                    outcome.hold(claim, for: index)
                    guard var failed = end(counted, claim, of: index, &outcome) else { continue }
                    failed.calls += try await failRests(&failed.work, &outcome.items[index].settlement.results)
                    next += failed.work.parts.map { (index, $0) }
                    sendErrbacks(of: failed, index, &outcome)
                }
            }
            queue = next
        }
        try await start(counting.flatMap { outcome.items[$0].chords?.starts ?? [] }, in: store)
        return outcome
    }

    /// Ends what is stored of long chains that never runs now, and returns it.
    private func failRests(
        _ work: inout ChordWork,
        _ results: inout [StoredResult]
    ) async throws(TransportError) -> [CanvasNode] {
        var all: [CanvasNode] = []
        while !work.rests.isEmpty {
            let rests = work.rests
            work.rests = []
            let stored: [String: TaskMeta]
            do throws(TransportError) {
                stored = try await pipeline.backend.fetch(rests.map(\.rest.block), timeout: timeout)
            } catch  where !error.isTransient {
                // What cannot be read, or is not kept, tells nothing.
                stored = [:]
            }
            for abandoned in rests {
                guard let meta = stored[abandoned.rest.block],
                    let calls = try? ChainRest.workflow(in: meta).pushed().calls
                else { continue }
                all += calls
                account.fail(
                    calls.filter { $0.id != abandoned.id || ChainRest($0) != nil },
                    with: abandoned.exception,
                    state: abandoned.state,
                    parent: work.continuations.message,
                    &work,
                    &results
                )
            }
        }
        return all
    }

    private func start(_ chords: [ChordStart], in store: any ChordStore) async throws(TransportError) {
        if !chords.isEmpty { try await store.start(chords, timeout: timeout) }
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
            batch[index].hasPublished.store(true, ordering: .relaxed)
            outcome.items[index].chords?.starts = []
        }
    }

    private func storeResults(_ indices: [Int], _ outcome: inout Outcome) async throws(TransportError) {
        var results: [StoredResult] = []
        for index in indices {
            results += outcome.items[index].settlement.results
            outcome.items[index].settlement.results = []
        }
        if !results.isEmpty { try await pipeline.backend.store(results, timeout: timeout) }
    }

    /// The body of a chord whose header has failed: all that will never run.
    private struct FailedBody {
        var work: ChordWork
        var calls: [CanvasNode]
        /// What it would have come to.
        var id: String?
    }

    /// All parts have ended: the body is sent with their results, or fails with the first of their errors. Returns what has
    /// ended thereby.
    private func end(
        _ counted: ChordWork.Counting,
        _ claim: ChordClaim,
        of index: Int,
        _ outcome: inout Outcome
    ) -> FailedBody? {
        guard let work = outcome.items[index].chords else { return nil }
        let failure: ExceptionInfo
        if let culprit = claim.members.first(where: { $0.state != .success }) {
            failure = .chordError(
                "Dependency \(culprit.taskID) raised \(ExceptionInfo(ofChordPart: culprit.value).repr)"
            )
        } else {
            do {
                let results = try claim.results()
                let plan = try work.continuations.chordBody(counted.body, groupID: claim.groupID, results: results)
                outcome.items[index].chordBodies += plan.messages
                outcome.items[index].chords?.starts += plan.chords
                return nil
            } catch {
                failure = .chordError("Callback error: \(error)")
            }
        }
        var others = ChordWork(starts: [], parts: [], continuations: work.continuations)
        let calls = (try? CanvasNode(counted.body).pushed())?.calls ?? []
        account.fail(
            calls,
            with: failure,
            state: .failure,
            parent: work.continuations.message,
            &others,
            &outcome.items[index].settlement.results
        )
        return FailedBody(work: others, calls: calls, id: calls.last?.id)
    }

    private func sendErrbacks(of failed: FailedBody, _ index: Int, _ outcome: inout Outcome) {
        var errbacks: [Signature] = []
        for errback in failed.calls.flatMap(\.continuation.errbacks) where !errbacks.contains(errback) {
            errbacks.append(errback)
        }
        guard let id = failed.id else { return }
        let plan = failed.work.continuations.errbacks(errbacks, of: id)
        outcome.items[index].chordBodies += plan.messages
        outcome.items[index].chords?.starts += plan.chords
    }
}

extension ChordClaim {
    /// The array for the body: in the header's order, nested as the header is.
    func results() throws(WireError) -> EncodedValue {
        guard let nested else { return try EncodedValue(array: members.map(\.value)) }
        let values = Dictionary(members.map { ($0.taskID, $0.value) }, uniquingKeysWith: { first, _ in first })
        return try ResultTree(tuple: nested).value { values[$0] ?? .null }
    }
}
