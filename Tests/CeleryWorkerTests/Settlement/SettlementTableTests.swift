//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Testing

@testable import CeleryWorker

@Suite("The settlement table")
struct SettlementTableTests {
    private static let now = Timestamp(microseconds: 1_000_000)

    private func policy(
        late: Bool,
        onFailure: Bool = true,
        onTimeout: Bool = true,
        rejectOnLoss: Bool = false
    ) -> TaskPolicy {
        var policy = TaskPolicy(headers: TaskHeaders(task: "t", id: "1"), settings: CelerySettings())
        policy.acksLate = late
        policy.acksOnFailure = onFailure
        policy.acksOnTimeout = onTimeout
        policy.rejectOnWorkerLost = rejectOnLoss
        return policy
    }

    private func decide(_ outcome: TaskOutcome, _ policy: TaskPolicy) -> SettlementDecision {
        .decide(.reported(TaskReport(outcome: outcome)), policy: policy, deaths: 0, now: Self.now)
    }

    private func decide(_ cause: KillCause?, _ policy: TaskPolicy, deaths: Int = 0) -> SettlementDecision {
        let loss = WorkerLoss(pid: 7, reason: "signal 9 (SIGKILL)", cause: cause)
        return .decide(.lost(loss), policy: policy, deaths: deaths, now: Self.now)
    }

    private let failure = TaskFailure(exception: ExceptionInfo(type: "Boom", arguments: ["x"]))

    @Test("A success is acknowledged and stored", arguments: [false, true])
    func success(late: Bool) {
        let decision = decide(.success(EncodedValue(5), repr: "5"), policy(late: late))
        #expect(decision.disposition == .acknowledge)
        #expect(decision.storedWord == "SUCCESS")
    }

    @Test("A failure is acknowledged, unless acks_late without acks_on_failure sets it aside")
    func failures() {
        #expect(decide(.failure(failure), policy(late: false, onFailure: false)).disposition == .acknowledge)
        #expect(decide(.failure(failure), policy(late: true)).disposition == .acknowledge)
        let rejected = decide(.failure(failure), policy(late: true, onFailure: false))
        #expect(rejected.disposition == .deadLetter(DeadLetterReason("rejected", "Boom('x')")))
        #expect(rejected.storedWord == "FAILURE")
    }

    @Test("Ignore stores nothing and is acknowledged")
    func ignored() {
        let decision = decide(.ignored, policy(late: true))
        #expect(decision.disposition == .acknowledge)
        #expect(decision.storedWord == "nothing")
    }

    @Test("Reject with requeue goes last in its queue when acknowledged late, and fails when early")
    func rejectedWithRequeue() {
        let late = decide(.rejected(reason: "no", requeue: true), policy(late: true))
        #expect(late.disposition == .requeue(Requeue(.back)))
        #expect(late.storedWord == "nothing")
        let early = decide(.rejected(reason: "no", requeue: true), policy(late: false))
        #expect(early.disposition == .acknowledge)
        #expect(early.storedWord == "FAILURE")
    }

    @Test("Reject without requeue goes to the dead letters when acknowledged late")
    func rejected() {
        let decision = decide(.rejected(reason: "no", requeue: false), policy(late: true))
        #expect(decision.disposition == .deadLetter(DeadLetterReason("rejected", "no")))
        #expect(decision.storedWord == "FAILURE")
    }

    @Test("A hard time limit fails the task, or gives it back without acks_on_timeout")
    func hardTimeLimit() {
        let failed = decide(.hardTimeLimit(2), policy(late: true))
        #expect(failed.disposition == .acknowledge)
        #expect(failed.exceptionType == "TimeLimitExceeded")
        #expect(failed.needsErrbacks)
        let back = decide(.hardTimeLimit(2), policy(late: true, onTimeout: false))
        #expect(back.disposition == .requeue(Requeue(.back)))
        #expect(decide(.hardTimeLimit(2), policy(late: false, onTimeout: false)).exceptionType == "TimeLimitExceeded")
    }

    @Test("A lost process fails the task, unless it is acknowledged late and given back")
    func lost() {
        #expect(decide(nil, policy(late: false, rejectOnLoss: true)).exceptionType == "WorkerLostError")
        #expect(decide(nil, policy(late: true)).exceptionType == "WorkerLostError")
        let back = decide(nil, policy(late: true, rejectOnLoss: true))
        #expect(back.disposition == .requeue(Requeue(.front, notBefore: nil, afterDeath: true)))
        #expect(back.storedWord == "nothing")
    }

