//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

@testable import FaultHarness

/// Promise 4 on Redis, again and again while tasks flow.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(15)))
struct WarmStopTests {
    @Test(
        "A worker that is stopped by SIGTERM under load, and started again, loses nothing, repeats nothing and exits with 0",
        arguments: ["async", "prefork"]
    )
    func underLoad(pool: String) async throws {
        let rounds = FaultReport.isLong ? 100 : 3
        try await RedisServer.with { server in
            try await FaultSite.with(try FaultSite(broker: server.url())) { site in
                let client = try site.client(.early, rate: 100, longest: 60)
                var slowest = 0.0
                for round in 1...rounds {
                    let worker = try site.worker(pool, concurrency: pool == "async" ? 8 : 2)
                    let before = site.starts
                    // Some in the middle of the first tasks, some later.
                    _ = try await waited(for: "tasks that run") { site.starts > before + round % 20 ? true : nil }
                    let begun = ContinuousClock.now
                    worker.signal(SIGTERM)
                    let code = try await worker.exitCode(within: .seconds(30))
                    slowest = max(slowest, (ContinuousClock.now - begun).seconds)
                    #expect(code == 0, "round \(round)\n\(worker.logText)")
                }
                await client.end()
                _ = try site.worker(concurrency: 8, name: "last")
                let tally = try await site.settled(within: .seconds(120), contract: .early)
                FaultReport.add(
                    "SIGTERM under load, \(pool), \(rounds) times",
                    "\(Tally.columns) | slowest stop, s",
                    ["\(tally.cells) | \(slowest.tenths)"]
                )
                #expect(tally.breaches.isEmpty)
                #expect(tally.workerLost == 0)
                #expect(tally.runTwice == 0)
            }
        }
    }
}
