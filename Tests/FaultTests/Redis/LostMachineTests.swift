//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import Foundation
import ServiceTestSupport
import Testing

@testable import FaultHarness

/// A worker that is gone with its machine: nobody can read in its start journal what it had begun.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(10)))
struct LostMachineTests {
    private static let slots = 3

    @Test(
        "What a worker ran whose machine is gone is back within 20 s, or ends as WorkerLostError; what it merely held runs once",
        arguments: ["async", "prefork"],
        [Contract.late, .early]
    )
    func lost(pool: String, contract: Contract) async throws {
        try await RedisServer.with { server in
            let lease = CelerySettings().workerLease / .seconds(1)
            try await FaultSite.with(try FaultSite(broker: server.url(), lease: lease)) { site in
                let machine = site.directory.url.appendingPathComponent("machine")
                try FileManager.default.createDirectory(at: machine, withIntermediateDirectories: true)
                let gone = try site.worker(
                    pool,
                    concurrency: Self.slots,
                    name: "gone",
                    environment: ["TMPDIR": machine.path]
                )
                try await ready(gone)
                try await site.send(Self.slots, contract, milliseconds: 2000)
                _ = try await waited(for: "tasks in all slots", within: .seconds(40)) {
                    site.running(under: gone.pid) == Self.slots ? true : nil
                }
                let begun = Set(site.entries.map(\.id))
                // What is merely held, or waits.
                try await site.send(4 * Self.slots, contract, milliseconds: 10)
                gone.signalGroup(SIGKILL)
                let killed = ContinuousClock.now
                try #require(site.ends == 0, "none has ended before")
                try FileManager.default.removeItem(at: machine)
                let heir = try site.worker(pool, concurrency: Self.slots, name: "heir")
                try await ready(heir)
                let again = contract == .late ? begun.count : 0
                let isBack = try await eventually(within: .seconds(20) - (.now - killed)) {
                    begun.count { site.starts(of: $0) == 2 } == again && site.starts(under: [heir.pid]) >= again
                }
                let back = (ContinuousClock.now - killed) / .seconds(1)

                let tally = try await site.settled(contract: contract, dead: [gone.pid])
                FaultReport.add(
                    "A worker dies with its machine, \(pool), \(contract.rawValue), lease \(lease.tenths) s",
                    "\(Tally.columns) | what it ran runs again after, s",
                    ["\(tally.cells) | \(contract == .late ? back.tenths : "–")"]
                )
                #expect(isBack, "\(back) s after the kill")
                #expect(tally.breaches.isEmpty && tally.lost == 0)
                #expect(tally.runTwice == again)
                #expect(tally.workerLost == (contract == .late ? 0 : begun.count))
                #expect(tally.succeeded + tally.workerLost == tally.sent)
            }
        }
    }

    private func ready(_ worker: GuardedProcess) async throws {
        _ = try await waited(for: "a worker that is ready", within: .seconds(60)) {
            worker.logText.contains(" ready.") ? true : nil
        }
    }
}
