//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import CeleryWorker
import Logging
import Synchronization
import Testing

/// What a worker writes into its log, besides what `OptionEffectTests` look at: text and level.
@Suite("A worker's log", .timeLimit(.minutes(2)))
struct WorkerLogTests {
    private struct Busy: Error {}

    /// There is one line with that text, at that level.
    private func expect(_ text: String, at level: Logger.Level, in log: LogRecorder) async throws {
        _ = try await eventually { log.lines.contains { $0.text.contains(text) } }
        #expect(log.lines.filter { $0.text.contains(text) }.map(\.level) == [level], "\(text)\n\(log.lines)")
    }

    @Test("A retry, a task that is ignored, and a rejection of either kind have a line each")
    func endings() async throws {
        let log = LogRecorder()
        let app = TestApp.make(log: log)
        let again = app.task("again") { (context: TaskContext) -> Int in
            if context.retries == 0 { throw context.retry(countdown: .zero, because: Busy()) }
            return context.retries
        }
        let quiet = app.task("quiet") { () -> Int in throw Ignore() }
        let shut = app.task("shut") { (requeue: Bool) -> Int in throw Reject("no", requeue: requeue) }
        let runs = Mutex(0)
        let late = app.task("late", options: TaskOptions(acksLate: true)) { () -> Int in
            let run = runs.withLock { runs -> Int in
                runs += 1
                return runs
            }
            if run == 1 { throw Reject("not yet", requeue: true) }
            return run
        }
        try await withWorker(app) { () async throws -> Void in
            let retried = try await again.delay()
            #expect(try await retried.get(timeout: .seconds(60)) == 1)
            try await expect("Task again[\(retried.id)] retry: WorkerLogTests.Busy(", at: .info, in: log)
            let ignored = try await quiet.delay()
            try await expect("Task quiet[\(ignored.id)] ignored", at: .info, in: log)
            for (requeue, word) in [(false, "False"), (true, "True")] {
                let rejected = try await shut.delay(requeue)
                let line = "Task shut[\(rejected.id)] reject requeue=\(word): Reject('no', \(word))"
                try await expect(line, at: .warning, in: log)
            }
            let requeued = try await late.delay()
            #expect(try await requeued.get(timeout: .seconds(60)) == 2)
            try await expect("Task late[\(requeued.id)] reject requeue=True", at: .warning, in: log)
        }
    }

    @Test("A task that is dropped has a line that says why")
    func dropped() async throws {
        let log = LogRecorder()
        let app = TestApp.make(log: log)
        let started = Doorway()
        let task = app.task("t") { () in 1 }
        let endless = app.task("endless") { () -> Int in
            started.open()
            // cancelled by the revocation
            try await Task.sleep(for: .seconds(3600))
            return 1
        }
        let revoked = try await task.delay()
        try await revoked.revoke()
        let past = Timestamp.now.advanced(by: .seconds(-1))
        let expired = try await task.applyAsync(options: SendOptions(expiresAt: past))
        try await withWorker(app) { () async throws -> Void in
            try await expect("Discarding revoked task: t[\(revoked.id)] (revoked)", at: .info, in: log)
            try await expect("Discarding revoked task: t[\(expired.id)] (expired)", at: .info, in: log)
            let terminated = try await endless.delay()
            await started.waitUntilOpen()
            try await terminated.revoke(terminate: true)
            try await expect("Discarding revoked task: endless[\(terminated.id)] (terminated)", at: .info, in: log)
        }
    }

    @Test("What a pool cannot do although it is asked for is said once; autoscale is dropped where nothing can grow")
    func limitations() async throws {
        let log = LogRecorder()
        let app = TestApp.make(log: log) { $0.taskTimeLimit = .seconds(60) }
        var options = WorkerOptions()
        options.pool = "solo"
        options.maxTasksPerChild = 5
        options.autoscale = (max: 6, min: 2)
        let worker = try Worker(app, options: options)
        #expect(worker.plan.autoscale?.max == nil)
        #expect(worker.plan.concurrency == 1)
        try await withRunning(worker) {}
        for text in [
            "the solo pool cannot kill: at its hard time limit a task is only cancelled (use prefork)",
            "the solo pool has no children: max-tasks and max-memory-per-child are ignored",
            "the solo pool cannot grow: autoscale is ignored (use prefork, threads or async)",
        ] {
            try await expect(text, at: .warning, in: log)
        }
        #expect(!log.lines.contains { $0.text.hasPrefix("Scaling ") })
    }

    @Test("A time limit of a task's own is reason enough to say that the pool cannot kill; without any nothing is said")
    func noLimitations() async throws {
        for limit in [nil, Duration.seconds(60)] {
            let log = LogRecorder()
            let app = TestApp.make(log: log)
            app.task("t", options: TaskOptions(timeLimit: limit)) { () in 1 }
            var options = WorkerOptions()
            options.pool = "async"
            options.autoscale = (max: 6, min: 2)
            let worker = try Worker(app, options: options)
            #expect(worker.plan.autoscale?.max == 6)
            try await withRunning(worker) {}
            let said = log.lines.filter { $0.level == .warning && $0.text.hasPrefix("the async pool ") }
            #expect(said.count == (limit == nil ? 0 : 1), "\(said)")
        }
    }
}
