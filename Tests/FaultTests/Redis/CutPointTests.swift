//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import ServiceTestSupport
import Testing

/// Processes that die at a step of the protocol that was chosen beforehand, where random kills seldom hit.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(10)))
struct CutPointTests {
    @Test(
        "Whatever step a process dies at, nothing is lost, and nothing runs twice but what had begun and is acknowledged late"
    )
    func everyStep() async throws {
        let outcomes = await CutScenario.outcomes(of: CutScenario.all)
        CutScenario.report("A process dies at each step of the protocol", outcomes)
        let reached = Set(outcomes.map(\.point))
        #expect(reached == Set(CutPoint.allCases), "each step was reached, and the process died of it")
    }
}

/// On one SQLite file, where the last part's result, its count and the release of its message with the body are three transactions.
@Suite(.timeLimit(.minutes(10)))
struct EmbeddedCutPointTests {
    @Test(
        "Whatever step of a chord on one SQLite file a worker dies at, it ends, and nothing runs twice but what had begun and is late"
    )
    func chords() async throws {
        let scenarios = CutScenario.embedded
        let outcomes = await CutScenario.outcomes(of: scenarios)
        CutScenario.report("A worker dies at each step of a chord on one SQLite file", outcomes)
        #expect(Set(outcomes.map(\.point)) == Set(scenarios.map(\.point)))
        #expect(outcomes.count == scenarios.count)
    }
}

extension CutScenario {
    /// So many at a time: they mostly wait for leases.
    private static let width = 6

    /// What they come to; what is wrong is an issue of the test.
    static func outcomes(of scenarios: [CutScenario]) async -> [Outcome] {
        await withTaskGroup(of: Outcome?.self) { group in
            var waiting = scenarios[...]
            for scenario in waiting.prefix(width) { group.addTask { await scenario.outcome() } }
            waiting = waiting.dropFirst(width)
            var outcomes: [Outcome] = []
            while let outcome = await group.next() {
                if let scenario = waiting.popFirst() { group.addTask { await scenario.outcome() } }
                guard let outcome else { continue }
                outcomes.append(outcome)
                for breach in outcome.breaches { Issue.record("\(breach)") }
            }
            return outcomes
        }
    }

    static func report(_ title: String, _ outcomes: [Outcome]) {
        FaultReport.add(title, "step | pool | \(Tally.columns) | all over after, s", outcomes.map(\.row).sorted())
    }

    private func outcome() async -> Outcome? {
        do {
            return try await run()
        } catch {
            Issue.record(error, "\(point.rawValue), \(pool)\(suffix)")
            return nil
        }
    }
}
