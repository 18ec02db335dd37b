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
import Synchronization
import Testing

@Suite("Celery's surprising semantics of canvas: what running workflows come to")
struct CelerySemanticsTests {
    let patience = Duration.seconds(60)
    let tasks = SemanticsTasks()

    func running(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withWorker(tasks.app, body)
    }

    func failure<Output>(_ result: AsyncResult<Output>) async -> String? {
        let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
        return error?.exception?.type
    }

    // MARK: - Callbacks and errbacks

    @Test("A callback is not called by a failure or a retry, and an errback not by a retry or an Ignore")
    func notCalled() async throws {
        let (app, calls) = (tasks.app, tasks.calls)
        let retrying = app.task("retrying", options: TaskOptions(retry: RetryPolicy(limit: 3, delay: .constant(.zero))))
        {
            (context: TaskContext) -> Int in
            if context.retries < 2 { throw context.retry(countdown: .zero) }
            return 7
        }
        let ignoring = app.task("ignoring") { () -> Int in
            calls.note("ignoring")
            throw Ignore()
        }
        try await running { () async throws -> Void in
            let failed = try await tasks.boom.s(1).link(tasks.done.s()).linkError(tasks.alert.s()).delay()
            #expect(await failure(failed) == "ValueError")
            let retried = try await retrying.s().link(tasks.done.s()).linkError(tasks.alert.s()).delay()
            #expect(try await retried.get(timeout: patience) == 7)
            _ = try await ignoring.s().linkError(tasks.alert.s()).delay()
            #expect(try await eventually { calls.all.contains("ignoring") && calls.all.contains("done 7") })
            #expect(try await tasks.add.delay(1, 1).get(timeout: patience) == 2)
            #expect(try await eventually { calls.all.count == 3 })
            #expect(calls.all.sorted() == ["alert \(failed.id)", "done 7", "ignoring"])
        }
    }

    @Test("A callback is sent before the result is stored, and is listed among the task's children")
    func children() async throws {
        let calls = SemanticsTasks.Calls()
        var hooks = HookedBackend.Hooks()
        hooks.store = { (results: [StoredResult]) async throws(TransportError) -> Void in
            guard results.contains(where: { $0.meta.taskID == "linked" }) else { return }
            // The result is kept back until the callback has run: it does only if it was sent before.
            let hasRun = (try? await eventually { calls.all.contains("done 5") }) ?? false
            if hasRun { calls.note("result") }
        }
        let app = HookedBackend.app(MemoryStore(name: "callbacks"), hooks)
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let done = app.task("done") { (value: Int) -> Int in
            calls.note("done \(value)")
            return value
        }
        try await withWorker(app) { () async throws -> Void in
            let result = try await add.s(2, 3).link(done.s()).applyAsync(taskID: "linked")
            #expect(try await result.get(timeout: patience) == 5)
            #expect(calls.all == ["done 5", "result"])
            let children = try await result.children()
            #expect(children.count == 1)
            #expect(try await children.first?.get(timeout: patience) == 5)
        }
    }

    @Test("An errback gets the id of the task that failed, not of the chain's last")
    func errbackID() async throws {
        try await running { () async throws -> Void in
            let chain = try await tasks.add.s(1, 1).then(tasks.boom.s()).then(tasks.mul.s(2)).onError(tasks.alert.s())
                .delay()
            #expect(await failure(chain) == "ValueError")
            let failed = try #require(chain.parent?.id)
            #expect(try await eventually { tasks.calls.all == ["alert \(failed)"] })
        }
    }

    // MARK: - Chains

