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

@Suite("What waits for an outcome that can never take effect", .timeLimit(.minutes(5)))
struct UnsettleableTests {
    private let patience = Duration.seconds(60)
    private let tasks = SemanticsTasks()

    private func failure<Output>(_ result: AsyncResult<Output>) async -> String? {
        let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
        return error?.exception?.type
    }

    /// The same call, at an exchange that does not exist.
    private func lost(_ call: Signature) -> Signature {
        var lost = call
        lost.options["exchange"] = "nowhere"
        lost.options["routing_key"] = "x"
        return lost
    }

    private func letters() async throws -> [String?] {
        try await tasks.app.transport().deadLetters.list(.all, limit: 10).map(\.taskID)
    }

    @Test("A part whose callback cannot be sent fails, is counted, and ends its chord")
    func chordMember() async throws {
        var member = try tasks.add.s(1, 1).signature()
        member.options["task_id"] = "lost"
        member.options["link"] = .array([try lost(try tasks.done.s().signature()).value()])
        let header = try group([member, tasks.add.s(2, 2).signature()].map(tasks.app.workflow))
        try await withWorker(tasks.app) { () async throws -> Void in
            let chord = try await header.then(tasks.app.signature("sum")).onError(tasks.alert.s()).delay()
            #expect(await failure(chord) == "ChordError")
            #expect(await failure(AsyncResult<Int>(id: "lost", app: tasks.app)) == "OperationalError")
            #expect(try await eventually { try await letters() == ["lost"] })
            #expect(try await eventually { tasks.calls.all == ["alert \(chord.id)"] })
        }
    }

    @Test("When the second of three steps cannot be sent all three fail, and the first calls its errback")
    func chain() async throws {
        let second = try tasks.app.workflow(lost(try tasks.add.s(1).signature()))
        let steps = tasks.app.signature("add", args: [1, 1]).then(second).then(tasks.app.signature("add", args: [1]))
        try await withWorker(tasks.app) { () async throws -> Void in
            let chain = try await steps.onError(tasks.alert.s()).delay()
            #expect(await failure(chain) == "OperationalError")
            let middle = try #require(chain.parent)
            let first = try #require(middle.parent)
            #expect(await failure(middle) == "OperationalError")
            #expect(await failure(first) == "OperationalError")
            #expect(try await eventually { try await letters() == [first.id] })
            #expect(try await eventually { tasks.calls.all == ["alert \(first.id)"] })
        }
    }

    @Test("A chord that such a chain is a part of ends too")
    func chainInChord() async throws {
        let second = try tasks.app.workflow(lost(try tasks.add.s(1).signature()))
        let steps = tasks.app.signature("add", args: [1, 1]).then(second).then(tasks.app.signature("add", args: [1]))
        let header = group([steps, tasks.app.signature("add", args: [2, 2])])
        try await withWorker(tasks.app) { () async throws -> Void in
            let chord = try await header.then(tasks.app.signature("sum")).delay()
            #expect(await failure(chord) == "ChordError")
        }
    }

    @Test("A body that cannot be sent fails, and the part that was the last has succeeded all the same")
    func body() async throws {
        let body = try tasks.app.workflow(lost(try tasks.sum.s().signature()))
        let header = group([tasks.app.signature("add", args: [1, 1]), tasks.app.signature("add", args: [2, 2])])
        try await withWorker(tasks.app) { () async throws -> Void in
            let chord = try await header.then(body).onError(tasks.alert.s()).delay()
            #expect(await failure(chord) == "ChordError")
            #expect(try await chord.parent?.get(timeout: patience) == [2, 4])
            #expect(try await eventually { tasks.calls.all == ["alert \(chord.id)"] })
            #expect(try await letters().isEmpty)
        }
    }

    @Test("That an attempt to settle had failed for the moment before changes nothing of that")
    func afterOutage() async throws {
        let failures = Mutex<Set<String>>([])
        var hooks = HookedTransport.Hooks()
        // Once with the body; it had no effect, but who makes the attempt cannot know that.
        hooks.beforeSettling = { (settlements: [Settlement]) async throws(TransportError) -> Void in
            guard settlements.send("sum"), failures.withLock({ $0.insert("settle").inserted }) else { return }
            throw TransportError(.timedOut, "no answer")
        }
        // Once with the part's callback.
        hooks.beforePublishing = { (messages: [OutgoingMessage]) async throws(TransportError) -> Void in
            let isCallback = messages.contains { $0.message.headers.task == "done" }
            guard isCallback, failures.withLock({ $0.insert("publish").inserted }) else { return }
            throw TransportError(.timedOut, "no answer")
        }
        let tasks = SemanticsTasks(app: HookedTransport.app(MemoryStore(name: "unanswered"), hooks))
        let body = try tasks.app.workflow(lost(try tasks.sum.s().signature()))
        var member = try tasks.add.s(1, 1).signature()
        member.options["link"] = .array([try lost(try tasks.done.s().signature()).value()])
        let header = try group([member, tasks.add.s(2, 2).signature()].map(tasks.app.workflow))
        try await withWorker(tasks.app) { () async throws -> Void in
            let bodiless = try await group([tasks.app.signature("add", args: [1, 1])]).then(body).delay()
            #expect(await failure(bodiless) == "ChordError")
            #expect(try await bodiless.parent?.get(timeout: patience) == [2])
            let partless = try await header.then(tasks.app.signature("sum")).delay()
            #expect(await failure(partless) == "ChordError")
        }
        #expect(failures.withLock { $0 } == ["settle", "publish"])
    }

    @Test("A task fails whose replacement cannot be sent, and what follows it too")
    func replacement() async throws {
        let other = lost(try tasks.add.s(1, 1).signature())
        let replaced = tasks.app.task("replaced") { (context: TaskContext, _: Int) -> Int in
            throw context.replace(with: try context.app.workflow(other))
        }
        try await withWorker(tasks.app) { () async throws -> Void in
            let chain = try await replaced.s(1).then(tasks.add.s(1)).delay()
            #expect(await failure(chain) == "OperationalError")
        }
    }

    @Test("A part that the result store refuses to count for good ends its chord")
    func count() async throws {
        var hooks = HookedBackend.Hooks()
        hooks.count = { () throws(TransportError) in throw TransportError(.misconfigured, "no more chords") }
        let app = HookedBackend.app(MemoryStore(name: "uncounted"), hooks)
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let sum = app.task("sum") { (values: [Int]) in values.reduce(0, +) }
        try await withWorker(app) { () async throws -> Void in
            let chord = try await group([add.s(1, 1), add.s(2, 2)]).then(sum.s()).delay()
            #expect(await failure(chord) == "ChordError")
            #expect(try await chord.parent?.get(timeout: patience) == [2, 4])
        }
    }
}
