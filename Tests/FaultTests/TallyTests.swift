//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Testing

@testable import FaultHarness

/// The tally must be able to find fault: each case is a life in which something was broken, or nothing was.
@Suite struct TallyTests {
    private static let sent = Ledger.Entry.sent(id: "a", due: .now, at: .now)

    private static func run(_ pid: Int32, isWhole: Bool = true) -> [Ledger.Entry] {
        let process = Ledger.Process(pid: pid, parent: 1)
        return [.started(id: "a", process: process, attempt: 1, at: .now)]
            + (isWhole ? [.ended(id: "a", process: process, at: .now)] : [])
    }

    private func breaches(
        _ entries: [Ledger.Entry],
        _ ending: Ending?,
        _ contract: Contract = .late,
        dead: Set<Int32> = []
    ) -> Int {
        Tally(entries, endings: ending.map { ["a": $0] } ?? [:], contracts: ["a": contract], dead: dead).breaches.count
    }

    @Test("A task that runs once and has its result is in order, and so is what a death explains")
    func inOrder() {
        let lost = Ending.failure(type: "WorkerLostError", at: nil)
        #expect(breaches([Self.sent] + Self.run(7), .success) == 0)
        #expect(breaches([Self.sent] + Self.run(7, isWhole: false) + Self.run(8), .success, dead: [7]) == 0)
        #expect(breaches([Self.sent] + Self.run(7, isWhole: false), lost, .early, dead: [7]) == 0)
        #expect(breaches([], nil) == 0)
    }

    @Test("What is lost, failed or repeated without a reason is found")
    func found() {
        let lost = Ending.failure(type: "WorkerLostError", at: nil)
        #expect(breaches([Self.sent], nil) == 1)
        #expect(breaches(Self.run(7), nil) == 1)
        #expect(Tally(Self.run(7), endings: [:]).lost == 0, "its sender was told that it failed")
        #expect(Tally([Self.sent] + Self.run(7), endings: [:]).lost == 1)
        #expect(breaches([Self.sent] + Self.run(7), nil) == 1)
        #expect(breaches([Self.sent], .success) == 1)
        #expect(breaches([Self.sent] + Self.run(7), .deadLetter) == 1)
        #expect(breaches([Self.sent] + Self.run(7), .failure(type: "TypeError", at: nil)) == 1)
        #expect(breaches([Self.sent] + Self.run(7, isWhole: false), lost, .late, dead: [7]) == 1)
        #expect(breaches([Self.sent] + Self.run(7) + Self.run(8), .success) == 1)
        #expect(breaches([Self.sent] + Self.run(7) + Self.run(8), .success, dead: [8]) == 1)
        #expect(breaches([Self.sent] + Self.run(7) + Self.run(8), .success, .early, dead: [7]) == 1)
    }
}
