//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

// Long because the lives that a task can have in a worker are told in one place, each in a few lines.

import CeleryCore
import CeleryKit
import CeleryWire
import CeleryWorker
import Synchronization
import Testing

@Suite("A worker on the memory broker", .timeLimit(.minutes(5)))
struct WorkerTests {
    @Test("A task runs and its result comes back", arguments: ["async", "threads", "solo"])
    func runs(pool: String) async throws {
        let app = TestApp.make()
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let pools: [String: EmbeddedPool] = ["threads": .threads(concurrency: 2), "solo": .solo]
        let sum = try await withWorker(app, pool: pools[pool] ?? .async()) {
            try await add.delay(2, 3).get(timeout: .seconds(60))
        }
        #expect(sum == 5)
    }

    @Test("A thousand tasks sent at once all come back, once each")
    func many() async throws {
        let app = TestApp.make()
        let runs = Mutex<[Int: Int]>([:])
        let square = app.task("square") { (x: Int) in
            runs.withLock { $0[x, default: 0] += 1 }
            return x * x
        }
        let sum = try await withWorker(app) {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for x in 0..<1000 { group.addTask { try await square.delay(x).get(timeout: .seconds(60)) } }
                return try await group.reduce(0, +)
            }
        }
        #expect(sum == (0..<1000).reduce(0) { $0 + $1 * $1 })
        #expect(runs.withLock { $0.values.allSatisfy { $0 == 1 } })
    }

    @Test("A failure is raised at the caller with its type, message and traceback")
    func failure() async throws {
        struct OutOfPaper: Error, CustomStringConvertible {
            var description: String { "tray 2 is empty" }
        }
        let app = TestApp.make()
        let fail = app.task("fail") { () -> Int in throw OutOfPaper() }
        let error = try await withWorker(app) {
            await #expect(throws: CeleryError.self) { try await fail.delay().get(timeout: .seconds(60)) }
        }
        #expect(error?.code == .taskFailed)
        #expect(error?.exception?.type.hasSuffix("OutOfPaper") == true)
        #expect(error?.exception?.message == "tray 2 is empty")
        #expect(error?.traceback?.contains("Task \"fail\"") == true)
    }

    @Test("Arguments that do not fit fail as TypeError")
    func wrongArguments() async throws {
        let app = TestApp.make()
        app.task("add") { (x: Int, y: Int) in x + y }
        let errors = try await withWorker(app) {
            var errors: [CeleryError?] = []
            for args: [CeleryValue] in [[1], [1, 2, 3], ["one", 2]] {
                errors.append(
                    await #expect(throws: CeleryError.self) {
                        try await app.sendTask("add", args: args).get(timeout: .seconds(60))
                    }
                )
            }
            return errors
        }
        #expect(errors.allSatisfy { $0?.exception?.type == "TypeError" && $0?.exception?.module == "builtins" })
    }

    @Test("An unknown task is stored as NotRegistered and kept for replay under its id")
    func unknownTask() async throws {
        let app = TestApp.make()
        let (id, error) = try await withWorker(app) {
            let result = try await app.sendTask("nobody.knows", args: [1])
            return (
                result.id,
                await #expect(throws: CeleryError.self) { try await result.get(timeout: .seconds(60)) }
            )
        }
        #expect(
            error?.exception
                == ExceptionInfo(type: "NotRegistered", arguments: ["nobody.knows"], module: "celery.exceptions")
        )
        app.task("nobody.knows") { (x: Int) in x + 1 }
        let replayed = try await withWorker(app) {
            let letters = try await app.transport().deadLetters.list(.all, limit: 10)
            #expect(letters.map(\.taskID) == [id])
            #expect(letters.map(\.reason.code) == ["unregistered"])
            #expect(try await app.transport().deadLetters.replay(DeadLetterSelection(ids: [id])) == 1)
            return try await AsyncResult<Int>(id: id, app: app).getWhenSuccessful()
        }
        #expect(replayed == 2)
    }

    @Test("A retry runs again under the same id with one more retry on its count")
    func retries() async throws {
        let app = TestApp.make()
        let attempts = Mutex<[(String, Int)]>([])
        let flaky = app.task("flaky") { (context: TaskContext, limit: Int) -> Int in
            attempts.withLock { $0.append((context.id, context.retries)) }
            if context.retries < limit { throw context.retry(countdown: .milliseconds(20)) }
            return context.retries
        }
        let (id, retries) = try await withWorker(app) {
            let result = try await flaky.delay(2)
            return (result.id, try await result.get(timeout: .seconds(60)))
        }
        #expect(retries == 2)
        #expect(attempts.withLock { $0.map(\.0) } == [id, id, id])
        #expect(attempts.withLock { $0.map(\.1) } == [0, 1, 2])
    }

    @Test("Listed errors are retried by themselves, and stand when the limit is reached")
    func autoretry() async throws {
        struct Busy: Error {}
        let app = TestApp.make()
        let runs = Mutex(0)
        let options = TaskOptions(retry: .exponential(limit: 2, base: .milliseconds(5), on: Busy.self))
        let busy = app.task("busy", options: options) { () -> Int in
            runs.withLock { $0 += 1 }
            throw Busy()
        }
        let error = try await withWorker(app) {
            await #expect(throws: CeleryError.self) { try await busy.delay().get(timeout: .seconds(60)) }
        }
        #expect(error?.exception?.type.hasSuffix("Busy") == true)
        #expect(runs.withLock { $0 } == 3)
    }

    @Test("Progress can be seen while a task runs")
    func progress() async throws {
        let app = TestApp.make()
        let gate = Doorway()
        let slow = app.task("slow") { (context: TaskContext) -> String in
            try await context.updateState("PROGRESS", ["done": 3, "of": 10])
            await gate.waitUntilOpen()
            return "done"
        }
        try await withWorker(app) {
            let result = try await slow.delay()
            #expect(try await eventually { try await result.state() == "PROGRESS" })
            #expect(try await result.info(as: [String: Int].self) == ["done": 3, "of": 10])
            gate.open()
            #expect(try await result.get(timeout: .seconds(60)) == "done")
        }
    }

    @Test("A countdown keeps a task back until its time")
    func countdown() async throws {
        let app = TestApp.make()
        let now = app.task("now") { () in Timestamp.now.unixSeconds }
        let (sent, ran) = try await withWorker(app) {
            let sent = Timestamp.now.unixSeconds
            let result = try await now.signature().applyAsync(countdown: .milliseconds(300))
            return (sent, try await result.get(timeout: .seconds(60)))
        }
        #expect(ran - sent >= 0.299)
    }

    @Test("A task that has expired is revoked instead of run")
    func expiry() async throws {
        let app = TestApp.make()
        let late = app.task("late") { () in 1 }
        let result = try await late.applyAsync(
            options: SendOptions(expiresAt: Timestamp.now.advanced(by: .seconds(-1)))
        )
        let error = try await withWorker(app) {
            await #expect(throws: CeleryError.self) { try await result.get(timeout: .seconds(60)) }
        }
        #expect(error?.code == .taskRevoked)
        #expect(
            error?.exception
                == ExceptionInfo(type: "TaskRevokedError", arguments: ["expired"], module: "celery.exceptions")
        )
    }

    @Test("A task revoked while it waits is never run")
    func revokedWaiting() async throws {
        let app = TestApp.make()
        let runs = Mutex(0)
        let task = app.task("t") { () in
            runs.withLock { $0 += 1 }
            return 1
        }
        let result = try await task.delay()
        try await result.revoke()
        let error = try await withWorker(app) {
            await #expect(throws: CeleryError.self) { try await result.get(timeout: .seconds(60)) }
        }
        #expect(error?.code == .taskRevoked)
        #expect(runs.withLock { $0 } == 0)
    }

    @Test("Terminating ends a task that runs")
    func terminate() async throws {
        let app = TestApp.make()
        let started = Doorway()
        let task = app.task("endless") { () -> Int in
            started.open()
            try await Task.sleep(for: .seconds(60))
            return 1
        }
        let error = try await withWorker(app) {
            let result = try await task.delay()
            await started.waitUntilOpen()
            try await result.revoke(terminate: true)
            return await #expect(throws: CeleryError.self) { try await result.get(timeout: .seconds(60)) }
        }
        #expect(error?.exception?.type == "TaskRevokedError" || error?.exception?.type == "Terminated")
    }

    @Test("The soft time limit cancels a task, which fails as SoftTimeLimitExceeded")
    func softLimit() async throws {
        let app = TestApp.make()
        let options = TaskOptions(softTimeLimit: .milliseconds(50))
        let task = app.task("slow", options: options) { () -> Int in
            try await Task.sleep(for: .seconds(60))
            return 1
        }
        let error = try await withWorker(app) {
            await #expect(throws: CeleryError.self) { try await task.delay().get(timeout: .seconds(60)) }
        }
        #expect(error?.exception == ExceptionInfo(type: "SoftTimeLimitExceeded", module: "billiard.exceptions"))
    }

    @Test("A task may catch its soft time limit and end well")
    func softLimitCaught() async throws {
        let app = TestApp.make()
        let options = TaskOptions(softTimeLimit: .milliseconds(50))
        let task = app.task("slow", options: options) { (context: TaskContext) -> String in
            do {
                try await Task.sleep(for: .seconds(60))
                return "slept"
            } catch {
                return context.isSoftTimeLimitExceeded ? "cleaned up" : "cancelled"
            }
        }
        let outcome = try await withWorker(app) { try await task.delay().get(timeout: .seconds(60)) }
        #expect(outcome == "cleaned up")
    }

    @Test("Callbacks get the result, errbacks the failed task's id")
    func links() async throws {
        struct Boom: Error {}
        let app = TestApp.make()
        let seen = Mutex<[String]>([])
        let double = app.task("double") { (x: Int) in x * 2 }
        let note = app.task("note") { (x: Int, label: String) in
            seen.withLock { $0.append("\(label)=\(x)") }
            return x
        }
        let alert = app.task("alert") { (id: String) in
            seen.withLock { $0.append("failed \(id)") }
            return true
        }
        let boom = app.task("boom") { (_: Int) -> Int in throw Boom() }
        let failedID = try await withWorker(app) {
            let linked = double.s(21).link(app.signature("note", args: ["answer"]))
            _ = try await linked.delay().get(timeout: .seconds(60))
            let failing = try await boom.s(1).linkError(app.signature("alert")).delay()
            await #expect(throws: CeleryError.self) { try await failing.get(timeout: .seconds(60)) }
            _ = try await eventually { seen.withLock { $0.count == 2 } }
            return failing.id
        }
        _ = (note, alert)
        #expect(seen.withLock { $0.sorted() } == ["answer=42", "failed \(failedID)"])
    }

    @Test("Tasks sent from a task are its children and share its root")
    func children() async throws {
        let app = TestApp.make()
        let child = app.task("child") { (context: TaskContext) in [context.parentID ?? "", context.rootID] }
        let parent = app.task("parent") { () -> String in try await child.delay().id }
        try await withWorker(app) {
            let result = try await parent.delay()
            let childID = try await result.get(timeout: .seconds(60))
            #expect(try await result.children().map(\.id) == [childID])
            let family = try await AsyncResult<[String]>(id: childID, app: app).get(timeout: .seconds(60))
            #expect(family == [result.id, result.id])
        }
    }

    @Test("Ignore stores nothing; Reject with requeue runs again when acknowledged late")
    func quietEnds() async throws {
        let app = TestApp.make()
        let runs = Mutex(0)
        let ignoring = app.task("ignoring") { () -> Int in throw Ignore() }
        let picky = app.task("picky", options: TaskOptions(acksLate: true)) { () -> Int in
            let run = runs.withLock { runs -> Int in
                runs += 1
                return runs
            }
            if run < 3 { throw Reject("not yet", requeue: true) }
            return run
        }
        try await withWorker(app) {
            let ignored = try await ignoring.delay()
            #expect(try await picky.delay().get(timeout: .seconds(60)) == 3)
            #expect(try await ignored.state() == .pending)
        }
    }

    @Test("A warm shutdown finishes what runs and gives back the rest untouched")
    func warmShutdown() async throws {
        let app = TestApp.make { $0.workerPrefetchMultiplier = 4 }
        let started = Doorway()
        let gate = Doorway()
        let runs = Mutex(0)
        let task = app.task("t") { () in
            runs.withLock { $0 += 1 }
            started.open()
            await gate.waitUntilOpen()
            return 1
        }
        for _ in 0..<4 { try await task.delay() }
        let transport = try await app.transport()
        let worker = try Worker(app, pool: .solo)
        async let running: Void = worker.run()
        await started.waitUntilOpen()
        worker.shutdown(.warm)
        gate.open()
        try await running
        #expect(runs.withLock { $0 } == 1)
        let status = try await transport.status(of: ["celery"])
        #expect(status.map(\.ready) == [3])
        #expect(status.map(\.held) == [0])
    }

    @Test("Over-limit tasks stay in the queue and start an interval apart")
    func rateLimit() async throws {
        let app = TestApp.make()
        let times = Mutex<[Double]>([])
        let task = app.task("t", options: TaskOptions(rateLimit: RateLimit(perSecond: 20))) { () in
            times.withLock { $0.append(Timestamp.now.unixSeconds) }
            return 1
        }
        try await withWorker(app) {
            for _ in 0..<5 { try await task.delay() }
            #expect(try await eventually { times.withLock { $0.count == 5 } })
        }
        let span = times.withLock { ($0.max() ?? 0) - ($0.min() ?? 0) }
        #expect(span >= 0.15)  // four intervals of 50 ms, less what the first one came late
    }

    @Test("Structs are tasks: arguments by position or keyword, handlers called")
    func structTasks() async throws {
        let app = TestApp.make()
        app.register(ChargeCard.self)
        try await withWorker(app) {
            let receipt = try await ChargeCard(orderID: 42, cents: 1999).delay(on: app).get(timeout: .seconds(60))
            #expect(receipt == "42:1999:EUR:nil")
            let byKeyword =
                try await app.sendTask(
                    "billing.charge_card",
                    kwargs: ["order_id": 1, "cents": 5, "note": "hi", "currency": "USD"]
                )
                .get(timeout: .seconds(60))
            #expect(byKeyword == "1:5:USD:hi")
        }
    }

    @Test("Tasks that return nothing give null")
    func nothingReturned() async throws {
        let app = TestApp.make()
        let seen = Mutex<[Int]>([])
        let record = app.task("record") { (x: Int) in seen.withLock { $0.append(x) } }
        let ping = app.task("ping") { (_: TaskContext) in }
        try await withWorker(app) {
            _ = try await record.delay(7).get(timeout: .seconds(60))
            let result = try await ping.delay()
            _ = try await result.get(timeout: .seconds(60))
            guard case .value(let value)? = try await result.meta()?.outcome else {
                Issue.record("a value must be stored")
                return
            }
            #expect(try value.value() == .null)
        }
        #expect(seen.withLock { $0 } == [7])
    }

    @Test("Eager mode runs in the caller, retries included")
    func eager() async throws {
        let app = TestApp.make { $0.taskAlwaysEager = true }
        let flaky = app.task("flaky") { (context: TaskContext) -> Int in
            if context.retries < 2 { throw context.retry(countdown: .seconds(3600)) }
            return context.retries
        }
        #expect(try await flaky.delay().get() == 2)
        #expect(try await flaky.delay().state() == .success)
    }

    @Test("A handle runs its task locally")
    func local() async throws {
        let add = TestApp.make().task("add") { (x: Int, y: Int) in x + y }
        #expect(try await add.run(2, 3) == 5)
    }
}

private struct ChargeCard: CeleryTask {
    static let name = "billing.charge_card"
    static let defaults: [TaskParameter] = [TaskParameter("currency", default: "EUR")]

    var orderID: Int
    var cents: Int
    var currency = "EUR"
    var note: String?

    func run(in context: TaskContext) async throws -> String {
        "\(orderID):\(cents):\(currency):\(note ?? "nil")"
    }
}
