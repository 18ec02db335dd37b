//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Synchronization
import Testing

@Suite("Workflows without a broker")
struct EagerWorkflowTests {
    /// An app that cannot send: its broker is of a kind that nobody has registered.
    private static func app(_ configure: (inout CelerySettings) -> Void = { _ in }) -> CeleryApp {
        TestApp.make {
            $0.brokerURL = "nowhere://"
            $0.taskAlwaysEager = true
            configure(&$0)
        }
    }

    private struct Tasks {
        let app: CeleryApp
        let add: TaskHandle<Int, Int, Int>
        let sum: TaskHandle<[Int], Int>
        let boom: TaskHandle<Int, Int>
        private let notes: Notes

        final class Notes: Sendable {
            let lines = Mutex<[String]>([])
        }

        var noted: [String] { notes.lines.withLock { $0 } }

        init(_ app: CeleryApp) {
            let notes = Notes()
            self.app = app
            self.notes = notes
            add = app.task("add") { (context: TaskContext, x: Int, y: Int) in
                #expect(context.isEager)
                notes.lines.withLock { $0.append("add \(x) \(y)") }
                return x + y
            }
            sum = app.task("sum") { (values: [Int]) in values.reduce(0, +) }
            boom = app.task("boom") { (_: Int) -> Int in throw WorkflowTests.Boom() }
        }

        func note(_ line: String) { notes.lines.withLock { $0.append(line) } }
    }

    @Test("Chains, groups, chords and all of them in each other come to what they come to in a worker")
    func shapes() async throws {
        let tasks = Tasks(Self.app())
        let (add, sum) = (tasks.add, tasks.sum)
        #expect(try await add.s(1, 2).then(add.s(3)).then(add.si(7, 7)).delay().get() == 14)
        #expect(try await group(0..<4) { add.s($0, $0) }.delay().join() == [0, 2, 4, 6])
        #expect(try await group([Workflow<Complete, Int>]()).delay().join() == [])
        for count in [0, 1, 3, 200] {
            let chord = group((0..<count).map { add.s($0, $0) }).then(sum.s())
            #expect(try await chord.delay().get() == count * (count - 1))
        }
        let inner = group([add.s(2, 2), add.s(3, 3)]).then(sum.s())
        #expect(try await group([add.s(1, 1).then(add.s(1)), inner]).then(sum.s()).then(add.s(1)).run() == 14)
        let nested = group([group([add.s(1, 1), add.s(2, 2)]), group([add.s(3, 3)])])
        #expect(try await nested.run() == [[2, 4], [6]])
        let shape = tasks.app.task("shape") { (values: [[Int]]) in values.map { "\($0)" }.joined(separator: " ") }
        #expect(try await nested.then(shape.s()).run() == "[2, 4] [6]")
        #expect(try await add.s(1, 1).then(group([add.s(1), add.s(2)])).run() == [3, 4])
        #expect(try await add.starmap([add.s(1, 2), add.s(3, 4)]).run() == [3, 7])
    }

    @Test("Results know what each task came to, before and after it, and can be collected and drawn")
    func results() async throws {
        let tasks = Tasks(Self.app())
        let (add, sum) = (tasks.add, tasks.sum)
        let result = try await add.s(1, 2).then(group([add.s(1), add.s(2)])).then(sum.s()).delay()
        #expect(try await result.successful())
        let header = try #require(result.parent)
        #expect(try await header.get() == [4, 5])
        #expect(try await header.ready())
        let first = try #require(header.parent)
        var values: [CeleryValue] = []
        for try await (_, value) in first.collect() { values.append(value) }
        #expect(values == [3, [4, 5], 9, 4, 5])
        #expect(try await first.graph().nodes.count == 4)
        let members = try await group([add.s(1, 1), tasks.boom.s(1)]).delay()
        #expect(try await members.completedCount() == 1)
        #expect(try await members.failed())
    }

