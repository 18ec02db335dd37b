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
import Synchronization
import Testing

/// What options and settings of tasks do in a worker.
@Suite("Options and settings of tasks, by their effect", .timeLimit(.minutes(2)))
struct OptionEffectTests {
    private struct Expected: Error {}
    private struct Surprise: Error {}

    @Test(
        "An expected error is logged at info without traceback, any other as an error with it; both are stored in full"
    )
    func expectedErrors() async throws {
        let log = LogRecorder()
        let app = TestApp.make(log: log)
        let options = TaskOptions(expectedErrors: [Expected.self])
        let task = app.task("t", options: options) { (isExpected: Bool) -> Int in
            if isExpected { throw Expected() }
            throw Surprise()
        }
        try await withWorker(app) { () async throws -> Void in
            for isExpected in [true, false] {
                let error = await #expect(throws: CeleryError.self) {
                    try await task.delay(isExpected).get(timeout: .seconds(60))
                }
                #expect(error?.traceback?.contains("Traceback (most recent call last)") == true)
            }
        }
        let raised = log.lines.filter { $0.text.contains(" raised ") }
        #expect(raised.map(\.level) == [.info, .error])
        #expect(raised.map { $0.text.contains("raised expected: ") } == [true, false])
        #expect(raised.map { $0.text.contains("Traceback") } == [false, true])
    }

    @Test(
        "task_default_rate_limit holds back tasks that have none of their own; worker_disable_rate_limits lets all go",
        arguments: [false, true]
    )
    func defaultRate(isDisabled: Bool) async throws {
        let app = TestApp.make {
            $0.taskDefaultRateLimit = "1/h"
            $0.workerDisableRateLimits = isDisabled
        }
        let limited = app.task("limited") { () in 1 }
        let own = app.task("own", options: TaskOptions(rateLimit: RateLimit(perSecond: 1000))) { () in 2 }
        let second = try await withWorker(app) { () async throws -> AsyncResult<Int> in
            let first = try await limited.delay().get(timeout: .seconds(60))
            #expect(first == 1)
            let second = try await limited.delay()
            // Whoever has run these has looked at that one.
            for _ in 0..<2 { _ = try await own.delay().get(timeout: .seconds(60)) }
            if isDisabled { _ = try await second.get(timeout: .seconds(60)) }
            return second
        }
        #expect(try await second.ready() == isDisabled)
        #expect(try await app.transport().status(of: ["celery"]).first?.delayed == (isDisabled ? 0 : 1))
    }

    @Test(
        "result_extended stores what was called, by whom and for the how many-th time, of each state",
        arguments: [false, true]
    )
    func extended(isExtended: Bool) async throws {
        let app = TestApp.make { $0.resultExtended = isExtended }
        let task = app.task("t", parameters: "x", "unit") { (context: TaskContext, x: Int, unit: String) -> Int in
            if context.retries < 2 { throw context.retry(countdown: .zero) }
            return x
        }
        let result = try await withWorker(app) { () async throws -> AsyncResult<Int> in
            let result = try await task.delay(7, "mm")
            _ = try await result.get(timeout: .seconds(60))
            return result
        }
        let meta = try await app.resultBackend().fetch([result.id], timeout: .seconds(5))[result.id]
        let expected = TaskMeta.Extended(
            name: "t",
            arguments: [7, "mm"],
            keywords: [:],
            worker: meta?.extended?.worker,
            retries: 2,
            queue: "celery"
        )
        #expect(meta?.extended == (isExtended ? expected : nil))
        #expect(!isExtended || meta?.extended?.worker?.contains("@") == true)
    }

    @Test("result_extended belongs to the states that a task reports, too")
    func extendedProgress() async throws {
        let app = TestApp.make { $0.resultExtended = true }
        let reported = Mutex<TaskMeta?>(nil)
        let task = app.task("t", parameters: "x", "unit") { (context: TaskContext, x: Int, unit: String) -> Int in
            try await context.updateState("PROGRESS", ["done": x])
            let meta = try await app.resultBackend().fetch([context.id], timeout: .seconds(5))[context.id]
            reported.withLock { $0 = meta }
            return x
        }
        let stamped = task.s(7, "mm").stamp(["ticket": "A 1"])
        try await withWorker(app) { _ = try await stamped.delay().get(timeout: .seconds(60)) }
        let meta = reported.withLock { $0 }
        #expect(meta?.state == "PROGRESS" && meta?.custom["ticket"] == "A 1")
        #expect(meta?.custom["stamped_headers"] == ["ticket"])
        #expect(meta?.extended?.arguments == [7, "mm"] && meta?.extended?.name == "t")
        #expect(meta?.extended?.worker?.contains("@") == true && meta?.extended?.queue == "celery")
    }

    @Test("acks_on_failure off: a late task's message is set aside when it fails, and acknowledged when it does not")
    func acksOnFailure() async throws {
        let app = TestApp.make()
        let options = TaskOptions(acksLate: true, acksOnFailure: false)
        let task = app.task("t", options: options) { (fails: Bool) -> Int in
            if fails { throw Surprise() }
            return 1
        }
        let failed = try await withWorker(app) { () async throws -> String in
            _ = try await task.delay(false).get(timeout: .seconds(60))
            let failed = try await task.delay(true)
            let error = await #expect(throws: CeleryError.self) { try await failed.get(timeout: .seconds(60)) }
            #expect(error?.exception?.type == "OptionEffectTests.Surprise")
            return failed.id
        }
        let letters = try await app.transport().deadLetters.list(.all, limit: 10)
        #expect(letters.map(\.taskID) == [failed])
        #expect(letters.map(\.reason.code) == ["rejected"])
    }

    @Test(
        "acks_on_timeout: a late task beyond its hard limit fails when it is on, and runs again when it is off",
        arguments: [true, false]
    )
    func acksOnTimeout(isAcknowledged: Bool) async throws {
        let app = TestApp.make()
        let runs = Mutex(0)
        let options = TaskOptions(
            timeLimit: .milliseconds(100),
            acksLate: true,
            acksOnTimeout: isAcknowledged
        )
        let task = app.task("t", options: options) { () -> Int in
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            // cancelled by the limit
            if run == 1 { try await Task.sleep(for: .seconds(3600)) }
            return run
        }
        let outcome = try await withWorker(app) { () async throws -> String in
            do {
                return "\(try await task.delay().get(timeout: .seconds(60)))"
            } catch let error as CeleryError {
                return error.exception?.type ?? "\(error)"
            }
        }
        #expect(outcome == (isAcknowledged ? "TimeLimitExceeded" : "2"))
        #expect(runs.withLock { $0 } == (isAcknowledged ? 1 : 2))
    }

    @Test("A late task that throws on what another one was ended with has failed, and does not run again")
    func thrownOn() async throws {
        let app = TestApp.make()
        let runs = Mutex(0)
        let options = TaskOptions(acksLate: true, acksOnTimeout: false)
        let ended = ExceptionInfo(type: "TimeLimitExceeded", arguments: [.double(1)], module: "billiard.exceptions")
        let lost = ExceptionInfo(
            type: "WorkerLostError",
            arguments: ["The worker was shut down while the task ran."],
            module: "billiard.exceptions"
        )
        let undecodable = ExceptionInfo(type: "DecodeError", arguments: ["malformed"], module: "kombu.exceptions")
        let exceptions = [ended, lost, undecodable]
        let task = app.task("t", options: options) { (number: Int) -> Int in
            runs.withLock { $0 += 1 }
            throw CeleryError(.taskFailed, "of another task", exception: exceptions[number])
        }
        try await withWorker(app) { () async throws -> Void in
            for (number, exception) in exceptions.enumerated() {
                let error = await #expect(throws: CeleryError.self) {
                    try await task.delay(number).get(timeout: .seconds(60))
                }
                #expect(error?.exception == exception)
            }
            #expect(try await app.transport().deadLetters.list(.all, limit: 10).isEmpty)
        }
        #expect(runs.withLock { $0 } == 3)
    }

    @Test("A task that is sent without addToParent is no child of the one that sends it, though it has it for a parent")
    func withoutParent() async throws {
        let app = TestApp.make()
        let child = app.task("child") { (context: TaskContext) in context.parentID ?? "" }
        let parent = app.task("parent") { () -> [String] in
            let stranger = try await child.applyAsync(options: SendOptions(addToParent: false))
            return [stranger.id, try await child.delay().id]
        }
        try await withWorker(app) { () async throws -> Void in
            let result = try await parent.delay()
            let ids = try await result.get(timeout: .seconds(60))
            #expect(try await result.children().map(\.id) == [ids[1]])
            for id in ids {
                let said = try await AsyncResult<String>(id: id, app: app).get(timeout: .seconds(60))
                #expect(said == result.id)
            }
        }
    }
}
