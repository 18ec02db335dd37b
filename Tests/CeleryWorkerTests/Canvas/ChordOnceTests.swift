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

@Suite("The body of a chord is sent once", .timeLimit(.minutes(5)))
struct ChordOnceTests {
    private let patience = Duration.seconds(60)

    @Test("That a chord is over is said again until the result store has heard it")
    func finish() async throws {
        let calls = Mutex(0)
        let store = MemoryStore(name: "unfinished")
        var hooks = HookedBackend.Hooks()
        hooks.finish = { () throws(TransportError) in
            let isEarly = calls.withLock { calls in
                calls += 1
                return calls < 3
            }
            if isEarly { throw TransportError(.timedOut, "no answer") }
        }
        let app = HookedBackend.app(store, hooks)
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let sum = app.task("sum") { (values: [Int]) in values.reduce(0, +) }
        try await withWorker(app) { () async throws -> Void in
            let chord = try await group([add.s(1, 1), add.s(2, 2)]).then(sum.s()).delay()
            #expect(try await chord.get(timeout: patience) == 6)
            let header = try #require(chord.parent)
            let again = ChordPart(
                groupID: header.id,
                index: 0,
                taskID: "whoever",
                state: .success,
                value: EncodedValue(2),
                claimant: "another"
            )
            let chords = try #require(store.backend.chords)
            #expect(try await eventually { calls.withLock { $0 } == 3 })
            #expect(try await eventually { try await chords.count([again], timeout: .seconds(5)) == [.over] })
        }
        #expect(calls.withLock { $0 } == 3)
    }

    @Test("A settlement that took effect although it timed out is not made again, and ends its chord")
    func unheard() async throws {
        let runs = Mutex(0)
        let calls = Mutex(0)
        let store = MemoryStore(name: "unheard")
        var hooks = HookedTransport.Hooks()
        hooks.afterSettling = { (settlements: [Settlement]) async throws(TransportError) -> Void in
            guard settlements.send("sum") else { return }
            calls.withLock { $0 += 1 }
            throw TransportError(.timedOut, "no answer")
        }
        let app = HookedTransport.app(store, hooks)
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let sum = app.task("sum") { (values: [Int]) in
            runs.withLock { $0 += 1 }
            return values.reduce(0, +)
        }
        let chords = try #require(store.backend.chords)
        try await withWorker(app) { () async throws -> Void in
            let chord = try await group([add.s(1, 1), add.s(2, 2)]).then(sum.s()).delay()
            #expect(try await chord.get(timeout: patience) == 6)
            let again = ChordPart(
                groupID: try #require(chord.parent).id,
                index: 0,
                taskID: "whoever",
                state: .success,
                value: EncodedValue(2),
                claimant: "another"
            )
            #expect(try await eventually { try await chords.count([again], timeout: .seconds(5)) == [.over] })
            // What is settled after that comes behind a body that was sent again.
            for number in 1...2 { #expect(try await add.delay(number, 0).get(timeout: patience) == number) }
        }
        #expect(calls.withLock { $0 } == 1)
        #expect(runs.withLock { $0 } == 1)
    }

    @Test("A part that never runs, since a step before it failed, is counted before its failure is stored")
    func countedBeforeStored() async throws {
        let store = MemoryStore(name: "abandoned part")
        let states = Mutex<[TaskState?]>([])
        let part = TaskID.random()
        var hooks = HookedBackend.Hooks()
        hooks.count = { () async throws(TransportError) in
            let state = try await store.backend.fetch([part], timeout: .seconds(5))[part]?.state
            states.withLock { $0.append(state) }
        }
        let app = HookedBackend.app(store, hooks)
        let fail = app.task("fail") { (x: Int) -> Int in throw CeleryError(.taskFailed, "no luck") }
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let sum = app.task("sum") { (values: [Int]) in values.reduce(0, +) }
        try await withWorker(app) { () async throws -> Void in
            let member = fail.s(1).then(add.s(1).set(SendOptions(taskID: part)))
            let chord = try await group([member]).then(sum.s()).delay()
            await #expect(throws: CeleryError.self) { try await chord.get(timeout: patience) }
            // A Python worker that runs the first step again, after a death in between, counts none that has failed.
            #expect(states.withLock { $0 } == [nil])
            #expect(
                try await eventually {
                    try await store.backend.fetch([part], timeout: .seconds(5))[part]?.state == .failure
                }
            )
        }
    }

    /// What the second test has seen and lets happen.
    private final class Gate: Sendable {
        private struct State {
            var runs = 0
            var refusals = 0
            var isOpen = false
            var isStarted = false
        }

        private let state = Mutex(State())

        func run() { state.withLock { $0.runs += 1 } }
        var runs: Int { state.withLock { $0.runs } }
        var refusals: Int { state.withLock { $0.refusals } }
        func open() { state.withLock { $0.isOpen = true } }

        func refuses() -> Bool {
            state.withLock { state in
                state.refusals += state.isOpen ? 0 : 1
                return !state.isOpen
            }
        }

        /// Whether it is asked for the first time.
        func starts() -> Bool {
            state.withLock { state in
                defer { state.isStarted = true }
                return !state.isStarted
            }
        }
    }

    @Test("A body that is due only when a settlement is repeated is sent, whatever left with the first attempt")
    func laterBody() async throws {
        let store = MemoryStore(name: "late body")
        let gate = Gate()
        let chords = try #require(store.backend.chords)
        var hooks = HookedBackend.Hooks()
        hooks.store = { (results: [StoredResult]) async throws(TransportError) -> Void in
            if gate.refuses() { throw TransportError(.unavailable, "not yet") }
            // The part was counted then, of a chord of unknown size, and what follows the other task has left.
            guard results.contains(where: { $0.meta.taskID == "other" }), gate.starts() else { return }
            try await chords.start([ChordStart(groupID: "group", size: 1)], timeout: .seconds(5))
            throw TransportError(.unavailable, "not yet")
        }
        let app = HookedBackend.app(store, hooks)
        let echo = app.task("echo") { (x: Int) -> Int in
            gate.run()
            return x
        }
        let list = app.task("list") { (values: [Int]) in values }
        var body = try list.s().signature()
        body.options["task_id"] = "body"
        var part = try echo.s(5).signature()
        part.options["group_id"] = "group"
        part.options["group_index"] = 0
        part.options["chord"] = try body.value()
        var other = try echo.s(6).signature()
        other.options["task_id"] = "other"
        other.options["link"] = .array([try app.immutableSignature("list", args: [[6]]).signature().value()])
        for call in [part, other] { try await app.workflow(call).delay() }
        try await withWorker(app) { () async throws -> Void in
            #expect(try await eventually { gate.runs == 2 })
            let before = gate.refusals
            // Both are in one batch then.
            #expect(try await eventually { gate.refusals >= before + 3 })
            gate.open()
            #expect(try await AsyncResult<[Int]>(id: "body", app: app).get(timeout: patience) == [5])
        }
    }
}