    @Test("A failure fails what follows; chords fail with ChordError; errbacks and callbacks are called")
    func failures() async throws {
        let tasks = Tasks(Self.app())
        let (add, sum, boom) = (tasks.add, tasks.sum, tasks.boom)
        let alert = tasks.app.errback("alert") { (failed: FailedTask) in tasks.note("alert \(failed.exception.type)") }
        let old = tasks.app.task("old") { (id: String) in tasks.note("old \(id)") }
        let chain = try await add.s(1, 2).then(boom.s()).then(add.s(4)).onError(alert.s()).onError(old.s()).delay()
        let failed = try #require(chain.parent)
        #expect(try await failed.state() == .failure)
        #expect(try await chain.meta()?.outcome == failed.meta()?.outcome)
        #expect(tasks.noted == ["add 1 2", "alert WorkflowTests.Boom", "old \(failed.id)"])
        let chord = try await group([add.s(1, 1), boom.s(1)]).then(sum.s()).then(add.s(1)).onError(alert.s()).delay()
        let error = await #expect(throws: CeleryError.self) { try await chord.get() }
        #expect(error?.exception?.type == "ChordError")
        #expect(tasks.noted.suffix(2) == ["add 1 1", "alert ChordError"])
        let outer = group([add.s(1, 1), group([boom.s(1)]).then(sum.s())]).then(sum.s())
        let nested = await #expect(throws: CeleryError.self) { try await outer.run() }
        #expect(nested?.exception?.type == "ChordError")
        _ = try await add.s(5, 5).link(add.s(6)).delay()
        #expect(tasks.noted.suffix(2) == ["add 5 5", "add 10 6"])
    }

    @Test("Retries, replacements, additions to a chord, and tasks that send tasks")
    func fromTasks() async throws {
        let tasks = Tasks(Self.app())
        let (app, add, sum) = (tasks.app, tasks.add, tasks.sum)
        let flaky = app.task("flaky") { (context: TaskContext, x: Int) -> Int in
            if context.retries < 2 { throw context.retry(countdown: .seconds(3600)) }
            return x + context.retries
        }
        #expect(try await flaky.s(1).then(add.s(10)).run() == 13)
        let replaced = app.task("replaced") { (context: TaskContext, x: Int) -> Int in
            throw context.replace(with: add.s(x, 1).then(add.s(2)))
        }
        #expect(try await replaced.s(1).then(add.s(10)).delay().get() == 14)
        #expect(try await group([replaced.s(1), replaced.s(2)]).then(sum.s()).run() == 9)
        let adding = app.task("adding") { (context: TaskContext, x: Int) -> Int in
            try await context.addToChord(add.s(x, 100))
            return x
        }
        #expect(try await group([adding.s(1), adding.s(2)]).then(sum.s()).run() == 206)
        let sending = app.task("sending") { () -> Int in
            try await group([add.s(1, 1), add.s(2, 2)]).then(sum.s()).delay().get()
        }
        let result = try await sending.s().then(add.s(1)).delay()
        #expect(try await result.get() == 7)
        #expect(try await result.parent?.children().count == 3)
        let ignoring = app.task("ignoring") { (_: Int) -> Int in throw Ignore() }
        let error = await #expect(throws: CeleryError.self) { try await ignoring.s(1).then(add.s(1)).run() }
        #expect(error?.code == .resultIgnored)
    }

    @Test("task_eager_propagates throws the first error, and runs nothing more")
    func propagates() async throws {
        let tasks = Tasks(Self.app { $0.taskEagerPropagates = true })
        let alert = tasks.app.errback("alert") { (failed: FailedTask) in tasks.note("alert \(failed.exception.type)") }
        let header = group([tasks.add.s(1, 1), tasks.boom.s(1), tasks.add.s(2, 2)])
        let error = await #expect(throws: CeleryError.self) {
            try await header.then(tasks.sum.s()).onError(alert.s()).delay()
        }
        #expect(error?.exception?.type == "WorkflowTests.Boom")
        #expect(tasks.noted == ["add 1 1"])
        await #expect(throws: CeleryError.self) { try await tasks.boom.s(1).onError(alert.s()).delay() }
        #expect(tasks.noted == ["add 1 1", "alert WorkflowTests.Boom"])
    }

    @Test("task_store_eager_result stores each of them", arguments: [true, false])
    func storing(stores: Bool) async throws {
        let tasks = Tasks(
            Self.app {
                $0.resultBackend = "memory://"
                $0.taskStoreEagerResult = stores
            }
        )
        let result = try await tasks.boom.s(1).then(tasks.add.s(1)).delay()
        let ids = [result.id, try #require(result.parent).id]
        let stored = try await tasks.app.resultBackend().fetch(ids, timeout: .seconds(10))
        #expect(stored.count == (stores ? 2 : 0))
        #expect(stored.values.allSatisfy { $0.state == .failure })
    }

    @Test("A task that is not registered fails inside a workflow")
    func unregistered() async throws {
        let tasks = Tasks(Self.app())
        let error = await #expect(throws: CeleryError.self) {
            try await tasks.add.s(1, 2).then(tasks.app.signature("elsewhere")).run()
        }
        #expect(error?.exception?.type == "NotRegistered")
    }
}
