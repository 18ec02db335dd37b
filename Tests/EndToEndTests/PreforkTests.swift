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

@Suite("Prefork, with real processes", .serialized, .timeLimit(.minutes(5)))
struct PreforkTests {
    private let patience: Duration = .seconds(60)

    /// How many other tasks were answered before that one had ended.
    private func answered(_ site: Site, before bad: AsyncResult<CeleryValue>) async throws -> Int {
        var count = 0
        while try await !bad.ready() {
            #expect(try await site.send("e2e.add", .int(count), 1).get(timeout: patience) == .int(count + 1))
            count += 1
        }
        return count
    }

    @Test("A trap ends its own task as WorkerLostError, and the worker lives")
    func trap() async throws {
        try await Site.with { site in
            let worker = try site.worker("-c", "2")
            let trapped = try await site.send("e2e.trap", "out of ideas")
            let error = await #expect(throws: CeleryError.self) { try await trapped.get(timeout: patience) }
            #expect(error?.exception?.type == "WorkerLostError")
            #expect(error?.exception?.module == "billiard.exceptions")
            #expect(try await site.send("e2e.add", 2, 3).get(timeout: patience) == 5)
            #expect(worker.isRunning)
            #expect(worker.logText.contains("out of ideas"), "the trap's own message is in the log")
        }
    }

    @Test("With retry_on_worker_lost a task runs again after its process died, until its retries are used up")
    func retriedAfterDeath() async throws {
        try await Site.with { site in
            let worker = try site.worker("-c", "1")
            #expect(try await site.send("e2e.mortal", 2).get(timeout: patience) == 2)
            let exhausted = try await site.send("e2e.mortal", 3)
            let error = await #expect(throws: CeleryError.self) { try await exhausted.get(timeout: patience) }
            #expect(error?.exception?.type == "WorkerLostError")
            #expect(worker.isRunning)
        }
    }

    @Test("A task that leaves the process is lost with its exit code")
    func exits() async throws {
        try await Site.with { site in
            _ = try site.worker("-c", "1")
            let left = try await site.send("e2e.exit", 3)
            let error = await #expect(throws: CeleryError.self) { try await left.get(timeout: patience) }
            #expect(error?.exception?.type == "WorkerLostError")
            #expect(error?.exception?.message.contains("exitcode 3") == true)
        }
    }

