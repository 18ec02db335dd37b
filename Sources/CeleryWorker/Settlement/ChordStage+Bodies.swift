//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

extension ChordStage {
    /// All parts have ended: the body is sent with their results. Returns what it fails with instead: the first of their
    /// errors, or whatever keeps it from being sent.
    ///
    /// - Parameters:
    ///   - hasLeft: Whether it has been sent, and only what comes after that is still to be done.
    ///   - end: Given what is sent.
    func send(
        _ counted: ChordWork.Counting,
        _ claim: ChordClaim,
        _ index: Int,
        hasLeft: Bool,
        _ outcome: inout Outcome,
        into end: inout ChordEnd
    ) -> ExceptionInfo? {
        if let culprit = claim.members.first(where: { $0.state != .success }) {
            return .chordError(
                "Dependency \(culprit.taskID) raised \(ExceptionInfo(ofChordPart: culprit.value).repr)"
            )
        }
        if hasLeft { return nil }
        if let refusal = concession?.refusal { return .chordError("Callback error: \(refusal)") }
        guard let continuations = outcome.items[index].chords?.continuations, let body = counted.body else {
            return nil
        }
        do {
            let results = try claim.results()
            let plan = try continuations.chordBody(body, groupID: claim.groupID, results: results)
            end.publish = plan.messages
            outcome.items[index].chords?.starts += plan.chords
            return nil
        } catch {
            return .chordError("Callback error: \(error)")
        }
    }

    /// The body never runs: it fails, with all that would have followed it. Returns the parts that have ended thereby.
    ///
    /// - Parameter messages: Given the errbacks.
    func failBody(
        of counted: ChordWork.Counting,
        with failure: ExceptionInfo,
        _ index: Int,
        _ outcome: inout Outcome,
        into messages: inout [OutgoingMessage]
    ) async throws(TransportError) -> [(Int, ChordWork.Counting)] {
        guard let continuations = outcome.items[index].chords?.continuations, let body = counted.body else { return [] }
        var work = ChordWork(starts: [], parts: [], continuations: continuations)
        var calls = CanvasNode.calls(of: body)
        // What it would have come to.
        let id = calls.last?.id
        account.fail(
            calls,
            with: failure,
            state: .failure,
            parent: continuations.message,
            &work,
            &outcome.items[index].settlement.results
        )
        calls += try await failRests(&work, &outcome.items[index].settlement.results)
        if let id, concession?.sendsErrbacks ?? true {
            var errbacks: [Signature] = []
            for errback in calls.flatMap(\.continuation.errbacks) where !errbacks.contains(errback) {
                errbacks.append(errback)
            }
            let plan = continuations.errbacks(errbacks, of: id)
            messages += plan.messages
            outcome.items[index].chords?.starts += plan.chords
        }
        return work.parts.map { (index, $0) }
    }

    /// Parts that the store will never count: nobody would ever be told that their chords are complete, so these end here.
    func giveUp(
        _ queue: [(Int, ChordWork.Counting)],
        _ error: TransportError,
        _ outcome: inout Outcome
    ) async throws(TransportError) -> [(Int, ChordWork.Counting)] {
        var next: [(Int, ChordWork.Counting)] = []
        var groups: Set<String> = []
        for (index, counted) in queue where groups.insert(counted.part.groupID).inserted {
            let failure = ExceptionInfo.chordError("\(counted.part.taskID) cannot be counted: \(error)")
            var messages: [OutgoingMessage] = []
            next += try await failBody(of: counted, with: failure, index, &outcome, into: &messages)
            outcome.items[index].parting += messages
        }
        return next
    }

    /// What failed tasks have added to their chords, and may not have sent before they ended: nobody else will ever count it.
    func additions(
        _ indices: [Int],
        of batch: [Finished],
        _ outcome: Outcome,
        in store: any ChordStore
    ) async throws(TransportError) -> [(Int, ChordWork.Counting)] {
        var added: [(Int, ChordWork.Counting)] = []
        for index in indices {
            for adder in outcome.items[index].chords?.parts ?? []
            where adder.part.state != .success && adder.part.taskID == batch[index].settledID && adder.body != nil {
                let (group, prefix) = (adder.part.groupID, ChordAddition.prefix(of: adder.part.taskID))
                let names = try await store.additions(to: group, beginningWith: prefix, timeout: timeout)
                added += names.sorted().flatMap { ChordAddition($0).parts }.map { (index, account.part($0, by: adder)) }
            }
        }
        return added
    }

    /// Whether the body has been sent by a worker that died before it could say so: something of it is stored. Only where that is no
    /// part of one transaction, and an earlier attempt may have been.
    func hasBegun(_ body: Signature?, after finished: Finished, wasCounted: Bool) async throws(TransportError) -> Bool {
        guard !pipeline.isOneStore, wasCounted || finished.isRepeated, let body else { return false }
        let ids = CanvasNode.calls(of: body).compactMap(\.id)
        guard !ids.isEmpty else { return false }
        do throws(TransportError) {
            return try await !pipeline.backend.fetch(ids, timeout: timeout).isEmpty
        } catch  where !error.isTransient {
            // What cannot be read, or is not kept, tells nothing.
            return false
        }
    }

    /// Ends what is stored of long chains that never runs now, and returns it.
    func failRests(
        _ work: inout ChordWork,
        _ results: inout [StoredResult]
    ) async throws(TransportError) -> [CanvasNode] {
        var all: [CanvasNode] = []
        while !work.rests.isEmpty, let parent = work.continuations?.message {
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
                    parent: parent,
                    &work,
                    &results
                )
            }
        }
        return all
    }
}

extension ChordClaim {
    /// The array for the body: in the header's order, nested as the header is; what was added to that comes last.
    func results() throws(WireError) -> EncodedValue {
        guard let nested else { return try EncodedValue(array: members.map(\.value)) }
        return try ResultTree(tuple: nested).results(of: members.map { (id: $0.taskID, value: $0.value) })
    }
}
