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
    private let patience = Duration.seconds(60)
    private let tasks = SemanticsTasks()

    private func running(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withWorker(tasks.app, body)
    }

    private func failure<Output>(_ result: AsyncResult<Output>) async -> String? {
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
        try await running { () async throws -> Void in
            let result = try await tasks.add.s(2, 3).link(tasks.done.s()).delay()
            #expect(try await result.get(timeout: patience) == 5)
            #expect(try await result.children().count == 1)
            #expect(try await eventually { tasks.calls.all == ["done 5"] })
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

    // MARK: - Chords

    @Test("A chord's body is given the results in the header's order, not in that in which they ended")
    func order() async throws {
        let door = Doorway()
        let slow = tasks.app.task("slow") { (x: Int, _: Int) -> Int in
            await door.waitUntilOpen()
            return x
        }
        let fast = tasks.app.task("fast") { (x: Int, _: Int) -> Int in
            door.open()
            return x
        }
        let list = tasks.app.task("list") { (values: [Int]) in values }
        try await running { () async throws -> Void in
            let chord = try await group([slow.s(1, 0), fast.s(2, 0)]).then(list.s()).delay()
            #expect(try await chord.get(timeout: patience) == [1, 2])
        }
    }

    @Test("A chord's id is known when it is sent, and its parent is the header's group")
    func parent() async throws {
        try await running { () async throws -> Void in
            let chord = try await group([tasks.add.s(1, 1), tasks.add.s(2, 2)]).then(tasks.sum.s()).delay()
            #expect(try await chord.parent?.get(timeout: patience) == [2, 4])
            #expect(try await chord.get(timeout: patience) == 6)
            #expect(try await chord.meta()?.taskID == chord.id)
        }
    }

    @Test("A failed part fails the chord only when all other parts have ended")
    func failsLast() async throws {
        let door = Doorway()
        let slow = tasks.app.task("slow") { (x: Int) -> Int in
            await door.waitUntilOpen()
            return x
        }
        try await running { () async throws -> Void in
            var boom = try tasks.boom.s(1).signature()
            boom.options["task_id"] = "failing"
            let header = try group([slow.s(1).signature(), boom].map(tasks.app.workflow))
            let chord = try await header.then(tasks.app.signature("sum")).delay()
            let part = AsyncResult<Int>(id: "failing", app: tasks.app)
            #expect(await failure(part) == "ValueError")
            // Settled after it, so the failed part was counted before.
            #expect(try await tasks.add.delay(1, 1).get(timeout: patience) == 2)
            #expect(try await chord.state() == .pending)
            door.open()
            #expect(await failure(chord) == "ChordError")
        }
    }

    @Test("An error in a chord's header reaches its body's errback, with the body's id, and not the header's")
    func bodyErrback() async throws {
        try await running { () async throws -> Void in
            let header = group([tasks.add.s(1, 1), tasks.boom.s(1)])
            let chord = try await header.then(tasks.sum.s()).onError(tasks.alert.s()).delay()
            #expect(await failure(chord) == "ChordError")
            #expect(try await eventually { tasks.calls.all == ["alert \(chord.id)"] })
        }
    }

    @Test(
        "When the body of a failed chord is a group each of its members fails, and each errback is called once, for the last"
    )
    func groupBody() async throws {
        let calls = tasks.calls
        let tell = tasks.app.task("tell") { (id: String) -> String in
            calls.note("tell \(id)")
            return id
        }
        try await running { () async throws -> Void in
            let header = group([tasks.add.s(1, 1), tasks.boom.s(1)])
            let count = tasks.count.s().onError(tasks.alert.s()).onError(tell.s())
            let chord = try await header.then(group([tasks.sum.s().onError(tasks.alert.s()), count])).delay()
            for member in chord.members { #expect(await failure(member) == "ChordError") }
            let last = try #require(chord.members.last)
            #expect(try await eventually { calls.all.count >= 2 })
            // Sent after them, so that a third would have come before it.
            #expect(try await tasks.add.delay(1, 1).get(timeout: patience) == 2)
            #expect(calls.all.sorted() == ["alert \(last.id)", "tell \(last.id)"])
        }
    }

    @Test("A part that is retried counts once, at its end")
    func retriedPart() async throws {
        let flaky = tasks.app.task("flaky", options: TaskOptions(retry: RetryPolicy(limit: 3, delay: .constant(.zero))))
        {
            (context: TaskContext, x: Int) -> Int in
            if context.retries < 2 { throw context.retry(countdown: .zero) }
            return x
        }
        try await running { () async throws -> Void in
            let chord = try await group([flaky.s(5), tasks.add.s(1, 1)]).then(tasks.list.s()).delay()
            #expect(try await chord.get(timeout: patience) == [5, 2])
        }
    }

    @Test("A part whose task ignores its result counts all the same, with its result")
    func ignoredResult() async throws {
        let silent = tasks.app.task("silent", options: TaskOptions(ignoreResult: true)) { (x: Int) in x }
        try await running { () async throws -> Void in
            let chord = try await group([silent.s(5), tasks.add.s(1, 1)]).then(tasks.list.s()).delay()
            #expect(try await chord.get(timeout: patience) == [5, 2])
        }
    }

    @Test("A part that throws Ignore does not count: its chord never ends")
    func ignoredPart() async throws {
        let ignoring = tasks.app.task("ignoring") { (x: Int) -> Int in
            tasks.calls.note("ignored")
            throw Ignore()
        }
        try await running { () async throws -> Void in
            let chord = try await group([ignoring.s(5), tasks.add.s(1, 1)]).then(tasks.list.s()).delay()
            #expect(try await eventually { tasks.calls.all == ["ignored"] })
            #expect(try await tasks.add.delay(1, 1).get(timeout: patience) == 2)
            #expect(try await chord.state() == .pending)
        }
    }

    @Test("A revoked part counts, and fails its chord")
    func revokedPart() async throws {
        try await running { () async throws -> Void in
            let id = TaskID.random()
            try await tasks.app.revoke([id])
            var part = try tasks.add.s(1, 1).signature()
            part.options["task_id"] = .string(id)
            let other = try tasks.add.s(2, 2).signature()
            let header = try group([part, other].map(tasks.app.workflow))
            let chord = try await header.then(tasks.app.signature("sum")).delay()
            #expect(await failure(chord) == "ChordError")
        }
    }

    @Test("A replaced part counts once, in the place that it had")
    func replacedPart() async throws {
        let replacer = tasks.app.task("replacer") { (context: TaskContext, x: Int) -> Int in
            throw context.replace(with: tasks.add.s(x, 100).then(tasks.add.s(1)))
        }
        try await running { () async throws -> Void in
            let chord = try await group([replacer.s(5), tasks.add.s(1, 1)]).then(tasks.list.s()).delay()
            #expect(try await chord.get(timeout: patience) == [106, 2])
        }
    }

    // MARK: - replace, groups

    @Test("replace keeps the id, says how often, and stores nothing of the task that it replaces")
    func replaceKeepsID() async throws {
        let target = tasks.app.task("target") { (context: TaskContext) in context.id }
        let replacer = tasks.app.task("replacer") { (context: TaskContext) -> String in
            throw context.replace(with: target.s())
        }
        try await running { () async throws -> Void in
            let result = try await replacer.delay()
            #expect(try await result.get(timeout: patience) == result.id)
            let seen = try await tasks.add.s(1, 1).delay().get(timeout: patience)
            #expect(seen == 2)
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

    let app = TestApp.make()
    let calls = Calls()
    let add: TaskHandle<Int, Int, Int>
    let mul: TaskHandle<Int, Int, Int>
    let sum: TaskHandle<[Int], Int>
    let count: TaskHandle<[Int], Int>
    let list: TaskHandle<[Int], [Int]>
    let boom: TaskHandle<Int, Int>
    let done: TaskHandle<Int, Int>
    let alert: TaskHandle<String, String>

    init() {
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
