//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryCore
import Foundation
import ServiceTestSupport
import Testing

/// Tasks that a worker holds, and has even handed to a child, but that have not started.
@Suite("Tasks that wait in a worker", .serialized, .timeLimit(.minutes(5)))
struct WaitingTaskTests {
    private let patience: Duration = .seconds(60)

    @Test("Short tasks do not wait behind a long one while another child is idle")
    func sharing() async throws {
        try await Site.with { site in
            let worker = try site.worker("-c", "2")
            let long = try await site.send("e2e.early", 600)
            #expect(try await eventually { worker.startedTasks == 1 })
            var results: [AsyncResult<CeleryValue>] = []
            for x in 0..<100 { results.append(try await site.send("e2e.add", .int(x), 1)) }
            for (x, result) in results.enumerated() {
                #expect(try await result.get(timeout: patience) == .int(x + 1))
            }
            #expect(try await long.state() == .pending)
        }
    }

    @Test(
        "A revoked task that waits behind another ends as REVOKED at once, without running",
        arguments: ["prefork", "threads", "async"]
    )
    func revoked(pool: String) async throws {
        try await Site.with { site in
            let worker = try site.worker("-c", "1", "-P", pool)
            _ = try await site.send("e2e.early", 600)
            let waiting = try await site.send("e2e.early", 0)
            let transport = try await site.app.transport()
            #expect(try await eventually { worker.startedTasks == 1 })
            #expect(try await eventually { try await transport.status(of: ["celery"]).first?.held == 2 })
            try await waiting.revoke()
            #expect(try await eventually { try await waiting.state() == .revoked }, "\(worker.logText)")
            #expect(worker.startedTasks == 1, "\(worker.logText)")
        }
    }

    @Test("What only waited in a stopped worker does not start there when it wakes up")
    func stopped() async throws {
        try await Site.with { site in
            let worker = try site.worker("-c", "1", "worker_lease=1")
            let transport = try await site.app.transport()
            let first = try await site.send("e2e.nap", 2)
            #expect(try await eventually { worker.startedTasks == 1 })
            var waiting: [AsyncResult<CeleryValue>] = []
            for _ in 0..<2 { waiting.append(try await site.send("e2e.nap", 0)) }
            #expect(try await eventually { try await transport.status(of: ["celery"]).first?.held == 3 })
            let processes = try await site.stop(worker)
            let other = try site.worker("-c", "2", "worker_lease=1")
            for result in waiting + [first] { #expect(try await result.get(timeout: patience) == "rested") }
            for pid in processes { kill(pid, SIGCONT) }
            #expect(try await eventually { worker.logText.contains("was taken for dead") })
            #expect(try await site.send("e2e.add", 1, 2).get(timeout: patience) == 3)
            #expect(worker.startedTasks == 1, "only the one that ran when it was stopped")
            #expect(other.startedTasks == 3)
        }
    }

    @Test(
        "A worker whose journal was sealed, but which nobody swept, goes on under a new epoch",
        arguments: ["prefork", "async"]
    )
    func sealedOnly(pool: String) async throws {
        try await Site.with { site in
            let worker = try site.worker("-P", pool, "-c", "2")
            #expect(try await site.send("e2e.add", 1, 2).get(timeout: patience) == 3)
            let folder = site.folder.appendingPathComponent("celery.sqlite-run")
            let journals = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".starts") }
            #expect(journals.count == 1)
            // As a sweeper does that is killed before its transaction commits.
            for journal in journals { _ = try StartJournal.seal(at: folder.appendingPathComponent(journal).path) }
            for x in 0..<20 {
                #expect(try await site.send("e2e.add", .int(x), 1).get(timeout: patience) == .int(x + 1))
            }
            #expect(worker.isRunning)
            #expect(worker.logText.contains("was taken for dead"))
        }
    }

    @Test("What was taken because tasks were short goes to other workers once they are long")
    func surplus() async throws {
        try await Site.with { site in
            // Twenty long ones behind two thousand short ones, all waiting before the worker comes.
            for _ in 0..<2000 { _ = try await site.send("e2e.add", 1, 2) }
            for _ in 0..<20 { _ = try await site.send("e2e.early", 600) }
            let first = try site.worker("-c", "1")
            let transport = try await site.app.transport()
            #expect(try await eventually { first.startedTasks == 1 })
            // The prefetch of one slot is four; what was held beyond comes back within a second or two.
            #expect(try await eventually { try await transport.status(of: ["celery"]).first?.held == 4 })
            let second = try site.worker("-P", "async", "-c", "16", "worker_prefetch_multiplier=1")
            #expect(try await eventually { second.startedTasks == 16 })
        }
    }

    @Test("STARTED names the process that runs the task")
    func startedPID() async throws {
        try await Site.with { site in
            let worker = try site.worker("-c", "1", "task_track_started=true")
            let nap = try await site.send("e2e.early", 600)
            #expect(try await eventually { try await nap.state() == .started })
            let child = try #require(worker.children.first)
            let info = try await nap.info(as: [String: CeleryValue].self)
            #expect(info?["pid"] == .int(Int(child)))
        }
    }
}