    @Test(
        "A failure in the second of four steps leaves SUCCESS, FAILURE, FAILURE, FAILURE, all with the same exception"
    )
    func states() async throws {
        try await running { () async throws -> Void in
            let last = try await tasks.add.s(1, 1).then(tasks.boom.s()).then(tasks.mul.s(2)).then(tasks.mul.s(3))
                .delay()
            #expect(await failure(last) == "ValueError")
            var metas: [TaskMeta?] = []
            for id in ids(last) { metas.append(try await AsyncResult<CeleryValue>(id: id, app: tasks.app).meta()) }
            #expect(metas.map { $0?.state } == [.success, .failure, .failure, .failure])
            #expect(metas[1]?.outcome == metas[3]?.outcome && metas[1]?.outcome == metas[2]?.outcome)
        }
    }

    @Test(
        "A failure before a chord in a chain fails the chord's body and header, and whatever chord the chain is a part of"
    )
    func failureBeforeChord() async throws {
        try await running { () async throws -> Void in
            let chain = tasks.boom.s(1).then(group([tasks.add.s(1), tasks.add.s(2)])).then(tasks.sum.s())
            let result = try await chain.delay()
            #expect(await failure(result) == "ValueError")
            let members = try await #require(result.parent).children()
            #expect(members.count == 2)
            for member in members { #expect(await failure(member) == "ValueError") }
            let outer = try await group([tasks.add.s(1, 1), chain]).then(tasks.sum.s()).delay()
            #expect(await failure(outer) == "ChordError")
        }
    }

    private func ids<Output>(_ last: AsyncResult<Output>) -> [String] {
        var ids = [last.id]
        var parent = last.parent
        while let result = parent {
            ids.insert(result.id, at: 0)
            parent = result.parent
        }
        return ids
    }

    // MARK: - replace, groups

    @Test("replace keeps the id, says how often, and stores nothing of the task that it replaces")
    func replaceKeepsID() async throws {
        let (calls, door, nestings) = (tasks.calls, Doorway(), Nestings())
        tasks.app.use(nestings)
        let target = tasks.app.task("target") { (context: TaskContext) -> String in
            calls.note("target")
            await door.waitUntilOpen()
            return context.id
        }
        let inner = tasks.app.task("inner") { (context: TaskContext) -> String in
            throw context.replace(with: target.s())
        }
        let replacer = tasks.app.task("replacer") { (context: TaskContext) -> String in
            throw context.replace(with: inner.s())
        }
        try await running { () async throws -> Void in
            let result = try await replacer.delay()
            #expect(try await eventually { calls.all == ["target"] })
            let stored = try await result.meta()
            #expect(stored == nil, "both that were replaced have ended")
            door.open()
            #expect(try await result.get(timeout: patience) == result.id)
            #expect(nestings.all == ["replacer": 0, "inner": 1, "target": 2])
        }
    }

    @Test("What was linked to a task follows what replaces it")
    func replaceKeepsLinks() async throws {
        let replacer = tasks.app.task("replacer") { (context: TaskContext, x: Int) -> Int in
            throw context.replace(with: tasks.add.s(x, 1).then(tasks.mul.s(10)))
        }
        try await running { () async throws -> Void in
            let result = try await replacer.s(1).link(tasks.done.s()).delay()
            #expect(try await result.get(timeout: patience) == 20)
            #expect(try await eventually { tasks.calls.all == ["done 20"] })
        }
    }

    @Test("completedCount counts what has succeeded; failed() is true as soon as one member has failed")
    func counts() async throws {
        try await running { () async throws -> Void in
            let result = try await group([tasks.add.s(1, 1), tasks.boom.s(1), tasks.add.s(2, 2)]).delay()
            #expect(try await eventually { try await result.ready() })
            #expect(try await result.completedCount() == 2)
            #expect(try await result.failed())
            #expect(try await result.successful() == false)
        }
    }

    @Test("The same part delivered twice counts once")
    func duplicates() async throws {
        let id = TaskID.random()
        let (app, calls) = (tasks.app, tasks.calls)
        let twice = app.task("twice") { (context: TaskContext, x: Int) -> Int in
            calls.note("run")
            return x
        }
        try await running { () async throws -> Void in
            var part = try twice.s(5).signature()
            part.options["task_id"] = .string(id)
            part.options["group_id"] = "group"
            part.options["group_index"] = 0
            var body = try tasks.list.s().signature()
            body.options["task_id"] = "body"
            part.options["chord"] = try body.value()
            let chords = try #require(try await app.resultBackend().chords)
            try await chords.start([ChordStart(groupID: "group", size: 2)], timeout: .seconds(5))
            for _ in 0..<2 { try await app.workflow(part).delay() }
            #expect(try await eventually { calls.all.count == 2 })
            #expect(try await tasks.add.delay(1, 1).get(timeout: patience) == 2)
            #expect(try await AsyncResult<CeleryValue>(id: "body", app: app).state() == .pending)
            part.options["task_id"] = .string(TaskID.random())
            part.options["group_index"] = 1
            try await app.workflow(part).delay()
            #expect(try await AsyncResult<[Int]>(id: "body", app: app).get(timeout: patience) == [5, 5])
        }
    }

    @Test("A chord's size may be known only after its parts have ended")
    func lateSize() async throws {
        let app = tasks.app
        try await running { () async throws -> Void in
            let chords = try #require(try await app.resultBackend().chords)
            var body = try tasks.list.s().signature()
            body.options["task_id"] = "body"
            func part(_ index: Int) async throws -> AsyncResult<CeleryValue> {
                var part = try tasks.add.s(index, index).signature()
                part.options["group_id"] = "group"
                part.options["group_index"] = .int(index)
                part.options["chord"] = try body.value()
                return try await app.workflow(part).delay()
            }
            #expect(try await part(0).get(timeout: patience) == 0)
            try await chords.start([ChordStart(groupID: "group", size: 2)], timeout: .seconds(5))
            #expect(try await part(1).get(timeout: patience) == 2)
            #expect(try await AsyncResult<[Int]>(id: "body", app: app).get(timeout: patience) == [0, 2])
        }
    }
}

/// How often the tasks that are sent have been replaced.
private final class Nestings: CeleryMiddleware {
    private let nestings = Mutex<[String: Int]>([:])
    var all: [String: Int] { nestings.withLock { $0 } }

