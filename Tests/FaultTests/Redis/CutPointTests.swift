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
    /// So many at a time: they mostly wait for leases.
    private static let width = 6

    @Test(
        "Whatever step a process dies at, nothing is lost, and nothing runs twice but what had begun and is acknowledged late"
    )
    func everyStep() async throws {
        var rows: [String] = []
        var reached: Set<CutPoint> = []
        await withTaskGroup(of: CutScenario.Outcome?.self) { group in
            var waiting = CutScenario.all[...]
            for scenario in waiting.prefix(Self.width) { group.addTask { await outcome(of: scenario) } }
            waiting = waiting.dropFirst(Self.width)
            while let outcome = await group.next() {
                if let scenario = waiting.popFirst() { group.addTask { await self.outcome(of: scenario) } }
                guard let outcome else { continue }
                rows.append(outcome.row)
                reached.insert(outcome.point)
                for breach in outcome.breaches { Issue.record("\(breach)") }
            }
        }
        FaultReport.add(
            "A process dies at each step of the protocol",
            "step | pool | \(Tally.columns) | all over after, s",
            rows.sorted()
        )
        #expect(reached == Set(CutPoint.allCases), "each step was reached, and the process died of it")
    }

    private func outcome(of scenario: CutScenario) async -> CutScenario.Outcome? {
        do {
            return try await scenario.run()
        } catch {
            Issue.record(error, "\(scenario.point.rawValue), \(scenario.pool)")
            return nil
        }
    }
}
