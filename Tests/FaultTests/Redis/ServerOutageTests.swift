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

/// Servers that die and come back while tasks flow.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(10)))
struct ServerOutageTests {
    @Test(
        "While the result server is away for long nothing is lost, fails or is repeated",
        arguments: FaultReport.isLong ? ["async", "prefork"] : ["prefork"]
    )
    func resultServer(pool: String) async throws {
        let outage = Duration.seconds(FaultReport.isLong ? 30 : 4)
        try await RedisServer.with { broker in
            try await RedisServer.with(RedisServerOptions(appendOnly: .always)) { results in
                try await FaultSite.with(try FaultSite(broker: broker.url(), backend: results.url())) { site in
                    let worker = try site.worker(pool, concurrency: pool == "async" ? 8 : 2)
                    let client = try site.client(.early, rate: 40, longest: 60)
                    _ = try await waited(for: "tasks that ended") { site.ends > 20 ? true : nil }
                    await results.kill()
                    // sleeps: so long is the fault.
                    try await Task.sleep(for: outage)
                    let ends = site.ends
                    try await results.restart()
                    let back = ContinuousClock.now
                    _ = try await waited(for: "tasks that end again") { site.ends > ends ? true : nil }
                    let resumed = (ContinuousClock.now - back).seconds
                    await client.end()
                    let tally = try await site.settled(within: .seconds(120), contract: .early)
                    FaultReport.add(
                        "The result server away for \(Int(outage.seconds)) s, \(pool)",
                        "\(Tally.columns) | tasks go on after, s",
                        ["\(tally.cells) | \(resumed.tenths)"]
                    )
                    #expect(tally.breaches.isEmpty)
                    #expect(tally.workerLost == 0)
                    #expect(tally.runTwice == 0)
                    #expect(resumed < 15)
                    #expect(worker.isRunning)
                }
            }
        }
    }

    @Test("After a server that writes to its disk every second was killed and started again, workers go on within 10 s")
    func everySecond() async throws {
        let rounds = FaultReport.isLong ? 10 : 1
        var rows: [String] = []
        for _ in 0..<rounds {
            try await RedisServer.with(RedisServerOptions(appendOnly: .everySecond)) { server in
                try await FaultSite.with(try FaultSite(broker: server.url())) { site in
                    _ = try site.worker(concurrency: 8)
                    let client = try site.client(rate: 300, longest: 40, prompt: true)
                    _ = try await waited(for: "tasks that ended") { site.ends > 100 ? true : nil }
                    await server.kill()
                    let starts = site.starts
                    try await server.restart()
                    let back = ContinuousClock.now
                    _ = try await waited(for: "tasks that run again") { site.starts > starts + 8 ? true : nil }
                    let resumed = (ContinuousClock.now - back).seconds
                    await client.end()
                    let tally = try await site.settled(within: .seconds(20))
                    rows.append("\(tally.cells) | \(resumed.tenths)")
                    #expect(resumed < 10)
                }
            }
        }
        FaultReport.add(
            "A server with `appendfsync everysec` killed under load: figures, not promises",
            "\(Tally.columns) | workers go on after, s",
            rows
        )
    }
}