    @Test("An endless loop is killed at its hard limit while other tasks go on unharmed")
    func hardLimit() async throws {
        try await Site.with { site in
            let worker = try site.worker("-c", "2")
            _ = try await site.send("e2e.add", 0, 0).get(timeout: patience)
            let endless = try await site.send("e2e.spin")
            var slowest: Duration = .zero
            for x in 0..<50 {
                let start = ContinuousClock.now
                #expect(try await site.send("e2e.add", .int(x), 1).get(timeout: patience) == .int(x + 1))
                slowest = max(slowest, .now - start)
            }
            #expect(slowest < .milliseconds(650), "nobody waited for the loop's end")
            let error = await #expect(throws: CeleryError.self) { try await endless.get(timeout: patience) }
            #expect(
                error?.exception
                    == ExceptionInfo(type: "TimeLimitExceeded", arguments: [0.7], module: "billiard.exceptions")
            )
            #expect(worker.isRunning)
        }
    }

    @Test("A task that ignores cancellation runs on to its end, or to its hard limit")
    func ignoresCancellation() async throws {
        try await Site.with { site in
            _ = try site.worker("-c", "2")
            #expect(try await site.send("e2e.stubborn", 60).get(timeout: patience) == 60)
            let longer = try await site.send("e2e.stubborn", 1000)
            #expect(try await answered(site, before: longer) > 3, "others went on")
            let error = await #expect(throws: CeleryError.self) { try await longer.get(timeout: patience) }
            #expect(error?.exception?.type == "TimeLimitExceeded")
        }
    }

    @Test("A task that takes too much memory is ended, and only that task")
    func memory() async throws {
        try await Site.with { site in
            let worker = try site.worker("-c", "2", "--max-memory-per-child=120000")
            let greedy = try await site.send("e2e.allocate", 2000)
            #expect(try await answered(site, before: greedy) > 3, "others went on")
            let error = await #expect(throws: CeleryError.self) { try await greedy.get(timeout: patience) }
            #expect(error?.exception?.type == "WorkerLostError")
            #expect(worker.isRunning)
        }
    }

    @Test("A custom error keeps its type and text")
    func customError() async throws {
        try await Site.with { site in
            _ = try site.worker("-c", "1")
            let failed = try await site.send("e2e.fail", 2)
            let error = await #expect(throws: CeleryError.self) { try await failed.get(timeout: patience) }
            #expect(error?.exception?.type == "OutOfPaper")
            #expect(error?.exception?.message == "tray 2 is empty")
            #expect(error?.traceback?.contains("e2e.fail") == true)
        }
    }

    @Test("Children are replaced after their number of tasks")
    func maxTasksPerChild() async throws {
        try await Site.with { site in
            _ = try site.worker("-c", "1", "--max-tasks-per-child=2")
            var pids: [CeleryValue] = []
            for _ in 0..<6 { pids.append(try await site.send("e2e.pid").get(timeout: patience)) }
            #expect(Set(pids).count == 3)
        }
    }

    @Test("A late task whose child is killed runs again; an early one fails")
    func killedChild() async throws {
        try await Site.with { site in
            let worker = try site.worker("-c", "2")
            let late = try await site.send("e2e.nap", 1)
            let early = try await site.send("e2e.early", 1)
            #expect(try await eventually { worker.startedTasks == 2 })
            #expect(try await eventually { worker.children.count == 2 })
            for child in worker.children { kill(child, SIGKILL) }
            #expect(try await late.get(timeout: patience) == "rested")
            let error = await #expect(throws: CeleryError.self) { try await early.get(timeout: patience) }
            #expect(error?.exception?.type == "WorkerLostError")
        }
    }

    @Test("A task that kills its process five times goes to the dead letters", .timeLimit(.minutes(5)))
    func poison() async throws {
        try await Site.with { site in
            let worker = try site.worker("-c", "1")
            let poison = try await site.send("e2e.poison")
            let error = await #expect(throws: CeleryError.self) { try await poison.get(timeout: .seconds(60)) }
            #expect(error?.exception?.type == "WorkerLostError")
            let letters = try await site.app.transport().deadLetters.list(.all, limit: 5)
            #expect(letters.map(\.taskID) == [poison.id])
            #expect(letters.first?.reason.code == "poison")
            #expect(worker.isRunning)
        }
    }

    @Test("What a task in a child sends, updates and retries goes through its parent")
    func childServices() async throws {
        try await Site.with { site in
            _ = try site.worker("-c", "2")
            let parent = try await site.send("e2e.family")
            guard case .string(let id) = try await parent.get(timeout: patience) else {
                Issue.record("the task returns its child's id")
                return
            }
            #expect(try await AsyncResult<Int>(id: id, app: site.app).get(timeout: patience) == 3)
            #expect(try await parent.children().map(\.id) == [id])
            #expect(try await site.send("e2e.flaky").get(timeout: patience) == 2)
        }
    }

    @Test("Terminating a running task kills its child and stores REVOKED")
    func terminate() async throws {
        try await Site.with { site in
            let worker = try site.worker("-c", "1")
            let endless = try await site.send("e2e.early", 600)
            #expect(try await eventually { worker.startedTasks == 1 })
            try await endless.revoke(terminate: true, signal: "SIGKILL")
            let error = await #expect(throws: CeleryError.self) { try await endless.get(timeout: patience) }
            #expect(
                error?.exception
                    == ExceptionInfo(type: "TaskRevokedError", arguments: ["terminated"], module: "celery.exceptions")
            )
            #expect(try await site.send("e2e.add", 1, 1).get(timeout: patience) == 2)
        }
    }
}
