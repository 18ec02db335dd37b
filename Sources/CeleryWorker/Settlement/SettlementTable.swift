//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

/// How a run ended, as far as settlement is concerned.
enum RunEnd: Sendable {
    case reported(TaskReport)
    /// Its process died, by itself or by us.
    case lost(WorkerLoss)

    /// A run that was ended by us and said so ends as if its process had been killed. What it threw does not count: a task may
    /// throw on what another one failed with.
    ///
    /// - Parameter signal: What it was to be terminated with; nil when nobody has said.
    init(_ report: TaskReport, signal: Int32?) {
        switch report.interruption {
        case .terminated:
            self = .lost(WorkerLoss(pid: 0, reason: "terminated", cause: .terminated(signal: signal ?? 15)))
        case .shutdown: self = .lost(WorkerLoss(pid: 0, reason: "the worker was shut down", cause: .shutdown))
        case .hardTimeLimit(let limit):
            self = .lost(WorkerLoss(pid: 0, reason: "the hard time limit passed", cause: .hardTimeLimit(limit)))
        case .softTimeLimit, nil: self = .reported(report)
        }
    }
}

/// What is done at the end of a run: the settlement table of ARCHITECTURE.md as code.
///
/// Source: `celery/worker/request.py`; the order of the parts is ``Settlement``'s.
struct SettlementDecision: Sendable {
    /// Whether the message goes back to its queue instead of being acknowledged; nil when it is acknowledged, and when it is only
    /// given back because the worker stops.
    func rejection(of end: RunEnd) -> Bool? {
        if case .lost(let loss) = end, case .shutdown? = loss.cause { return nil }
        switch disposition {
        case .acknowledge: return nil
        case .requeue: return true
        case .deadLetter: return false
        }
    }

    /// What is stored.
    enum Stored: Sendable {
        case nothing
        case success(EncodedValue)
        case failure(TaskFailure)
        case retry(TaskFailure)
        case revoked(String)
    }

    var disposition: Settlement.Disposition
    var stored: Stored
    var publish: [OutgoingMessage]
    /// Whether the errbacks must still be built: the run could not.
    var needsErrbacks = false

    /// The state that the run ends in, for metrics.
    var stateWord: String {
        switch stored {
        case .nothing:
            if case .requeue = disposition { "REQUEUED" } else { TaskState.ignored.rawValue }
        case .success: TaskState.success.rawValue
        case .failure: TaskState.failure.rawValue
        case .retry: TaskState.retry.rawValue
        case .revoked: TaskState.revoked.rawValue
        }
    }

    /// The table: one line a row.
    static func decide(
        _ end: RunEnd,
        policy: TaskPolicy,
        deaths: Int,
        now: Timestamp,
        afterLoss: AfterLoss = .settle
    ) -> SettlementDecision {
        switch end {
        case .lost(let loss): return lost(loss, policy: policy, deaths: deaths, now: now, afterLoss: afterLoss)
        case .reported(let report):
            let publish = report.followUps
            switch report.outcome {
            case .success(let value, _):
                return SettlementDecision(disposition: .acknowledge, stored: .success(value), publish: publish)
            case .failure(let failure):
                return SettlementDecision(
                    disposition: failed(failure, policy),
                    stored: .failure(failure),
                    publish: publish
                )
            case .retry(let failure):
                return SettlementDecision(disposition: .acknowledge, stored: .retry(failure), publish: publish)
            case .ignored:
                return SettlementDecision(disposition: .acknowledge, stored: .nothing, publish: publish)
            case .rejected(let reason, let requeue):
                return rejected(reason, requeue: requeue, policy: policy)
            }
        }
    }

    /// A body that could not be decoded is set aside, whatever the policy: nothing ran. Otherwise `acks_on_failure` decides
    /// for late tasks; for early ones only an acknowledgement is possible any more.
    private static func failed(_ failure: TaskFailure, _ policy: TaskPolicy) -> Settlement.Disposition {
        if failure.isUndecodable {
            return .deadLetter(DeadLetterReason("malformed", failure.exception.message))
        }
        if policy.acksLate, !policy.acksOnFailure {
            return .deadLetter(DeadLetterReason("rejected", failure.exception.repr))
        }
        return .acknowledge
    }

    private static func rejected(_ reason: String, requeue: Bool, policy: TaskPolicy) -> SettlementDecision {
        if requeue, policy.acksLate {
            return SettlementDecision(disposition: .requeue(Requeue(.back)), stored: .nothing, publish: [])
        }
        let failure = TaskFailure(exception: .rejected(reason, requeue: requeue))
        let letter = DeadLetterReason("rejected", reason)
        return SettlementDecision(
            disposition: policy.acksLate ? .deadLetter(letter) : .acknowledge,
            stored: .failure(failure),
            publish: []
        )
    }

    private static func lost(
        _ loss: WorkerLoss,
        policy: TaskPolicy,
        deaths: Int,
        now: Timestamp,
        afterLoss: AfterLoss
    ) -> SettlementDecision {
        switch loss.cause {
        case .hardTimeLimit(let seconds):
            if policy.acksLate, !policy.acksOnTimeout {
                return SettlementDecision(disposition: .requeue(Requeue(.back)), stored: .nothing, publish: [])
            }
            return failure(.timeLimitExceeded(seconds), "the hard time limit of \(seconds) s passed")
        case .terminated:
            return SettlementDecision(disposition: .acknowledge, stored: .revoked("terminated"), publish: [])
        case .shutdown where policy.acksLate:
            return SettlementDecision(disposition: .requeue(Requeue(.front)), stored: .nothing, publish: [])
        case .memory, .shutdown, nil:
            let text = "Worker exited prematurely: \(loss.reason)."
            switch afterLoss {
            case .retry(let message): return retry(message, text)
            case .exhausted: return failure(.workerLost(text), text)
            case .settle: break
            }
            guard policy.acksLate, policy.rejectOnWorkerLost else { return failure(.workerLost(text), text) }
            guard deaths.next < policy.maxWorkerDeaths else {
                var decision = failure(.workerLost(text), text)
                decision.disposition = .deadLetter(DeadLetterReason("poison", text))
                return decision
            }
            let requeue = Requeue(.front, notBefore: backoff(deaths: deaths, now: now), afterDeath: true)
            return SettlementDecision(disposition: .requeue(requeue), stored: .nothing, publish: [])
        }
    }

    /// The first death costs nothing; from the second on 1, 2, 4, … s, at most a minute.
    private static func backoff(deaths: Int, now: Timestamp) -> Timestamp? {
        deaths == 0 ? nil : now.advanced(by: .seconds(1) * min(60, 1 << min(deaths - 1, 6)))
    }

    private static func retry(_ message: OutgoingMessage, _ text: String) -> SettlementDecision {
        let exception = ExceptionInfo.workerLost(text)
        let failure = TaskFailure(exception: exception, traceback: traceback(exception, text))
        return SettlementDecision(disposition: .acknowledge, stored: .retry(failure), publish: [message])
    }

    private static func traceback(_ exception: ExceptionInfo, _ text: String) -> String {
        "Traceback (most recent call last):\n\(exception.type): \(text)"
    }

    private static func failure(_ exception: ExceptionInfo, _ text: String) -> SettlementDecision {
        SettlementDecision(
            disposition: .acknowledge,
            stored: .failure(TaskFailure(exception: exception, traceback: traceback(exception, text))),
            publish: [],
            needsErrbacks: true
        )
    }
}
