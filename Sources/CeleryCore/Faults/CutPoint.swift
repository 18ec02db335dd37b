//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Steps of the protocol at which a test can let a process die, to see what the others make of what it leaves behind.
///
/// In debug builds, `CELERY_CUT_POINT=NAME[:NTH]` ends the process by SIGKILL when it gets to that step, or does so for the nth
/// time. In release builds ``reached()`` is nothing at all.
@usableFromInline
package enum CutPoint: String, CaseIterable, Sendable {
    // A client: a command was written, and not answered yet; the answer to a publication has come.
    case commandSent, published

    // An epoch: it is in the registry; another connection acts for it.
    case epochEntered, epochResumed
    // A round was written, and may or may not take effect.
    case fetchSent, beginSent, settleSent, closeSent
    // A round took effect, and nobody has heard of it.
    case fetchAnswered, beginAnswered, settleAnswered, closeAnswered
    // A fetch that waited at the server has brought a message; nobody has looked at it.
    case waitingAnswered
    // What was parked is on its list again; nobody has looked there.
    case dueMoved
    // An epoch was given back, and part of what is parked was put back after it.
    case unparked

    // A worker: it has deliveries; they are marked, or permitted, and not handed to the pool; they have ended; the callbacks are
    // sent and the results not stored; the results are stored and the messages not acknowledged; all is done; where messages and
    // results are two stores, tasks go on elsewhere, and it is not stored that they do.
    case received, begun, ended, followUpsPublished, resultsStored, settled, onwardSettled

    // A chord: results of parts are stored, and they are not counted; they are counted; they were the last, and the body is not
    // sent; it was sent.
    case partsStored, partsCounted, chordClaimed, chordSettled

    // A sweep: the fence is gone; the journal is sealed; all was read; all was given back.
    case condemned, journalSealed, sweepRead, swept
    // What a Python worker has held for too long: it was read; one of it was put back.
    case unackedRead, unackedRestored

    // A child of a pool: it has taken its permit; its task has ended, and its parent has not heard of it.
    case childBegun, childRan

    /// Dies here if that was asked for.
    @inlinable
    package func reached() {
        #if DEBUG
        CutPlan.current?.pass(self)
        #endif
    }
}
