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

/// Workers that are all cut off for longer than their leases. They run on, and when they are let in again each is as alive as
/// the others: nobody may take what they run.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(10)))
struct FalseDeathTests {
    private static let faults: [NetworkFault] = FaultReport.isLong ? [.refused, .silent] : [.refused]

    @Test(
        "Workers that were all cut off for three leases take nobody for dead when they are back, and go on within 10 s",
        arguments: faults
    )
    func allCutOff(fault: NetworkFault) async throws {
        let lease = FaultReport.isLong ? 10.0 : 3.0
        try await RedisServer.with { server in
            let network = try FaultyNetwork(to: server)
            defer { network.end() }
            try await FaultSite.with(try FaultSite(broker: server.url(), lease: lease)) { site in
                let workers = try await start(site, at: server.url(port: network.port))
                let slots = try await fill(site, lease)
                let epochs = try epochsInForce(server)
                #expect(epochs.count == workers.count)

                network.begin(fault)
                // sleeps: they are cut off for three leases.
                try await Task.sleep(for: .seconds(3 * lease))
                let end = Timestamp.now
                try network.heal()

                let first = try await waited(for: "a task that begins again", within: .seconds(60)) {
                    site.firstStart(from: end)
                }
                let again = first.seconds(since: end)
                let tally = try await site.settled(within: .seconds(3 * lease + 60))
                FaultReport.add(
                    "\(workers.count) workers with \(slots) tasks, lease \(lease.tenths) s, for three leases: \(fault.rawValue)",
                    "\(Tally.columns) | a task begins again after, s",
                    ["\(tally.cells) | \(again.tenths)"]
                )
                #expect(tally.breaches.isEmpty)
                #expect(tally.lost == 0 && tally.runTwice == 0 && tally.workerLost == 0)
                #expect(again <= 10)
                #expect(try epochsInForce(server) == epochs, "each goes on as who it was")
                for worker in workers {
                    #expect(worker.isRunning && !worker.logText.contains("was taken for dead"), "\(worker.logText)")
                }
            }
        }
    }

    /// Three workers with ten slots, which hold no more than they run.
    private func start(_ site: FaultSite, at url: String) async throws -> [GuardedProcess] {
        let way = ["FAULTS_BROKER": url, "FAULTS_BACKEND": url]
        var workers: [GuardedProcess] = []
        for (number, pool) in ["async", "async", "prefork"].enumerated() {
            let worker = try site.worker(
                pool,
                concurrency: pool == "async" ? 4 : 2,
                name: "w\(number)",
                arguments: ["worker_prefetch_multiplier=1"],
                environment: way
            )
            workers.append(worker)
        }
        for worker in workers {
            _ = try await waited(for: "a worker that is ready\n\(worker.logText)", within: .seconds(60)) {
                worker.logText.contains(" ready.") ? true : nil
            }
        }
        return workers
    }

    /// Fills all slots: half with tasks that end while nobody can be told so, half with such that run longer than that. As many
    /// wait behind them. Waits until all that fit have begun.
    ///
    /// - Returns: How many that are.
    private func fill(_ site: FaultSite, _ lease: Double) async throws -> Int {
        let (shorter, longer) = (Int(lease * 1500), Int(lease * 4500))
        try await site.send(3, .late, milliseconds: shorter)
        try await site.send(2, .early, milliseconds: shorter)
        try await site.send(2, .late, milliseconds: longer)
        try await site.send(3, .early, milliseconds: longer)
        try await site.send(5, .late, milliseconds: 50)
        try await site.send(5, .early, milliseconds: 50)
        let slots = 10
        _ = try await waited(for: "\(slots) tasks that run", within: .seconds(30)) { site.starts >= slots ? true : nil }
        return slots
    }

    /// The epochs that are in force, one of each worker.
    private func epochsInForce(_ server: RedisServer) throws -> [String] {
        try server.command("HKEYS", "_swift.epochs").texts.sorted()
    }
}
