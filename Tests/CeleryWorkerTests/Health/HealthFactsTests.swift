//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import Testing

@testable import CeleryWorker

/// A worker's health by its facts, without a worker and without waiting.
@Suite struct HealthFactsTests {
    private static let now = ContinuousClock.now

    /// Of a worker that works: two of four slots busy.
    private static func facts(_ change: (inout HealthFacts) -> Void = { _ in }) -> HealthFacts {
        var facts = HealthFacts()
        facts.phase = .running
        (facts.work.poolIsReady, facts.work.hasEpoch, facts.work.startedAt) = (true, true, now - .seconds(60))
        (facts.work.slots, facts.work.busy, facts.silence, facts.now) = (4, 2, .seconds(1), now)
        change(&facts)
        return facts
    }

    private static func trouble(_ text: String) -> Troubles.Trouble {
        Troubles.Trouble(text: text, since: now - .seconds(12))
    }

    @Test func aWorkerThatWorksPassesEverything() {
        let health = Self.facts().judge()
        #expect(health.startup.passes && health.readiness.passes && health.liveness.passes)
        #expect(
            health.readiness.checks.map(\.name) == [
                "worker", "broker", "pool", "consumer", "outcomes", "threads", "starting", "consuming",
            ]
        )
    }

    /// What is changed, and what comes of it.
    struct Case: Sendable {
        var passes: [Bool]
        var problems: [String]
        var change: @Sendable (inout HealthFacts) -> Void

        init(_ passes: [Bool], _ problems: [String], _ change: @escaping @Sendable (inout HealthFacts) -> Void) {
            (self.passes, self.problems, self.change) = (passes, problems, change)
        }
    }

    /// Which of the three probes pass, and what readiness says.
    private static let cases = [
        Case([true, false, true], ["a warm shutdown is under way"]) { $0.work.shutdown = .warm },
        Case([true, false, true], ["a cold shutdown is under way"]) { $0.work.shutdown = .cold },
        Case([true, false, true], ["the worker has ended"]) { $0.phase = .ended },
        Case([true, false, true], ["the pool is not ready"]) { $0.work.poolIsReady = false },
        Case([true, false, true], ["no consumer is open at the broker"]) { $0.work.hasEpoch = false },
        Case([true, false, true], ["the broker is away (for 12 s): refused"]) {
            $0.troubles = [.intake: trouble("refused")]
        },
        Case([true, false, true], ["the broker is away (for 12 s): refused"]) {
            $0.troubles = [.intake: Troubles.Trouble(text: "refused", since: now), .sampling: trouble("no answer")]
        },
        Case([true, false, true], ["the broker is away (for 12 s): it does not answer"]) {
            $0.troubles = [.sampling: trouble("it does not answer")]
        },
        Case(
            [true, false, true],
            ["tasks cannot be marked as begun (for 12 s): gone", "outcomes cannot be stored (for 12 s): full"]
        ) {
            $0.troubles = [.settling: trouble("full"), .starting: trouble("gone")]
        },
        Case([true, false, false], ["the threads that Swift runs tasks on have been blocked for 31 s"]) {
            $0.silence = .seconds(31)
        },
        Case([true, true, true], []) { $0.silence = .seconds(29) },
        Case(
            [true, false, false],
            ["the pool has begun nothing for 40 s although tasks wait (3) and 2 of 4 slots are free"]
        ) {
            $0.poolStall = .seconds(40)
            ($0.work.ready, $0.work.starting, $0.work.handed) = (1, 1, 1)
        },
        Case([true, false, false], ["nothing was received for 30 s although messages wait in the queues (7)"]) {
            $0.intakeStall = .milliseconds(30_500)
            $0.waiting = 7
        },
        Case([true, false, false], ["the threads that Swift runs tasks on have been blocked for 1.5 s"]) {
            $0.timeout = .milliseconds(1500)
            $0.silence = .milliseconds(1540)
        },
    ]

    @Test(arguments: cases.indices)
    func eachFactDecides(number: Int) {
        let wanted = Self.cases[number]
        let health = Self.facts(wanted.change).judge()
        #expect([health.startup, health.readiness, health.liveness].map(\.passes) == wanted.passes)
        #expect(health.readiness.problems == wanted.problems)
    }

    /// Before tasks could be taken for the first time: what startup says.
    private static let starts = [
        Case([], ["no task can be taken yet: cannot connect to the broker (for 12 s): refused"]) {
            $0 = HealthFacts()
            ($0.phase, $0.now) = (.connecting, now)
            $0.troubles = [.connecting: trouble("refused")]
        },
        Case([], ["no task can be taken yet: the worker has not been started"]) { $0 = HealthFacts() },
        Case([], ["no task can be taken yet: the pool is not ready"]) { $0.work.poolIsReady = false },
        Case([], ["no task can be taken yet: no consumer is open at the broker"]) { $0.work.hasEpoch = false },
    ]

    @Test(arguments: starts.indices)
    func aWorkerThatHasNotStartedSaysWhy(number: Int) {
        var facts = Self.facts()
        facts.work.startedAt = nil
        Self.starts[number].change(&facts)
        let health = facts.judge()
        #expect(health.startup.problems == Self.starts[number].problems)
        #expect(!health.readiness.passes)
        #expect(health.liveness.passes, "a restart would not help")
    }

    @Test func whatStandsStillIsMeasuredFromWhenItWasFirstSeen() {
        var stall = Stall()
        stall.look(isDue: true, progress: 1, now: Self.now)
        #expect(stall.since == nil, "it has just gone on")
        stall.look(isDue: true, progress: 1, now: Self.now + .seconds(1))
        stall.look(isDue: true, progress: 1, now: Self.now + .seconds(9))
        #expect(stall.length(now: Self.now + .seconds(10)) == .seconds(9))
        stall.look(isDue: true, progress: 2, now: Self.now + .seconds(10))
        #expect(stall.since == nil)
        stall.look(isDue: true, progress: 2, now: Self.now + .seconds(11))
        stall.look(isDue: false, progress: 2, now: Self.now + .seconds(12))
        #expect(stall.since == nil, "it need not go on")
    }

    @Test func aTroubleKeepsItsBeginningAndItsEndIsCounted() {
        let troubles = Troubles()
        #expect(troubles.isBrokerUp)
        troubles.note(.intake, "one", now: Self.now)
        troubles.note(.intake, "two", now: Self.now + .seconds(3))
        #expect(troubles.all[.intake] == Troubles.Trouble(text: "two", since: Self.now))
        troubles.note(.settling, "full")
        troubles.note(.sampling, "away")
        troubles.clear(.sampling)
        #expect(!troubles.isBrokerUp)
        troubles.clearRetried(.intake)
        #expect(!troubles.isBrokerUp, "it is not being tried again yet")
        troubles.isBeingRetried(.intake)
        troubles.clearRetried(.intake)
        #expect(troubles.isBrokerUp && troubles.recoveries == 1)
        #expect(Array(troubles.all.keys) == [.settling], "that is not the broker's")
        troubles.clear(.settling)
        #expect(troubles.recoveries == 1 && troubles.all.isEmpty)
    }
}