    @Test("Each further death waits twice as long, and the fifth is the last")
    func repeatedDeaths() {
        let policy = policy(late: true, rejectOnLoss: true)
        let second = decide(nil, policy, deaths: 1)
        let third = decide(nil, policy, deaths: 2)
        #expect(second.disposition == .requeue(requeue(after: 1)))
        #expect(third.disposition == .requeue(requeue(after: 2)))
        let fifth = decide(nil, policy, deaths: 4)
        guard case .deadLetter(let reason) = fifth.disposition else {
            Issue.record("the fifth death must be the last, not \(fifth.disposition)")
            return
        }
        #expect(reason.code == "poison")
        #expect(fifth.exceptionType == "WorkerLostError")
    }

    private func afterLoss(_ cause: KillCause?, retries: Int, _ retry: RetryPolicy) -> AfterLoss {
        var headers = TaskHeaders(task: "t", id: "1")
        headers.retries = retries
        let message = Message(
            headers: headers,
            properties: MessageProperties(correlationID: "1", replyTo: ""),
            body: []
        )
        var policy = policy(late: false)
        policy.retryOnWorkerLost = true
        return AfterLoss(
            .lost(WorkerLoss(pid: 7, reason: "signal 9 (SIGKILL)", cause: cause)),
            request: TaskRequest(message: message, queue: "q", hostname: "celery@here"),
            policy: policy,
            retry: retry,
            now: Self.now
        )
    }

    @Test(
        "retry_on_worker_lost sends the task again by its own policy, whatever the acknowledgement",
        arguments: [false, true]
    )
    func retriedAfterLoss(late: Bool) throws {
        let after = afterLoss(nil, retries: 1, .constant(limit: 3, delay: .seconds(9)))
        let loss = RunEnd.lost(WorkerLoss(pid: 7, reason: "signal 9 (SIGKILL)", cause: nil))
        let policy = policy(late: late, rejectOnLoss: true)
        let decision = SettlementDecision.decide(loss, policy: policy, deaths: 0, now: Self.now, afterLoss: after)
        #expect(decision.disposition == .acknowledge)
        #expect(decision.storedWord == "RETRY")
        let again = try #require(decision.publish.first)
        #expect(again.message.headers.id == "1" && again.message.headers.retries == 2)
        #expect(again.message.properties.routingKey == "q")
        #expect(again.notBefore == Self.now.advanced(by: .seconds(9)))
    }

    @Test("With no retries left it fails instead of being given back")
    func exhaustedAfterLoss() {
        let after = afterLoss(.memory(kibibytes: 9), retries: 3, .constant(limit: 3))
        let loss = RunEnd.lost(WorkerLoss(pid: 7, reason: "signal 9 (SIGKILL)", cause: .memory(kibibytes: 9)))
        let policy = policy(late: true, rejectOnLoss: true)
        let decision = SettlementDecision.decide(loss, policy: policy, deaths: 0, now: Self.now, afterLoss: after)
        #expect(decision.disposition == .acknowledge)
        #expect(decision.exceptionType == "WorkerLostError")
        #expect(decision.publish.isEmpty)
    }

    @Test(
        "What we ended ourselves is no loss to retry",
        arguments: [KillCause.hardTimeLimit(1), .terminated(signal: 15), .shutdown]
    )
    func noRetryOfWhatWeEnded(cause: KillCause) {
        guard case .settle = afterLoss(cause, retries: 0, .onRequest) else {
            Issue.record("\(cause) must not be retried")
            return
        }
    }

    @Test("A terminated task is revoked; a cold shutdown gives late tasks back")
    func endedByUs() {
        #expect(decide(.terminated(signal: 15), policy(late: true)).storedWord == "REVOKED")
        #expect(decide(.shutdown, policy(late: true)).disposition == .requeue(Requeue(.front)))
        #expect(decide(.shutdown, policy(late: false)).exceptionType == "WorkerLostError")
    }

    private func requeue(after seconds: Int64) -> Requeue {
        Requeue(.front, notBefore: Self.now.advanced(by: .seconds(seconds)), afterDeath: true)
    }
}

extension SettlementDecision {
    fileprivate var storedWord: String {
        switch stored {
        case .nothing: "nothing"
        case .success: "SUCCESS"
        case .failure: "FAILURE"
        case .retry: "RETRY"
        case .revoked: "REVOKED"
        }
    }

    fileprivate var exceptionType: String? {
        if case .failure(let failure) = stored { failure.exception.type } else { nil }
    }
}
