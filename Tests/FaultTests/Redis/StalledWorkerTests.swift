//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import Foundation
import ServiceTestSupport
import Testing

@testable import FaultHarness

/// A worker that is stopped while it runs tasks, until they belong to another one, and goes on as if nothing had happened.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(10)))
struct StalledWorkerTests {
    @Test(
        "What a worker that was stopped for three leases comes to with its stale attempts has no effect on Redis",
        arguments: ["async", "prefork"]
    )
    func stopped(pool: String) async throws {
        let lease = FaultReport.isLong ? 10.0 : 2.0
        try await RedisServer.with { server in
            try await FaultSite.with(try FaultSite(broker: server.url(), lease: lease)) { site in
                let slots = 2 * FirstRun.Ending.allCases.count
                let stale = try site.worker(pool, concurrency: slots, name: "stale")
                _ = try await waited(for: "a worker that is ready", within: .seconds(60)) {
                    stale.logText.contains(" ready.") ? true : nil
                }
                // Until all children are there; so it is known as well that tasks are not short, and none is handed ahead.
                try await site.send(slots, .late, milliseconds: 300)
                _ = try await waited(for: "the first tasks", within: .seconds(40)) { site.ends == slots ? true : nil }
                // Three that the heir is still running when the stale attempts end, and three that it has ended long before.
                let slow = try await send(milliseconds: Int(lease * 4000), site)
                _ = try await waited(for: "the slow ones") { site.running(under: stale.pid) == slow.count ? true : nil }
                let quick = try await send(milliseconds: 2500, site)
                _ = try await waited(for: "tasks in all slots") {
                    site.running(under: stale.pid) == slots ? true : nil
                }
                // What is merely held, or waits.
                try await site.send(4, .late, milliseconds: 50)
                stale.signalGroup(SIGSTOP)
                let (stopped, at) = (ContinuousClock.now, Timestamp.now)
                try #require(site.running(under: stale.pid) == slots, "none has ended before it was stopped")

                let heir = try site.worker(pool, concurrency: slots, name: "heir")
                for result in quick { #expect(try await result.get(timeout: .seconds(6 * lease + 30)) == 2) }
                let taken = site.firstStart(under: heir.pid)?.seconds(since: at)
                // sleeps: it is stopped for three leases.
                try await Task.sleep(until: stopped + .seconds(3 * lease))
                stale.signalGroup(SIGCONT)
                try await goOn(stale, site, within: .seconds(4 * lease + 60))
                for result in slow { #expect(try await result.get(timeout: .seconds(6 * lease + 30)) == 2) }

                let tally = try await end(heir, and: stale, site, slots)
                let overlapped = slow.count { result in
                    guard let old = site.end(of: result.id, under: stale.pid),
                        let new = site.end(of: result.id, under: heir.pid)
                    else { return false }
                    return old < new
                }
                let columns =
                    "another worker begins what it ran after, s | stale attempts that ended | … while others ran"
                FaultReport.add(
                    "SIGSTOP for three leases, then SIGCONT, \(pool), lease \(lease.tenths) s",
                    "\(Tally.columns) | \(columns)",
                    ["\(tally.cells) | \(taken?.tenths ?? "–") | \(slots) | \(overlapped)"]
                )
                #expect(tally.breaches.isEmpty)
                #expect(tally.lost == 0 && tally.workerLost == 0 && tally.succeeded == tally.sent)
                #expect(tally.runTwice == slots, "nothing but what ran when it was stopped")
                #expect(overlapped == slow.count)
                // Neither a failure nor another return to the queue, and no result but the heir's, has come afterwards.
                for result in quick + slow {
                    #expect(try await result.get(timeout: .seconds(10)) == 2)
                    #expect(site.starts(of: result.id) == 2)
                }
            }
        }
    }

    /// One task for each way in which its first run may end.
    private func send(milliseconds: Int, _ site: FaultSite) async throws -> [AsyncResult<Int>] {
        var results: [AsyncResult<Int>] = []
        for ending in FirstRun.Ending.allCases {
            let result = try await site.tasks.counted.delay(FirstRun(milliseconds: milliseconds, ending: ending))
            site.note(result.id, .late)
            results.append(result)
        }
        return results
    }

    /// Waits until the worker knows that it was taken for dead, and all that it ran when it was stopped has ended there.
    private func goOn(_ stale: GuardedProcess, _ site: FaultSite, within limit: Duration) async throws {
        for line in ["was taken for dead", "too late and have no effect"] {
            _ = try await waited(for: "\(line)\n\(stale.logText)", within: limit) {
                stale.logText.contains(line) ? true : nil
            }
        }
        _ = try await waited(for: "the ends of the stale attempts", within: limit) {
            site.running(under: stale.pid) == 0 ? true : nil
        }
    }

    /// Lets the worker that was stopped take over again, and ends both in good order.
    private func end(
        _ heir: GuardedProcess,
        and stale: GuardedProcess,
        _ site: FaultSite,
        _ slots: Int
    ) async throws -> Tally {
        heir.signal(SIGTERM)
        #expect(try await heir.exitCode(within: .seconds(60)) == 0)
        let before = site.starts(under: [stale.pid])
        #expect(before >= slots)
        try await site.send(3, .late, milliseconds: 10)
        let tally = try await site.settled(within: .seconds(60), dead: [stale.pid])
        #expect(site.starts(under: [stale.pid]) == before + 3, "it works again")
        stale.signal(SIGTERM)
        #expect(try await stale.exitCode(within: .seconds(60)) == 0)
        return tally
    }
}
