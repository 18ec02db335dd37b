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
import Testing

/// A result store of somebody else's, which keeps results and counts nothing.
@Suite("Chords whose parts nobody counts", .timeLimit(.minutes(5)))
struct PolledChordTests {
    private let patience = Duration.seconds(60)
    private let tasks: SemanticsTasks

    init() {
        var hooks = HookedBackend.Hooks()
        hooks.counts = false
        let app = HookedBackend.app(MemoryStore(name: "uncounted"), hooks) {
            $0.resultChordRetryInterval = .milliseconds(20)
        }
        tasks = SemanticsTasks(app: app)
    }

    private func failure<Output>(_ result: AsyncResult<Output>) async -> String? {
        let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
        return error?.exception?.type
    }

    @Test("Empty, of one and of many parts, of chains and chords, and in a chain they come to what they should")
    func values() async throws {
        let (add, mul, sum, list) = (tasks.add, tasks.mul, tasks.sum, tasks.list)
        try await withWorker(tasks.app) { () async throws -> Void in
            for count in [0, 1, 3, 50] {
                let chord = group((0..<count).map { add.s($0, $0) }).then(sum.s())
                #expect(try await chord.delay().get(timeout: patience) == count * (count - 1))
            }
            let inner = group([add.s(2, 2), add.s(3, 3)]).then(sum.s())
            let outer = group([add.s(1, 1).then(mul.s(2)), inner]).then(sum.s()).then(mul.s(10))
            #expect(try await outer.delay().get(timeout: patience) == 140)
            let later = add.s(1, 1).then(group([add.s(2), add.s(3)])).then(list.s())
            #expect(try await later.delay().get(timeout: patience) == [4, 5])
        }
    }

    @Test("Nested headers give nested arrays; a body may be a group")
    func groups() async throws {
        let (add, sum, count) = (tasks.add, tasks.sum, tasks.count)
        let sizes = tasks.app.task("sizes") { (values: [[Int]]) in values.map(\.count) }
        try await withWorker(tasks.app) { () async throws -> Void in
            let nested = group([group([add.s(1, 1), add.s(2, 2)]), group([add.s(3, 3)])]).then(sizes.s())
            #expect(try await nested.delay().get(timeout: patience) == [2, 1])
            let bodies = group([add.s(1, 1), add.s(2, 2)]).then(group([sum.s(), count.s()]))
            #expect(try await bodies.delay().join(timeout: patience) == [6, 2])
        }
    }

    @Test("With a part that failed all of the body fails, the chord around it too, and the errback is told")
    func failures() async throws {
        let (add, mul, sum, boom) = (tasks.add, tasks.mul, tasks.sum, tasks.boom)
        try await withWorker(tasks.app) { () async throws -> Void in
            let body = sum.s().then(mul.s(2))
            let chord = try await group([add.s(1, 1), boom.s(1)]).then(body).onError(tasks.alert.s()).delay()
            #expect(await failure(chord) == "ChordError")
            let before = try #require(chord.parent)
            #expect(await failure(before) == "ChordError")
            #expect(try await eventually { tasks.calls.all == ["alert \(chord.id)"] })
            let outer = try await group([add.s(1, 1), group([boom.s(1)]).then(sum.s())]).then(sum.s()).delay()
            #expect(await failure(outer) == "ChordError")
        }
    }

    @Test("Nothing can be added to them")
    func adding() async throws {
        let add = tasks.add
        let adder = tasks.app.task("adder") { (context: TaskContext, x: Int) -> Int in
            try await context.addToChord(add.s(x, 1000))
            return x
        }
        try await withWorker(tasks.app) { () async throws -> Void in
            let chord = try await group([adder.s(1), add.s(2, 2)]).then(tasks.sum.s()).delay()
            #expect(await failure(chord) == "ChordError")
        }
    }

    @Test("Without any result store they are refused when they are sent")
    func refused() async throws {
        let tasks = SemanticsTasks(app: TestApp.make { $0.resultBackend = "disabled" })
        let chord = group([tasks.add.s(1, 1), tasks.add.s(2, 2)]).then(tasks.sum.s())
        let error = await #expect(throws: CeleryError.self) { try await chord.delay() }
        #expect(error?.code == .backendUnavailable)
        #expect(error?.message.contains("set result_backend") == true)
    }

    @Test("What is stored of a long body fails with it")
    func longBody() async throws {
        var hooks = HookedBackend.Hooks()
        hooks.counts = false
        let app = HookedBackend.app(MemoryStore(name: "uncounted long body"), hooks) {
            $0.resultChordRetryInterval = .milliseconds(20)
            $0.taskChainInlineLimit = 3
        }
        let tasks = SemanticsTasks(app: app)
        try await withWorker(app) { () async throws -> Void in
            let body = (0..<10).reduce(tasks.sum.s()) { chain, _ in chain.then(tasks.mul.s(2)) }
            let chord = try await group([tasks.boom.s(1)]).then(body).delay()
            #expect(await failure(chord) == "ChordError")
            var steps = 1
            var step = chord.parent
            while let one = step, steps < 11 {
                #expect(try await eventually { try await one.state() == .failure }, "\(steps)")
                steps += 1
                step = one.parent
            }
            #expect(steps == 11)
        }
    }
}
