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

/// Tasks that keep all of Swift's threads, as computations do.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(5)))
struct BlockedThreadsTests {
    @Test("A worker whose tasks keep all threads for three leases connects again meanwhile, and is not taken for dead")
    func blocked() async throws {
        let lease = 2.0
        // As many as Swift has for all tasks of a process.
        let threads = ProcessInfo.processInfo.activeProcessorCount
        try await RedisServer.with { server in
            let network = try FaultyNetwork(to: server)
            defer { network.end() }
            try await FaultSite.with(try FaultSite(broker: server.url(), lease: lease)) { site in
                let url = server.url(port: network.port)
                let way = ["FAULTS_BROKER": url, "FAULTS_BACKEND": url]
                let worker = try site.worker(concurrency: threads, name: "blocked", environment: way)
                // Would give back what it holds.
                let other = try site.worker(name: "other", arguments: ["-Q", "others"])
                for process in [worker, other] {
                    _ = try await waited(for: "a worker that is ready\n\(process.logText)", within: .seconds(60)) {
                        process.logText.contains(" ready.") ? true : nil
                    }
                }
                for _ in 0..<threads {
                    site.note(try await site.tasks.blocking.delay(Int(lease * 3500)).id, .late)
                }
                _ = try await waited(for: "a task on each thread", within: .seconds(30)) {
                    site.starts == threads ? true : nil
                }
                network.begin(.cut)
                let tally = try await site.settled(within: .seconds(4 * lease + 60))
                #expect(tally.breaches.isEmpty)
                #expect(tally.sent == threads && tally.lost == 0 && tally.runTwice == 0)
                #expect(!worker.logText.contains("was taken for dead"), "\(worker.logText)")
                #expect(!other.logText.contains("gave back what a dead worker held"), "\(other.logText)")
            }
        }
    }
}
