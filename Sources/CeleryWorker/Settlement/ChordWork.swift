//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

/// What one task's end means for chords: those that its follow-ups begin, and those that it was a part of.
struct ChordWork {
    /// A part to be counted, and what runs when it is the last.
    struct Counting {
        var part: ChordPart
        /// Nil of a part whose message cannot be read: whoever counts after it has the body.
        var body: Signature?
    }

    /// What is stored of a long chain that has failed, and ends as its task did.
    struct AbandonedRest {
        var rest: ChainRest
        /// Of the call that stands for it.
        var id: String
        var exception: ExceptionInfo
        var state: TaskState
    }

    /// To be made known before the follow-ups are published.
    var starts: [ChordStart]
    var parts: [Counting]
    var rests: [AbandonedRest] = []
    /// Of the task that ended: what a body sends derives its ids from it. Nil when its message cannot be read.
    let continuations: Continuations?

    var isEmpty: Bool { starts.isEmpty && parts.isEmpty && rests.isEmpty }
}

/// Finds out what a task's end means for the chain and the chords around it.
struct ChordAccount {
    let records: ResultRecord
    /// Names this worker and the time of its start to the chord counters.
    let claimant: String

    /// What chain steps that never run now, and chords, are to be told of a task that ended. Nil when it was in neither.
    ///
    /// - Parameter abandons: Whether a failure ends the rest of its chain; not when the next step has been sent.
    func work(
        _ stored: SettlementDecision.Stored,
        message: Message,
        starts: [ChordStart],
        abandons: Bool = true,
        continuations: @autoclosure () -> (TaskBody, Continuations)?
    ) -> (work: ChordWork, results: [StoredResult])? {
        let end: (TaskState, EncodedValue, ExceptionInfo?)
        switch stored {
        case .success(let value): end = (.success, value, nil)
        case .failure(let failure): end = (.failure, failure.exception.encoded, failure.exception)
        case .revoked(let reason):
            let exception = ExceptionInfo.revoked(reason)
            end = (.revoked, exception.encoded, exception)
        case .nothing, .retry:
            guard !starts.isEmpty, let (_, continuations) = continuations() else { return nil }
            return (ChordWork(starts: starts, parts: [], continuations: continuations), [])
        }
        // Only a member of a group can be a part of a chord, and only what fails has more to tell.
        guard message.headers.group != nil || end.2 != nil || !starts.isEmpty else { return nil }
        guard let (body, continuations) = continuations() else {
            guard let group = message.headers.group else { return nil }
            let (headers, own) = (message.headers, (end.0, end.1))
            let unread = part(group, headers.groupIndex, headers.id, own, nil)
            return (ChordWork(starts: starts, parts: [unread], continuations: nil), [])
        }
        var work = ChordWork(starts: starts, parts: [], continuations: continuations)
        if let chord = body.embed.chord, let group = message.headers.group {
            let headers = message.headers
            work.parts.append(part(group, headers.groupIndex, headers.id, (end.0, end.1), chord))
        }
        var results: [StoredResult] = []
        if abandons, let exception = end.2 {
            let headers = message.headers
            if let rest = ChainRest(task: headers.task, arguments: body.arguments) {
                let abandoned = ChordWork.AbandonedRest(
                    rest: rest,
                    id: headers.id,
                    exception: exception,
                    state: end.0
                )
                work.rests.append(abandoned)
            }
            fail(continuations.abandoned(), with: exception, state: end.0, parent: message, &work, &results)
        }
        return work.isEmpty && results.isEmpty ? nil : (work, results)
    }

    /// Whether a task may not be released while somebody else has the claim of a chord that it counts for.
    ///
    /// Whoever has a claim has the message of the part that it was given for until the body is sent; when they die it comes back, is
    /// counted again, and is given the claim. So it is waited for by that message alone, and else only for a worker of Python's, which may
    /// have acknowledged its own. Two that waited for each other would wait for ever: each renews the claim that it has.
    ///
    /// - Parameter parts: Those that the task counts, in whatever chord.
    func waits(for holder: String, parts: Set<String>) -> Bool {
        guard let holder = ChordClaimant(holder) else { return true }
        // Of this worker: for another part of the same task, or for another task that is held here.
        return holder.worker != claimant && parts.contains(holder.part)
    }

    /// Calls that will never run end with this exception, in chords too.
    func fail(
        _ calls: [CanvasNode],
        with exception: ExceptionInfo,
        state: TaskState,
        parent: Message,
        _ work: inout ChordWork,
        _ results: inout [StoredResult]
    ) {
        for call in calls {
            guard let id = call.id else { continue }
            if let rest = ChainRest(call) {
                work.rests.append(ChordWork.AbandonedRest(rest: rest, id: id, exception: exception, state: state))
            }
            results.append(
                records.abandoned(id, group: call.continuation.groupID, parent: parent, exception, state: state)
            )
            if let chord = call.continuation.chord, let group = call.continuation.groupID {
                let end = (state, exception.encoded)
                work.parts.append(part(group, call.continuation.groupIndex, id, end, chord))
            }
        }
    }

    /// What a task has added to its chord, and may not have sent, ends as the task does.
    func part(_ added: ChordAddition.Part, by adder: ChordWork.Counting) -> ChordWork.Counting {
        part(adder.part.groupID, added.index, added.taskID, (adder.part.state, adder.part.value), adder.body)
    }

    private func part(
        _ group: String,
        _ index: Int?,
        _ id: String,
        _ end: (TaskState, EncodedValue),
        _ body: Signature?
    ) -> ChordWork.Counting {
        ChordWork.Counting(
            part: ChordPart(
                groupID: group,
                index: index,
                taskID: id,
                state: end.0,
                value: end.1,
                expires: records.settings.resultChordExpires ?? records.settings.resultExpires,
                claimant: ChordClaimant(worker: claimant, part: id).text,
                // A lease that is renewed in time has more than half of its time left.
                claimLimit: body == nil ? .zero : records.settings.workerLease / 3
            ),
            body: body
        )
    }
}

/// Who has the claim of a chord: a worker, from one start to the next, for the part that it has counted.
private struct ChordClaimant {
    var worker: String
    var part: String

    init(worker: String, part: String) {
        self.worker = worker
        self.part = part
    }

    /// Nil for what a worker of Python's calls itself.
    init?(_ text: String) {
        guard let cut = text.firstIndex(of: "/") else { return nil }
        self.init(worker: String(text[..<cut]), part: String(text[text.index(after: cut)...]))
    }

    var text: String { "\(worker)/\(part)" }
}

extension ExceptionInfo {
    /// As a result backend stores it.
    fileprivate var encoded: EncodedValue { EncodedValue(.object(object)) }

    /// What a part of a chord failed with.
    init(ofChordPart value: EncodedValue) {
        guard case .object(let object)? = try? value.value(), let info = ExceptionInfo(object) else {
            self.init(type: "Exception", arguments: [(try? value.value()) ?? .null], module: "builtins")
            return
        }
        self = info
    }

    static func chordError(_ text: String) -> ExceptionInfo {
        ExceptionInfo(type: "ChordError", arguments: [.string(text)], module: "celery.exceptions")
    }
}
