//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation
import ServiceTestSupport
import Testing

/// Promises 1, 3 and 4 with real worker processes on the embedded broker.
@Suite("Workers that die and stop", .serialized, .timeLimit(.minutes(5)))
struct WorkerDeathTests {
    @Test(
        "In a pool without processes a trap ends the worker, and nothing is lost: another one goes on with what is left",
        arguments: ["threads", "async", "solo"]
    )
    func trapWithoutChildren(pool: String) async throws {
        try await Site.with { site in
            let trapped = try await site.send("e2e.trap", "out of ideas")
            var left: [AsyncResult<CeleryValue>] = []
            for _ in 0..<4 { left.append(try await site.send("e2e.nap", 0)) }
            let first = try site.worker("--pool", pool, "-c", "2")
            #expect(try await eventually { !first.isRunning })
            #expect(first.logText.contains("out of ideas"), "the trap's own message is in the log")
            let second = try site.worker("--pool", pool, "-c", "2")
            let error = await #expect(throws: CeleryError.self) { try await trapped.get(timeout: .seconds(60)) }
            #expect(error?.exception?.type == "WorkerLostError")
            for result in left { #expect(try await result.get(timeout: .seconds(60)) == "rested") }
            #expect(second.isRunning)
        }
    }

    @Test(
        "A killed worker's late tasks run elsewhere within 20 s, its early one ends as WorkerLostError",
        arguments: ["prefork", "async"]
    )
    func killed(pool: String) async throws {
        try await Site.with { site in
            let first = try site.worker("-P", pool, "-c", "3")
            let late = try await site.send("e2e.nap", 3)
            // Of a whole worker's death nobody can say whose doing it was: `reject_on_worker_lost` is not asked.
            let plain = try await site.send("e2e.late", 3)
            let early = try await site.send("e2e.early", 3)
            #expect(try await eventually { first.startedTasks == 3 })
            let transport = try await site.app.transport()
            #expect(try await eventually { try await transport.status(of: ["celery"]).first?.held == 3 })
            first.signal(SIGKILL)
            let killed = ContinuousClock.now
            _ = try site.worker("-P", pool, "-c", "3")
            let error = await #expect(throws: CeleryError.self) { try await early.get(timeout: .seconds(40)) }
            #expect(error?.exception?.type == "WorkerLostError")
            for again in [late, plain] { #expect(try await again.get(timeout: .seconds(40)) == "rested") }
            #expect(ContinuousClock.now - killed < .seconds(23))
        }
    }

    @Test(
        "SIGTERM finishes what runs, gives back the rest, and exits 0",
        arguments: ["prefork", "async", "threads", "solo"]
    )
    func warm(pool: String) async throws {
        try await Site.with { site in
            let worker = try site.worker("-P", pool, "-c", "1")
            var results: [AsyncResult<CeleryValue>] = []
            for _ in 0..<4 { results.append(try await site.send("e2e.early", 0.5)) }
            let transport = try await site.app.transport()
            #expect(try await eventually { worker.startedTasks == 1 })
            worker.signal(SIGTERM)
            #expect(try await eventually { !worker.isRunning })
            #expect(worker.exitCode == 0)
            #expect(worker.logText.contains("worker: Warm shutdown (MainProcess)"))
            var ended = 0
            for result in results where try await result.successful() { ended += 1 }
            let status = try await transport.status(of: ["celery"]).first
            #expect(ended >= 1)
            #expect((status?.ready ?? 0) + ended == 4)
            #expect(status?.held == 0)
        }
    }

    @Test(
        "A cold shutdown, and a soft one whose time is over, give late tasks back, fail early ones and leave no process behind",
        arguments: ["prefork", "async", "threads"],
        [0, 0.5]
    )
    func cold(pool: String, patience: Double) async throws {
        try await Site.with { site in
            let worker = try site.worker("-P", pool, "-c", "2", "worker_soft_shutdown_timeout=\(patience)")
            let late = try await site.send("e2e.nap", 60)
            let early = try await site.send("e2e.early", 60)
            #expect(try await eventually { worker.startedTasks == 2 })
            let children = worker.children
            #expect(children.count == (pool == "prefork" ? 2 : 0))
            worker.signal(SIGQUIT)
            #expect(try await eventually { !worker.isRunning })
            #expect(worker.exitCode == 1)
            #expect(worker.logText.contains(patience > 0 ? "Soft shutdown" : "Cold shutdown"))
            #expect(children.allSatisfy { kill($0, 0) != 0 })
            let status = try await site.app.transport().status(of: ["celery"]).first
            #expect(status?.ready == 1)
            #expect(try await late.state() == .pending)
            let error = await #expect(throws: CeleryError.self) { try await early.get(timeout: .seconds(5)) }
            #expect(error?.exception?.type == "WorkerLostError")
        }
    }

    @Test("A stopped worker is fenced: what it held runs elsewhere, and its own attempt has no effect")
    func stopped() async throws {
        try await Site.with { site in
            let worker = try site.worker("-P", "async", "-c", "2", "worker_lease=1")
            let late = try await site.send("e2e.nap", 1)
            #expect(try await eventually { worker.startedTasks == 1 })
            let stopped = ContinuousClock.now
            _ = try await site.stop(worker)
            let other = try site.worker("-P", "async", "-c", "2", "worker_lease=1")
            #expect(try await late.get(timeout: .seconds(30)) == "rested")
            #expect(other.startedTasks == 1)
            // sleeps: it is stopped for three leases.
            try await Task.sleep(until: stopped + .seconds(3))
            worker.signal(SIGCONT)
            #expect(try await eventually { worker.logText.contains("was taken for dead") })
            #expect(try await site.send("e2e.add", 1, 2).get(timeout: .seconds(30)) == 3)
            #expect(worker.startedTasks == 1 && other.startedTasks == 1)
        }
    }

    @Test("What an attempt of a worker that was taken for dead tells of itself does not replace the end of its task")
    func tellsLate() async throws {
        try await Site.with { site in
            let worker = try site.worker("-P", "async", "-c", "2", "worker_lease=1")
            let gate = site.folder.appendingPathComponent("gate").path
            let telling = try await site.send("e2e.tell", .string(gate))
            #expect(try await eventually { try await telling.state() == "PROGRESS" })
            _ = try await site.stop(worker)
            _ = try site.worker("-P", "async", "-c", "2", "worker_lease=1")
            await #expect(throws: CeleryError.self) { try await telling.get(timeout: .seconds(30)) }
            worker.signal(SIGCONT)
            // It goes on for as long as the test lets it, and says when it has told of itself once more.
            #expect(try await eventually { worker.logText.contains("was taken for dead") })
            let told = worker.logText.ranges(of: "told").count
            #expect(try await eventually { worker.logText.ranges(of: "told").count > told + 1 })
            #expect(try await telling.state() == .failure)
            _ = FileManager.default.createFile(atPath: gate, contents: nil)
            #expect(try await eventually { worker.logText.contains("has told") })
            #expect(try await telling.state() == .failure)
        }
    }

    @Test("Tasks that block all threads for leases on end take nobody's lease: each runs once, beside a second worker")
    func blocked() async throws {
        try await Site.with { site in
            let workers = try (0..<2).map { _ in try site.worker("-P", "async", "-c", "16", "worker_lease=1") }
            var sent: [AsyncResult<CeleryValue>] = []
            for _ in 0..<12 { sent.append(try await site.send("e2e.block", 3)) }
            for result in sent { #expect(try await result.get(timeout: .seconds(60)) == "rested") }
            #expect(workers.reduce(0) { $0 + $1.startedTasks } == 12)
            #expect(workers.allSatisfy { !$0.logText.contains("was taken for dead") })
        }
    }
}
