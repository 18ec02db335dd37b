//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import CeleryWorker
import Logging
import ServiceLifecycle
import Synchronization
import Testing

/// What the options of a task say about what it comes to.
@Suite("Options that decide what is kept of a run", .timeLimit(.minutes(2)))
struct OutcomeOptionTests {
    private struct Refused: Error {}

    private func failure<Output>(_ result: AsyncResult<Output>) async -> ExceptionInfo? {
        await #expect(throws: CeleryError.self) { try await result.get(timeout: .seconds(60)) }?.exception
    }

    @Test("When the retries are used up the task fails with its reason, or as MaxRetriesExceededError without one")
    func retriesUsedUp() async throws {
        let app = TestApp.make()
        let options = TaskOptions(retry: .constant(limit: 2, delay: .zero))
        let runs = Mutex<[String: Int]>([:])
        let task = app.task("again", options: options) { (context: TaskContext, hasReason: Bool) -> Int in
            runs.withLock { $0[context.id, default: 0] += 1 }
            throw context.retry(because: hasReason ? Refused() : nil)
        }
        try await withWorker(app) { () async throws -> Void in
            let (without, with) = (try await task.delay(false), try await task.delay(true))
            let exceeded = await failure(without)
            #expect(exceeded?.type == "MaxRetriesExceededError" && exceeded?.module == "celery.exceptions")
            #expect(exceeded?.message.contains("again[\(without.id)]") == true)
            let refused = await failure(with)
            #expect(refused?.type == "OutcomeOptionTests.Refused", "\(String(describing: refused))")
            #expect(runs.withLock { $0 } == [without.id: 3, with.id: 3])
        }
    }

    @Test("A retry may take other arguments, another queue and another priority along; its callbacks stay")
    func changedRetry() async throws {
        let app = TestApp.make { $0.taskQueues = [Queue("celery"), Queue("other")] }
        let task = Mutex<TaskHandle<Int, String, String>?>(nil)
        let pages = app.task("pages") { (context: TaskContext, page: Int, note: String) -> String in
            guard page < 3 else {
                return "\(page) \(note) \(context.queue ?? "") \(context.priority ?? -1) \(context.retries)"
            }
            guard let next = task.withLock({ $0 })?.s(page + 1, "again") else { throw Refused() }
            throw context.retry(countdown: .zero, queue: "other", priority: 7).calling(next)
        }
        task.withLock { $0 = pages }
        let followed = Mutex<String?>(nil)
        let after = app.task("after") { (text: String) -> Bool in
            followed.withLock { $0 = text }
            return true
        }
        try await withWorker(app) { () async throws -> Void in
            let sent = try await pages.s(1, "first").link(after.s()).delay()
            #expect(try await sent.get(timeout: .seconds(60)) == "3 again other 7 2")
            #expect(try await eventually { followed.withLock { $0 } != nil })
        }
        #expect(followed.withLock { $0 } == "3 again other 7 2")
    }

    @Test("A retry as another task, or into a queue that may not be made, fails the task and says why")
    func wrongRetry() async throws {
        let app = TestApp.make { $0.taskCreateMissingQueues = false }
        let other = app.task("other") { () in 1 }
        let stray = app.task("stray") { (context: TaskContext) -> Int in
            throw context.retry(countdown: .zero).calling(other.s())
        }
        let lost = app.task("lost") { (context: TaskContext) -> Int in
            throw context.retry(countdown: .zero, queue: "nowhere")
        }
        try await withWorker(app) { () async throws -> Void in
            let (strayed, lost) = (await failure(try await stray.delay()), await failure(try await lost.delay()))
            #expect(strayed?.message.contains("stray: a retry takes a call of the task itself") == true)
            #expect(lost?.message.contains("nowhere") == true, "\(String(describing: lost))")
        }
    }

    @Test("A soft time limit is an error that may be retried by itself")
    func retriedLimit() async throws {
        let app = TestApp.make()
        let options = TaskOptions(
            retry: .constant(limit: 1, delay: .zero, on: SoftTimeLimitExceeded.self),
            softTimeLimit: .milliseconds(50)
        )
        let task = app.task("slow at first", options: options) { (context: TaskContext) -> Int in
            // cancelled by the limit
            if context.retries == 0 { try await Task.sleep(for: .seconds(3600)) }
            return context.retries
        }
        let retries = try await withWorker(app) { try await task.delay().get(timeout: .seconds(60)) }
        #expect(retries == 1)
    }

    @Test(
        "task_ignore_result keeps nothing; with store_errors_even_if_ignored errors, and only those",
        arguments: [true, false]
    )
    func ignored(storesErrors: Bool) async throws {
        let app = TestApp.make {
            $0.taskIgnoreResult = true
            $0.taskStoreErrorsEvenIfIgnored = storesErrors
        }
        let good = app.task("good") { () in 1 }
        let bad = app.task("bad") { () -> Int in throw Refused() }
        let kept = app.task("kept", options: TaskOptions(ignoreResult: false)) { () in 2 }
        // A worker that has ended has settled all that it took.
        let (one, error) = try await withWorker(app) { () async throws -> (AsyncResult<Int>, AsyncResult<Int>) in
            let sent = (try await good.delay(), try await bad.delay())
            let two = try await kept.delay().get(timeout: .seconds(60))
            #expect(two == 2)
            return sent
        }
        #expect(try await one.meta() == nil)
        #expect(try await error.meta()?.state == (storesErrors ? .failure : nil))
    }

    @Test("worker_disable_prefetch takes no more than there are slots, whoever makes the worker")
    func disabledPrefetch() throws {
        let app = TestApp.make { $0.workerDisablePrefetch = true }
        #expect(try Worker(app).plan.prefetchMultiplier == 1)
        #expect(try Worker(TestApp.make()).plan.prefetchMultiplier == 4)
    }

    @Test("In a group of services a worker ends what runs, and a client ends with it")
    func services() async throws {
        let app = TestApp.make()
        let (started, go) = (Doorway(), Doorway())
        let task = app.task("runs") { () -> Int in
            started.open()
            await go.waitUntilOpen()
            return 7
        }
        let worker = try Worker(app)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let client = TestApp.make()
        let group = ServiceGroup(services: [client, worker], logger: logger)
        async let ended: Void = group.run()
        let result = try await task.delay()
        await started.waitUntilOpen()
        await group.triggerGracefulShutdown()
        #expect(try await result.state() != .success)
        go.open()
        try await ended
        #expect(try await result.get(timeout: .seconds(60)) == 7)
    }
}
