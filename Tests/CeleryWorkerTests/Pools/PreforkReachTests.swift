//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import Foundation
import Testing

@testable import CeleryWorker

@Suite("How much waits in a child")
struct PreforkReachTests {
    /// How many of a hundred jobs one child is handed after jobs that took so long.
    ///
    /// - Parameter isLate: It has one more that it does not end, and from behind which another was taken back just now.
    private func handed(after runtimes: [Duration], isLate: Bool = false) throws -> Int {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("starts-\(UUID().uuidString)").path
        let journal = try StartJournal(creatingAt: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        func permitted(_ number: UInt64) throws -> PoolJob {
            var job = job(number, "echo")
            let ticket = try journal.offer(BeginMark(DeliveryTag(number), .late), run: number)
            job.permit = StartPermit(journal: journal, ticket: ticket)
            return job
        }
        var state = PreforkState(PreforkConfiguration(slots: 1))
        state.tick(now: 0)
        state.spawned(1, pid: 100)
        state.hello(1, now: 0)
        for (index, runtime) in runtimes.enumerated() {
            let id = JobID(UInt64(1000 + index))
            state.submit([try permitted(id.rawValue)], now: 0)
            state.accepted(1, id, now: 0)
            let report = TaskReport(outcome: .ignored, runtime: runtime)
            state.finished(1, id, report, residentKiB: -1, now: 0)
        }
        if isLate {
            let long = try permitted(500)
            state.submit([long, try permitted(501)], now: 0)
            #expect(try StartGate(path: path).pass(#require(long.permit).ticket))
            state.accepted(1, long.id, now: 0)
            state.tick(now: state.patience)
        }
        var actions: [PreforkState.Action] = []
        state.exchangeActions(&actions)
        state.submit(try (0..<100).map { try permitted($0) }, now: isLate ? state.patience : 0)
        state.exchangeActions(&actions)
        return actions.count { if case .hand = $0 { true } else { false } }
    }

    @Test("From behind a long job everything comes back, and nothing more is handed there")
    func late() throws { #expect(try handed(after: [.microseconds(10)], isLate: true) == 0) }

    @Test("A child has five milliseconds of work ahead, and at most 64 jobs; of long jobs, or unknown ones, none")
    func reach() throws {
        #expect(try handed(after: []) == 1)
        #expect(try handed(after: [.microseconds(10)]) == 65)
        #expect(try handed(after: [.microseconds(500)]) == 11)
        #expect(try handed(after: [.milliseconds(1)]) == 1)
        #expect(try handed(after: [.microseconds(10), .milliseconds(200)]) == 1)
        #expect(try handed(after: [.milliseconds(200)] + Array(repeating: .microseconds(10), count: 100)) == 65)
    }
}