    func beforePublish(_ message: inout Message) {
        let headers = message.headers
        nestings.withLock { $0[headers.task] = headers.replacedTaskNesting }
    }
}

/// What the workflows here are made of.
struct SemanticsTasks: Sendable {
    /// What tasks wrote down, in order.
    final class Calls: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func note(_ line: String) { lines.withLock { $0.append(line) } }
    }

    struct Boom: CeleryErrorConvertible {
        var exceptionInfo: ExceptionInfo { ExceptionInfo(type: "ValueError", arguments: ["boom"], module: "builtins") }
    }

    let app: CeleryApp
    let calls = Calls()
    let add: TaskHandle<Int, Int, Int>
    let mul: TaskHandle<Int, Int, Int>
    let sum: TaskHandle<[Int], Int>
    let count: TaskHandle<[Int], Int>
    let list: TaskHandle<[Int], [Int]>
    let boom: TaskHandle<Int, Int>
    let done: TaskHandle<Int, Int>
    let alert: TaskHandle<String, String>

    init(app: CeleryApp = TestApp.make()) {
        self.app = app
        let calls = self.calls
        add = app.task("add") { (x: Int, y: Int) in x + y }
        mul = app.task("mul") { (x: Int, y: Int) in x * y }
        sum = app.task("sum") { (values: [Int]) in values.reduce(0, +) }
        count = app.task("count") { (values: [Int]) in values.count }
        list = app.task("list") { (values: [Int]) in values }
        boom = app.task("boom") { (_: Int) -> Int in throw Boom() }
        done = app.task("done") { (value: Int) -> Int in
            calls.note("done \(value)")
            return value
        }
        alert = app.task("alert") { (id: String) -> String in
            calls.note("alert \(id)")
            return id
        }
    }
}
