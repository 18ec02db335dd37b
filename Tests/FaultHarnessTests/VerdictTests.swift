//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Testing

@testable import FaultHarness

/// The verdict of the kill loop must be able to fail: each case is a history in which one promise is broken, or is not.
@Suite struct VerdictTests {
    private let first = Ledger.Process(pid: 11, parent: 10)
    private let second = Ledger.Process(pid: 21, parent: 20)

    private func at(_ seconds: Double) -> Timestamp { Timestamp(unixSeconds: 1_000_000 + seconds) }

    private func judge(
        _ contract: Contract,
        _ entries: [Ledger.Entry],
        _ strikes: [Strike] = [],
        _ ending: Ending = .success
    ) -> [String] {
        Verdict(
            entries: [.sent(id: "a", due: at(0), at: at(0))] + entries,
            strikes: strikes,
            endings: ["a": ending],
            rules: Verdict.Rules(contract: contract, backWithin: 20)
        )
        .broken.map { $0.text(before: ": run ") }
    }

    private func run(_ process: Ledger.Process, _ start: Double, _ end: Double?, attempt: Int = 1) -> [Ledger.Entry] {
        [.started(id: "a", process: process, attempt: attempt, at: at(start))]
            + (end.map { [.ended(id: "a", process: process, at: at($0))] } ?? [])
    }

    private func kill(_ pid: Int32, _ seconds: Double, _ blow: Plan.Blow = .group) -> Strike {
        Strike(blow: blow, pids: [pid], at: at(seconds))
    }

    @Test("A task that ran once and has its result breaks nothing", arguments: Contract.allCases)
    func ranOnce(contract: Contract) {
        #expect(judge(contract, run(first, 1, 2)) == [])
    }

    @Test("A task that was sent and left no trace is lost", arguments: Contract.allCases)
    func noTrace(contract: Contract) {
        #expect(judge(contract, [], [], .nothing) == ["a is lost: sent, never run, and no result"])
    }

    @Test("A task that began, was killed and has no result is lost", arguments: Contract.allCases)
    func begunAndLost(contract: Contract) {
        let broken = judge(contract, run(first, 1, nil), [kill(11, 1.5)], .nothing)
        #expect(broken == ["a is lost: sent, begun, and no result"])
    }

    @Test("A late task that was killed runs again")
    func lateRunsAgain() {
        #expect(judge(.late, run(first, 1, nil) + run(second, 3, 4), [kill(10, 1.5)]) == [])
    }

    @Test("A late task whose worker was killed before the settlement runs again")
    func unsettledRunsAgain() {
        #expect(judge(.late, run(first, 1, 2) + run(second, 4, 5), [kill(10, 2.1)]) == [])
    }

