//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Foundation
import ServiceTestSupport
import Testing

@testable import FaultHarness

/// A master that dies under load, with sentinels that make its replica the next.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(15)))
struct FailoverTests {
    @Test("A failover under load loses nothing of what was sent with wait_for_replicas")
    func failover() async throws {
        let tallies = try await failovers(FaultReport.isLong ? 3 : 1, ["wait_for_replicas": 1])
        for tally in tallies { #expect(tally.lost == 0, "\(tally.breaches)") }
        // Without it nothing is promised: figures.
        if FaultReport.isLong { _ = try await failovers(3, [:]) }
    }

    private func failovers(_ rounds: Int, _ options: CeleryObject) async throws -> [Tally] {
        var tallies: [Tally] = []
        var rows: [String] = []
        for _ in 0..<rounds {
            let group = try await SentinelGroup.start()
            do {
                let (tally, row) = try await failover(of: group, options)
                tallies.append(tally)
                rows.append(row)
            } catch {
                await group.end()
                throw error
            }
            await group.end()
        }
        let how = options["wait_for_replicas"] == nil ? "without" : "with"
        FaultReport.add(
            "The master of three sentinels \(FaultReport.isLong ? "killed" : "replaced") under load, \(how) `wait_for_replicas`",
            "\(Tally.columns) | another master after, s | tasks run again after, s",
            rows
        )
        return tallies
    }

    private func failover(of group: SentinelGroup, _ more: CeleryObject) async throws -> (Tally, String) {
        var options: CeleryObject = ["master_name": .string(SentinelGroup.name)]
        for (name, value) in more.members { options[name] = value }
        return try await FaultSite.with(try FaultSite(broker: group.url(), options: options)) { site in
            // Before its replica has all, a master is no more than one server.
            let master = try await group.master()
            _ = try await waited(for: "a replica that has all") { () -> Bool? in
                try master.command("INFO", "replication").text?.contains("state=online") == true ? true : nil
            }
            _ = try site.worker(concurrency: 8)
            let client = try site.client(rate: 150, longest: 60, prompt: true)
            _ = try await waited(for: "tasks that ended") { site.ends > 100 ? true : nil }
            let begin = ContinuousClock.now
            let starts = site.starts
            let old = try await replaceMaster(of: group)
            let replaced = (ContinuousClock.now - begin).seconds
            _ = try await waited(for: "tasks that run again", within: .seconds(60)) {
                site.starts > starts + 1 ? true : nil
            }
            let resumed = (ContinuousClock.now - begin).seconds
            if FaultReport.isLong {
                // It becomes a replica of the new one, and what is sent counts again.
                try await old.restart()
                let sent = site.sent
                _ = try await waited(for: "tasks that are sent again", within: .seconds(60)) {
                    site.sent > sent + 50 ? true : nil
                }
            }
            await client.end()
            // What the old master took while it was none any more is gone with it; its senders were told.
            let tally = try await site.settled(within: .seconds(20))
            return (tally, "\(tally.cells) | \(replaced.tenths) | \(resumed.tenths)")
        }
    }

    /// By night it dies and the sentinels notice; by day they are told to replace it, which does not take them so long.
    ///
    /// - Returns: What was the master.
    private func replaceMaster(of group: SentinelGroup) async throws -> RedisServer {
        guard FaultReport.isLong else {
            let old = try await group.master()
            try await group.failover()
            return old
        }
        let old = try await group.killMaster()
        _ = try await group.master(otherThan: old)
        return old
    }
}
