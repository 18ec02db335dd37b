//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryKit
import CeleryWire
import Foundation
import ServiceTestSupport
import Testing

@testable import FaultHarness

/// Python's and Swift's workers on one queue of one server.
@Suite(
    .enabled(
        if: RedisServer.isAvailable && PythonVersion.available.contains(.current),
        "it takes CELERY_TEST_PYTHON (scripts/interop.sh) and redis-server (scripts/setup.sh)"
    ),
    .timeLimit(.minutes(10))
)
struct MixedFleetTests {
    @Test(
        "Python's and Swift's workers are killed in turn, and nothing is lost, nor runs twice but what a kill has hit"
    )
    func killed() async throws {
        let rounds = FaultReport.isLong ? 10 : 1
        let visibility = 3
        try await withFleet(visibility: visibility) { site, peer in
            // As much as the six slots can do, so that all are busy most of the time.
            let client = try site.client(rate: 60, longest: 200, prompt: true)
            var (pythons, swifts): (Set<Int32>, Set<Int32>) = ([], [])
            var dead: Set<Int32> = []
            // One that nobody holds any more is ended.
            var held: [PythonWorker] = []
            for round in 0...rounds {
                let python = try await startPython(peer)
                let swift = try site.worker(concurrency: 4, name: "swift")
                held.append(python)
                pythons.insert(python.pid)
                swifts.insert(swift.pid)
                try await waitForRuns(3, under: [python.pid, swift.pid], site)
                guard round < rounds else { break }
                try await killBusy(python, site)
                await swift.end()
                dead.formUnion([python.pid, swift.pid])
            }
            await client.end()
            let tally = try await site.settled(within: .seconds(120), dead: dead)
            for worker in held { await worker.end() }
            let runs = "\(site.starts(under: pythons)) | \(site.starts(under: swifts))"
            FaultReport.add(
                "Python 5.7 and Swift on one queue: \(rounds) kills of each, visibility timeout \(visibility) s",
                "\(Tally.columns) | runs in Python | runs in Swift",
                ["\(tally.cells) | \(runs)"]
            )
            #expect(tally.breaches.isEmpty)
        }
    }

    @Test(
        "A task and an ETA longer than the visibility timeout of Python workers run once, held by a Swift worker beside them"
    )
    func longerThanVisibility() async throws {
        var seconds = FaultReport.isLong ? 30 : 5
        try await withFleet(visibility: 1) { site, peer in
            let swift = try site.worker(concurrency: 4, name: "swift")
            _ = try await waited(for: "a Swift worker") { swift.logText.contains(" ready.") ? true : nil }
            var python: PythonWorker
            var begun: ContinuousClock.Instant
            // It counts when Python was there while the tasks ran, however long a loaded machine takes to start it.
            while true {
                _ = try await waited(for: "the tasks before", within: .seconds(60)) {
                    site.ends == site.sent ? true : nil
                }
                let (starts, ends) = (site.starts(under: [swift.pid]), site.ends)
                let later = SendOptions(countdown: .seconds(seconds))
                try await site.send(2, .late, milliseconds: seconds * 1000)
                try await site.send(2, .late, milliseconds: 10, options: later)
                try await waitForRuns(starts + 2, under: [swift.pid], site)
                begun = .now
                // On starting, and every ten seconds, it takes back what somebody has held for too long.
                python = try await startPython(peer)
                if site.ends == ends { break }
                try #require(seconds < 60, "Python takes longer to start than the tasks")
                await python.end()
                seconds *= 2
            }
            let sent = site.sent
            let tally = try await site.settled(within: .seconds(seconds + 30))
            #expect(ContinuousClock.now - begun > .seconds(3))
            FaultReport.add(
                "A task and an ETA of \(seconds) s beside a Python worker with a visibility timeout of 1 s",
                Tally.columns,
                [tally.cells]
            )
            #expect(tally.breaches.isEmpty)
            #expect(tally.succeeded == sent)
            #expect(tally.runTwice == 0)
            #expect(try await python.terminate() == 0)
        }
    }

    // MARK: -

    private func withFleet(visibility: Int, _ body: (FaultSite, PythonPeer) async throws -> Void) async throws {
        let options: CeleryObject = ["visibility_timeout": .int(visibility)]
        try await RedisServer.with { server in
            let peer = try PythonPeer(
                .current,
                broker: server.url(),
                backend: server.url(),
                settings: ["broker_transport_options": .object(options)]
            )
            let site = try FaultSite(broker: server.url(), options: options, directory: peer.directory)
            try await FaultSite.with(site) { try await body($0, peer) }
        }
    }

    private func startPython(_ peer: PythonPeer) async throws -> PythonWorker {
        let few = ["--without-gossip", "--without-mingle", "--prefetch-multiplier=1"]
        return try await peer.worker(.prefork, name: "p", concurrency: 2, arguments: few)
    }

    private func waitForRuns(_ count: Int, under workers: [Int32], _ site: FaultSite) async throws {
        _ = try await waited(for: "\(count) tasks in each of \(workers)", within: .seconds(40)) {
            workers.allSatisfy { site.starts(under: [$0]) >= count } ? true : nil
        }
    }

    /// Kills a Python worker when both its children run a task, and so it fetches nothing: what kombu has fetched and has not
    /// filed is lost with it, whoever its neighbours are.
    private func killBusy(_ worker: PythonWorker, _ site: FaultSite) async throws {
        _ = try await waited(for: "a Python worker that is busy", within: .seconds(60)) { () -> Bool? in
            guard site.running(under: worker.pid) == 2 else { return nil }
            worker.signalGroup(SIGSTOP)
            guard site.running(under: worker.pid) == 2 else {
                worker.signalGroup(SIGCONT)
                return nil
            }
            return true
        }
        await worker.kill()
    }
}
