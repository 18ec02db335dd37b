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

@Suite("Workflows in a worker")
struct WorkflowTests {
    struct Boom: Error {}

    /// Tasks that the workflows here are made of.
    struct Tasks {
        let app = TestApp.make()
        let add: TaskHandle<Int, Int, Int>
        let mul: TaskHandle<Int, Int, Int>
        let sum: TaskHandle<[Int], Int>
        let boom: TaskHandle<Int, Int>

        init() {
            add = app.task("add") { (x: Int, y: Int) in x + y }
            mul = app.task("mul") { (x: Int, y: Int) in x * y }
            sum = app.task("sum") { (values: [Int]) in values.reduce(0, +) }
            boom = app.task("boom") { (_: Int) -> Int in throw Boom() }
        }
    }

    private let patience = Duration.seconds(60)

    private func running(_ app: CeleryApp, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withWorker(app, body)
    }

    @Test("Each step of a chain is given the result of the one before; an immutable one takes nothing")
    func chains() async throws {
        let tasks = Tasks()
        let (add, mul) = (tasks.add, tasks.mul)
        try await running(tasks.app) { () async throws -> Void in
            let result = try await chain(add.s(1, 2), mul.s(3), mul.s(4)).delay()
            #expect(try await result.get(timeout: patience) == 36)
            #expect(try await result.parent?.get(timeout: patience) == 9)
            #expect(try await result.parent?.parent?.get(timeout: patience) == 3)
            #expect(try await add.s(1, 2).then(mul.si(3, 3)).delay().get(timeout: patience) == 9)
        }
    }

    @Test("A group gives an array in its own order; an empty one an empty array")
    func groups() async throws {
        let tasks = Tasks()
        try await running(tasks.app) { () async throws -> Void in
            let result = try await group(0..<5) { tasks.add.s($0, $0) }.delay()
            #expect(try await result.join(timeout: patience) == [0, 2, 4, 6, 8])
            #expect(try await result.completedCount() == 5)
            #expect(try await group([Workflow<Complete, Int>]()).delay().join(timeout: patience) == [])
            var streamed: [Int: Int] = [:]
            for try await (index, value) in result.stream(timeout: patience) { streamed[index] = value }
            #expect(streamed == [0: 0, 1: 2, 2: 4, 3: 6, 4: 8])
        }
    }

    @Test("A group and a step after it is a chord: of none, one, many, and of chains and chords")
    func chords() async throws {
        let tasks = Tasks()
        let (add, mul, sum) = (tasks.add, tasks.mul, tasks.sum)
        try await running(tasks.app) { () async throws -> Void in
            for count in [0, 1, 3, 200] {
                let chord = group((0..<count).map { add.s($0, $0) }).then(sum.s())
                #expect(try await chord.delay().get(timeout: patience) == count * (count - 1))
            }
            let chains = group([add.s(1, 1).then(mul.s(2)), add.s(5, 5)]).then(sum.s()).then(mul.s(10))
            #expect(try await chains.delay().get(timeout: patience) == 140)
            let inner = group([add.s(2, 2), add.s(3, 3)]).then(sum.s())
            #expect(try await group([add.s(1, 1), inner]).then(sum.s()).delay().get(timeout: patience) == 12)
            let middle = add.s(1, 1).then(group([add.s(2), add.s(3)])).then(sum.s())
            #expect(try await middle.delay().get(timeout: patience) == 9)
        }
    }

    @Test("A group whose members are groups gives arrays of arrays, also to what follows it")
    func nestedGroups() async throws {
        let tasks = Tasks()
        let add = tasks.add
        let shape = tasks.app.task("shape") { (values: [[Int]]) in values.map { "\($0)" }.joined(separator: " ") }
        try await running(tasks.app) { () async throws -> Void in
            let nested = group([group([add.s(1, 1), add.s(2, 2)]), group([add.s(3, 3)])])
            #expect(try await nested.delay().join(timeout: patience) == [[2, 4], [6]])
            #expect(try await nested.then(shape.s()).delay().get(timeout: patience) == "[2, 4] [6]")
            let late = group([add.s(1, 1).then(group([add.s(1), add.s(2)]))]).then(shape.s())
            #expect(try await late.delay().get(timeout: patience) == "[3, 4]")
        }
    }

    @Test("A group of different types gives what its members give")
    func heterogeneous() async throws {
        let tasks = Tasks()
        let name = tasks.app.task("name") { (x: Int) in "n\(x)" }
        let both = tasks.app.task("both") { (parts: Gathered<Int, String>) in "\(parts.values.0) \(parts.values.1)" }
        try await running(tasks.app) { () async throws -> Void in
            let members = group(tasks.add.s(1, 2), name.s(7))
            let gathered = try await members.delay().get(timeout: patience).values
            #expect(gathered.0 == 3 && gathered.1 == "n7")
            #expect(try await members.then(both.s()).delay().get(timeout: patience) == "3 n7")
        }
    }

    @Test("What fails in a chain fails all that follows, with the same exception")
    func failingChain() async throws {
        let tasks = Tasks()
        let failed = Mutex<[String]>([])
        let alert = tasks.app.task("alert") { (id: String) in failed.withLock { $0.append(id) } }
        try await running(tasks.app) { () async throws -> Void in
            let result = try await tasks.add.s(1, 2).then(tasks.boom.s()).then(tasks.mul.s(4)).onError(alert.s())
                .delay()
            await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
            #expect(try await result.meta()?.outcome == result.parent?.meta()?.outcome)
            #expect(try await result.parent?.parent?.get(timeout: patience) == 3)
            #expect(try await eventually { failed.withLock { $0 == [result.parent?.id] } })
        }
    }

