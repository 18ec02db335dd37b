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

/// An outcome that was refused for good, with something of it given up so that the rest takes effect.
struct Concession {
    var item: SettlementPlan.Item
    /// Why the bodies of chords that it completes fail instead of being sent, but for those that have left.
    var refusal: TransportError
    /// Not always: one of them may be what is refused.
    var sendsErrbacks = true
    /// Whether the message goes to the dead letters.
    var isSetAside = true

    /// The same, and then the same without errbacks.
    fileprivate var both: [Concession] {
        var silent = self
        silent.sendsErrbacks = false
        silent.item.parting = []
        return [self, silent]
    }
}

extension SettlementPlan {
    /// What is tried in place of an outcome that was refused for good, one after the other until something is accepted.
    ///
    /// At first only the bodies that it completes fail; then the task does, with all that waits for it; in the end the
    /// message alone goes to the dead letters.
    func concessions(for item: Item, of finished: Finished, _ error: TransportError) -> [Concession] {
        let reason = DeadLetterReason("unsettleable", error.description)
        let hasPublished = finished.hasPublished.load(ordering: .relaxed)
        var all: [Concession] = []
        // With the follow-ups gone it may be a body that is refused. What is no run's end had none to send.
        let hasLeft = hasPublished || item.source == nil
        if hasLeft, item.chords?.parts.isEmpty == false {
            all += Concession(item: item, refusal: error, isSetAside: false).both
        }
        if let failed = self.failed(item, reason, because: error, hasPublished: hasPublished) {
            var concession = Concession(item: failed, refusal: error)
            all += concession.both
            if concession.item.chords != nil {
                // It may be this result that cannot be stored.
                concession.item.settlement.results.removeAll { $0.meta.taskID == item.source?.message.headers.id }
                all += concession.both.suffix(1)
            }
        }
        let last = Item(settlement: Settlement(item.settlement.tag, .deadLetter(reason))) { _ in }
        all.append(Concession(item: last, refusal: error, sendsErrbacks: false))
        return all
    }

    /// The task as a failure, and whatever waits for it with it. Nil when nothing was to take effect, or when it goes on elsewhere.
    private func failed(
        _ item: Item,
        _ reason: DeadLetterReason,
        because error: TransportError,
        hasPublished: Bool
    ) -> Item? {
        guard let source = item.source,
            !(item.settlement.results.isEmpty && item.settlement.publish.isEmpty && item.chords == nil)
        else { return nil }
        var (abandons, isFailure) = (true, false)
        switch source.stored {
        case .failure, .revoked: isFailure = true
        case .success: abandons = !hasPublished
        case .retry, .nothing: if hasPublished { return nil }
        }
        let exception = ExceptionInfo(
            type: "OperationalError",
            arguments: [.string("what follows the task could not be sent: \(error.message)")],
            module: "kombu.exceptions"
        )
        let failure = SettlementDecision.Stored.failure(TaskFailure(exception: exception, traceback: exception.line))
        var settlement = Settlement(item.settlement.tag, .deadLetter(reason))
        let id = source.message.headers.id
        if let result = records.record(
            failure,
            message: source.message,
            policy: source.policy,
            children: item.settlement.results.first { $0.meta.taskID == id }?.meta.children ?? [],
            queue: source.queue
        ) {
            settlement.results = [result]
        }
        var chords = chordWork(failure, source.message, [], &settlement, abandons: abandons)
        var errbacks = CanvasPlan()
        if !isFailure { errbacks = self.errbacks(source.message) }
        if !errbacks.chords.isEmpty, let (_, continuations) = self.continuations(source.message) {
            chords = chords ?? ChordWork(starts: [], parts: [], continuations: continuations)
            chords?.starts += errbacks.chords
        }
        // With the release, so that they are not sent again and again while something else has to wait.
        return Item(settlement: settlement, chords: chords, parting: errbacks.messages) { _ in }
    }
}
