//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import Testing

@testable import CeleryWorker

/// What the watch makes of what it sees, with times passed in.
@Suite struct WorkerWatchTests {
    private let troubles = Troubles()
    private let watch: WorkerWatch
    private let start = ContinuousClock.now

    init() { watch = WorkerWatch(troubles: troubles) }

    /// Nothing runs, and sixteen may be held.
    private static func sight(_ change: (inout WorkSight) -> Void = { _ in }) -> WorkSight {
        var sight = WorkSight()
        (sight.poolIsReady, sight.hasEpoch, sight.slots, sight.prefetch) = (true, true, 4, 16)
        change(&sight)
        return sight
    }

    /// Looks every second for so long, the broker answering every five; returns what is seen at the end.
    private func facts(after seconds: Int, waiting: Int = 0, _ sight: (Int) -> WorkSight) -> HealthFacts {
        for second in 0...seconds {
            let now = start + .seconds(second)
            if second % 5 == 0 { watch.took([QueueStatus(name: "q", ready: waiting)], at: now) }
            watch.look(at: sight(second), now: now)
        }
        var facts = HealthFacts()
        facts.now = start + .seconds(seconds)
        watch.complete(&facts)
        return facts
    }

    @Test func aPoolThatBeginsNothingOfWhatItHasStandsStill() {
        let facts = facts(after: 31) { _ in Self.sight { ($0.handed, $0.busy) = (2, 1) } }
        #expect(facts.poolStall == .seconds(31))
        #expect(!facts.judge().liveness.passes)
    }

    @Test func aPoolWhoseSlotsAreBusyDoesNotHoweverLongTheyAre() {
        let facts = facts(after: 600, waiting: 100) { _ in
            Self.sight { ($0.handed, $0.busy, $0.ready, $0.held, $0.longest) = (8, 4, 4, 16, .seconds(600)) }
        }
        #expect(facts.poolStall == nil && facts.intakeStall == nil)
        #expect(facts.judge().liveness.passes)
    }

    @Test func aPoolThatBeginsOneNowAndThenDoesNot() {
        let facts = facts(after: 100) { second in Self.sight { ($0.handed, $0.starts) = (2, second / 20) } }
        #expect(facts.poolStall ?? .zero < .seconds(20))
    }

    @Test func whatWaitsForTheBrokerIsNotThePoolsFault() {
        troubles.note(.starting, "away")
        #expect(facts(after: 60) { _ in Self.sight { $0.ready = 3 } }.poolStall == nil)
        let other = WorkerWatchTests()
        #expect(other.facts(after: 60) { _ in Self.sight { $0.ready = 3 } }.poolStall == .seconds(60))
    }

    @Test func aConsumerThatReceivesNothingOfWhatWaitsStandsStill() {
        let facts = facts(after: 31, waiting: 5) { _ in Self.sight() }
        #expect(facts.intakeStall == .seconds(31) && facts.waiting == 5)
        #expect(!facts.judge().liveness.passes)
    }

    /// Why it need not receive anything.
    @Test(
        arguments: [
            { ($0.held, $0.ready, $0.busy) = (16, 12, 4) }, { $0.shutdown = .warm }, { $0.poolIsReady = false },
            { ($0.held, $0.busy, $0.ready) = (12, 4, 8) },
        ] as [@Sendable (inout WorkSight) -> Void]
    )
    func aConsumerThatHasEnoughDoesNot(change: @Sendable (inout WorkSight) -> Void) {
        #expect(facts(after: 60, waiting: 5) { _ in Self.sight(change) }.intakeStall == nil)
    }

    @Test func aConsumerDoesNotWhereNothingWaitsOrTheBrokerIsAway() {
        #expect(facts(after: 60) { _ in Self.sight() }.intakeStall == nil)
        let away = WorkerWatchTests()
        away.troubles.note(.intake, "refused")
        #expect(away.facts(after: 60, waiting: 5) { _ in Self.sight() }.intakeStall == nil)
    }

    @Test func anOldSampleTellsNothing() {
        watch.took([QueueStatus(name: "q", ready: 5)], at: start)
        for second in 0...60 { watch.look(at: Self.sight(), now: start + .seconds(second)) }
        var facts = HealthFacts()
        facts.now = start + .seconds(60)
        watch.complete(&facts)
        #expect(facts.intakeStall == nil && facts.waiting == 0)
        #expect(watch.figures(now: start + .seconds(14)).queues?.map(\.ready) == [5])
        #expect(watch.figures(now: start + .seconds(15)).queues == nil)
    }

    @Test func aBlockThatIsOverIsSeenByWhoeverLooksWithinTwoMinutes() {
        watch.beat(late: .zero, now: start)
        watch.beat(late: .seconds(20), now: start + .seconds(21))
        for second in 22...200 { watch.beat(late: .milliseconds(second), now: start + .seconds(second)) }
        #expect(watch.figures(now: start + .seconds(200)).lag == .milliseconds(200))
        let other = WorkerWatchTests()
        other.watch.beat(late: .seconds(20), now: start + .seconds(21))
        for second in 22...141 {
            other.watch.beat(late: .milliseconds(1), now: start + .seconds(second))
            #expect(other.watch.figures(now: start + .seconds(second)).lag == .seconds(20))
        }
        other.watch.beat(late: .milliseconds(1), now: start + .seconds(142))
        #expect(other.watch.figures(now: start + .seconds(142)).lag == .milliseconds(1))
        // One that goes on.
        #expect(other.watch.figures(now: start + .seconds(200)).lag == .seconds(57))
    }

    @Test(arguments: [30, 8, 1, 0.1])
    func aBrokerThatHangsIsFoundOutBeforeThePoolIsBlamedForIt(timeout: Double) {
        let rhythm = WorkerWatch.Rhythm(timeout: .seconds(timeout))
        #expect(rhythm.sampling + rhythm.patience + rhythm.period < .seconds(timeout))
        #expect(rhythm.period <= .seconds(1) && rhythm.sampling <= .seconds(5) && rhythm.patience <= .seconds(3))
    }

    @Test func anAnswerEndsWhatOnlyWaitedForOne() {
        troubles.note(.sampling, "it does not answer")
        troubles.note(.intake, "refused")
        troubles.isBeingRetried(.intake)
        watch.took([], at: start)
        #expect(troubles.isBrokerUp)
    }
}