    @Test(
        "A chord with a member that failed fails with ChordError, when all members have ended; what follows fails too"
    )
    func failingChord() async throws {
        let tasks = Tasks()
        let failed = Mutex<[String]>([])
        let alert = tasks.app.task("alert") { (id: String) in failed.withLock { $0.append(id) } }
        try await running(tasks.app) { () async throws -> Void in
            let header = group([tasks.add.s(1, 1), tasks.boom.s(1), tasks.add.s(2, 2)])
            let result = try await header.then(tasks.sum.s()).then(tasks.mul.s(2)).onError(alert.s()).delay()
            let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
            #expect(error?.exception?.type == "ChordError")
            #expect(error?.exception?.message.hasPrefix("Dependency ") == true)
            let outer = group([tasks.add.s(1, 1), header.then(tasks.sum.s())]).then(tasks.sum.s())
            let nested = await #expect(throws: CeleryError.self) { try await outer.delay().get(timeout: patience) }
            #expect(nested?.exception?.type == "ChordError")
            #expect(try await eventually { failed.withLock { !$0.isEmpty } })
        }
    }

    @Test("A task may be replaced by another, a chain or a group; what followed it follows that")
    func replacing() async throws {
        let tasks = Tasks()
        let (app, add, mul, sum) = (tasks.app, tasks.add, tasks.mul, tasks.sum)
        let replacer = app.task("replacer") { (context: TaskContext, x: Int) -> Int in
            throw context.replace(with: add.s(x, 100))
        }
        let chained = app.task("chained") { (context: TaskContext, x: Int) -> Int in
            throw context.replace(with: add.s(x, 1).then(mul.s(3)))
        }
        let grouped = app.task("grouped") { (context: TaskContext, x: Int) -> [Int] in
            throw context.replace(with: group([add.s(x, 1), add.s(x, 2)]))
        }
        try await running(app) { () async throws -> Void in
            #expect(try await replacer.delay(1).get(timeout: patience) == 101)
            #expect(try await add.s(1, 1).then(replacer.s()).then(mul.s(2)).delay().get(timeout: patience) == 204)
            #expect(try await chained.s(1).then(mul.s(2)).delay().get(timeout: patience) == 12)
            #expect(try await group([replacer.s(1), add.s(2, 2)]).then(sum.s()).delay().get(timeout: patience) == 105)
            #expect(try await group([chained.s(1), add.s(2, 2)]).then(sum.s()).delay().get(timeout: patience) == 10)
            #expect(try await grouped.s(1).then(sum.s()).delay().get(timeout: patience) == 5)
        }
    }

    @Test("A part may be added to a chord that is under way")
    func addingToChords() async throws {
        let tasks = Tasks()
        let adder = tasks.app.task("adder") { (context: TaskContext, x: Int) -> Int in
            try await context.addToChord(tasks.add.s(x, 1000))
            return x
        }
        try await running(tasks.app) { () async throws -> Void in
            let chord = group([adder.s(1), tasks.add.s(2, 2)]).then(tasks.sum.s())
            #expect(try await chord.delay().get(timeout: patience) == 1006)
        }
    }

    @Test("What is added to a chord whose header is nested comes behind the header's own", arguments: [false, true])
    func addingToNested(isEager: Bool) async throws {
        let app = TestApp.make { $0.taskAlwaysEager = isEager }
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        app.task("same") { (value: CeleryValue) in value }
        let adder = app.task("adder") { (context: TaskContext, x: Int) -> Int in
            try await context.addToChord(add.s(x, 1000))
            return x
        }
        let header = group([group([adder.s(1), add.s(2, 2)]), group([add.s(3, 3)])])
        try await withWorker(app) { () async throws -> Void in
            let chord = try await header.then(app.signature("same")).delay()
            #expect(try await chord.get(timeout: patience) == [[1, 4], [6], 1001])
        }
    }

    @Test("map and starmap are one task; chunks are a group of them")
    func maps() async throws {
        let tasks = Tasks()
        let (add, sum) = (tasks.add, tasks.sum)
        try await running(tasks.app) { () async throws -> Void in
            #expect(try await sum.map([[1, 2], [3, 4]]).delay().get(timeout: patience) == [3, 7])
            let calls = (0..<5).map { add.s($0, $0) }
            #expect(try await add.starmap(calls).delay().get(timeout: patience) == [0, 2, 4, 6, 8])
            #expect(try await add.chunks(calls, of: 2).delay().join(timeout: patience) == [[0, 2], [4, 6], [8]])
        }
    }

    @Test("A group can be saved, restored and forgotten")
    func saving() async throws {
        let tasks = Tasks()
        try await running(tasks.app) { () async throws -> Void in
            let result = try await group([tasks.add.s(1, 1), tasks.add.s(2, 2)]).delay()
            try await result.save()
            let restored = try #require(try await GroupResult<Int>.restore(id: result.id, app: tasks.app))
            #expect(try await restored.join(timeout: patience) == [2, 4])
            try await result.delete()
            #expect(try await GroupResult<Int>.restore(id: result.id, app: tasks.app) == nil)
        }
    }
}
