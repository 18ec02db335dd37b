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
        #expect(health.readiness.checks.map(\.name) == [
            "worker", "broker", "pool", "consumer", "outcomes", "threads", "starting", "consuming",
        ])
    }

    /// What is changed, which of the three probes pass, and what readiness says.
    @Test(
        arguments: [
            ({ $0.work.shutdown = .warm }, [true, false, true], ["a warm shutdown is under way"]),
            ({ $0.work.shutdown = .cold }, [true, false, true], ["a cold shutdown is under way"]),
            ({ $0.phase = .ended }, [true, false, true], ["the worker has ended"]),
            ({ $0.work.poolIsReady = false }, [true, false, true], ["the pool is not ready"]),
            ({ $0.work.hasEpoch = false }, [true, false, true], ["no consumer is open at the broker"]),
            (
                { $0.troubles = [.intake: trouble("refused")] }, [true, false, true],
                ["the broker is away (for 12 s): refused"]
            ),
            (
                { $0.troubles = [.sampling: trouble("it does not answer")] }, [true, false, true],
                ["the broker is away (for 12 s): it does not answer"]
            ),
            (
                { $0.troubles = [.settling: trouble("full"), .starting: trouble("gone")] }, [true, false, true],
                ["tasks cannot be marked as begun (for 12 s): gone", "outcomes cannot be stored (for 12 s): full"]
            ),
            (
                { $0.silence = .seconds(31) }, [true, false, false],
                ["the threads that Swift runs tasks on have been blocked for 31 s"]
            ),
            ({ $0.silence = .seconds(29) }, [true, true, true], []),
            (
                {
                    $0.poolStall = .seconds(40)
                    $0.work.handed = 3
                }, [true, false, false],
                ["the pool has begun nothing for 40 s although 3 tasks wait and 2 of 4 slots are free"]
            ),
            (
                {
                    $0.intakeStall = .milliseconds(30_500)
                    $0.waiting = 7
                }, [true, false, false], ["nothing was received for 30 s although 7 messages wait in the queues"]
            ),
            (
                {
                    $0.timeout = .milliseconds(1500)
                    $0.silence = .milliseconds(1540)
                }, [true, false, false], ["the threads that Swift runs tasks on have been blocked for 1.5 s"]
            ),
        ] as [(@Sendable (inout HealthFacts) -> Void, [Bool], [String])]
    )
    func eachFactDecides(change: @Sendable (inout HealthFacts) -> Void, passes: [Bool], problems: [String]) {
        let health = Self.facts(change).judge()
        #expect([health.startup, health.readiness, health.liveness].map(\.passes) == passes)
        #expect(health.readiness.problems == problems)
    }

    /// Before tasks could be taken for the first time.
    @Test(
        arguments: [
            (
                {
                    $0 = HealthFacts()
                    $0.phase = .connecting
                    $0.now = now
                    $0.troubles = [.connecting: trouble("refused")]
                }, "no task can be taken yet: cannot connect to the broker (for 12 s): refused"
            ),
            ({ $0 = HealthFacts() }, "no task can be taken yet: the worker has not been started"),
            ({ $0.work.poolIsReady = false }, "no task can be taken yet: the pool is not ready"),
            ({ $0.work.hasEpoch = false }, "no task can be taken yet: no consumer is open at the broker"),
        ] as [(@Sendable (inout HealthFacts) -> Void, String)]
    )
    func aWorkerThatHasNotStartedSaysWhy(change: @Sendable (inout HealthFacts) -> Void, problem: String) {
        var facts = Self.facts()
        facts.work.startedAt = nil
        change(&facts)
        let health = facts.judge()
        #expect(health.startup.problems == [problem])
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
        #expect(troubles.all.keys.map(\.self) == [.settling], "that is not the broker's")
        troubles.clear(.settling)
        #expect(troubles.recoveries == 1 && troubles.all.isEmpty)
    }
}