    @Test("A settlement is durable soon after the end of a task: a later kill excuses no second run")
    func settledLongAgo() {
        let history = run(first, 1, 2) + run(second, 7, 8)
        #expect(
            judge(.late, history, [kill(10, 3.5)]) == ["a ran again although nothing had happened to its first run"]
        )
        // Who stands still meanwhile settles nothing.
        #expect(judge(.late, history, [kill(10, 1.5, .pause), kill(10, 3.5)]) == [])
    }

    @Test("A task that a killed worker held, and that starts late, is late")
    func startedTooLate() {
        #expect(
            judge(.late, run(first, 25, 26), [kill(20, 1)]) == [
                "a started only 25.0 s after it was due, at hand-over 1; 20.0 s are promised for each worker that died with it"
            ]
        )
        #expect(judge(.late, run(first, 19, 20), [kill(20, 1)]) == [])
        // Four workers had died with it before.
        #expect(judge(.late, run(first, 45, 46, attempt: 5), [kill(20, 1)]) == [])
        #expect(judge(.late, run(first, 81, 82, attempt: 5), [kill(20, 1)]).count == 1)
    }

    @Test("A late task that nothing happened to must not run again")
    func groundlessRepeat() {
        let broken = judge(.late, run(first, 1, 2) + run(second, 3, 4))
        #expect(broken == ["a ran again although nothing had happened to its first run"])
    }

    @Test("A warm stop excuses no second run")
    func warmStopIsNoExcuse() {
        let broken = judge(.late, run(first, 1, nil) + run(second, 3, 4), [kill(10, 1.5, .warm)])
        #expect(broken == ["a ran again although nothing had happened to its first run"])
    }

    @Test("An early task must not run again even when it was killed")
    func earlyRunsOnce() {
        let broken = judge(.early, run(first, 1, nil) + run(second, 3, 4), [kill(10, 1.5)])
        #expect(broken == ["a ran 2 times in spite of its early acknowledgement"])
    }

    @Test("An early task that was killed ends as WorkerLostError")
    func earlyEnds() {
        #expect(judge(.early, run(first, 1, nil), [kill(10, 1.5)], .failure(type: "WorkerLostError", at: at(3))) == [])
    }

    @Test("A task that nothing happened to must not end as WorkerLostError")
    func groundlessObituary() {
        let broken = judge(.early, run(first, 1, nil), [], .failure(type: "WorkerLostError", at: at(3)))
        #expect(broken == ["a was given up as WorkerLostError although nothing happened to it"])
    }

    @Test("A task may be killed between its mark and its first instruction, but not given up for nothing")
    func killedBeforeItsStart() {
        let ending = Ending.failure(type: "WorkerLostError", at: at(3))
        #expect(judge(.early, [], [kill(10, 1.5)], ending) == [])
        #expect(judge(.early, [], [kill(10, 3.5)], ending).count == 1)
        #expect(judge(.early, [], [], ending).count == 1)
    }

    @Test("A late task must not end as WorkerLostError")
    func lateDoesNotFail() {
        let broken = judge(.late, run(first, 1, nil), [kill(10, 1.5)], .failure(type: "WorkerLostError", at: at(3)))
        #expect(broken == ["a failed with WorkerLostError in spite of reject_on_worker_lost"])
    }

    @Test("A task that comes back after the promised time is late")
    func backTooLate() {
        let broken = judge(.late, run(first, 1, nil) + run(second, 30, 31, attempt: 2), [kill(10, 1.5)])
        #expect(broken == ["a task was back only 28.5 s after the kill; 20.0 s are promised"])
        // Another worker took it in between, and died with it.
        #expect(judge(.late, run(first, 1, nil) + run(second, 30, 31, attempt: 3), [kill(10, 1.5)]) == [])
    }

    @Test("Time without any worker does not count")
    func unserved() {
        var service = Service()
        service.add(from: at(0), to: at(3))
        service.add(from: at(2), to: at(4))
        service.add(from: at(25), to: at(40))
        #expect(service.seconds(from: at(1), to: at(30)) == 8)
        #expect(Service().seconds(from: at(1), to: at(30)) == 29)
    }

    @Test("Two owners at a time are found")
    func twoOwners() {
        let broken = judge(.late, run(first, 1, 5) + run(second, 3, 4), [kill(10, 2)])
        #expect(broken == ["a ran twice at the same time"])
    }

    @Test("What a stalled worker does afterwards is no second owner")
    func stalledOwner() {
        #expect(judge(.late, run(first, 1, 25) + run(second, 15, 16), [kill(10, 2, .stall)]) == [])
    }

    @Test("A task that starts before its time is found")
    func beforeItsTime() {
        let verdict = Verdict(
            entries: [.sent(id: "b", due: at(10), at: at(0))]
                + [
                    .started(id: "b", process: first, attempt: 1, at: at(9)),
                    .ended(id: "b", process: first, at: at(9.5)),
                ],
            strikes: [],
            endings: ["b": .success],
            rules: Verdict.Rules(contract: .late, backWithin: 20)
        )
        #expect(verdict.broken == ["b started 1.0 s before its time"])
    }

    @Test("A dead letter before the fifth death is found")
    func prematureDeadLetter() {
        let broken = judge(.late, run(first, 1, nil), [kill(10, 1.5)], .deadLetter)
        #expect(broken == ["a became a dead letter after 1 deaths"])
    }

    @Test("Of all blows those are counted that kill a worker or its children")
    func kills() {
        let strikes = Plan.Blow.allCases.map { kill(10, 1, $0) } + [kill(11, 2, .child)]
        let rules = Verdict.Rules(contract: .late, backWithin: 20)
        let verdict = Verdict(entries: [], strikes: strikes, endings: [:], rules: rules)
        let figure = verdict.figures.first { $0.name == Verdict.killsFigure }
        #expect(figure?.value == "4")
    }

    @Test("A task whose delay never returned was promised nothing")
    func unconfirmed() {
        let verdict = Verdict(
            entries: [],
            strikes: [],
            endings: [:],
            rules: Verdict.Rules(contract: .late, backWithin: 20)
        )
        #expect(verdict.broken == [])
    }
}

extension String {
    /// The text without the history that follows it.
    fileprivate func text(before mark: String) -> String {
        firstRange(of: mark).map { String(self[..<$0.lowerBound]) } ?? self
    }
}
