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

/// What chords come to.
extension CelerySemanticsTests {
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

    @Test("An error in a chord's header reaches its body's errback once, with the body's id and not the failed part's")
    func bodyErrback() async throws {
        try await running { () async throws -> Void in
            let header = group([tasks.add.s(1, 1), tasks.boom.s(1)])
            let chord = try await header.then(tasks.sum.s()).onError(tasks.alert.s()).delay()
            #expect(await failure(chord) == "ChordError")
            #expect(try await eventually { !tasks.calls.all.isEmpty })
            // Sent after it, so that another would have come before.
            #expect(try await tasks.add.delay(1, 1).get(timeout: patience) == 2)
            #expect(tasks.calls.all == ["alert \(chord.id)"])
        }
    }

    @Test("A chord's body has one of its parts for a parent, and the root of that")
    func family() async throws {
        let ids = tasks.app.task("ids") { (context: TaskContext, _: [Int]) -> [String?] in
            [context.parentID, context.rootID]
        }
        try await running { () async throws -> Void in
            let chain = tasks.add.s(1, 1).then(group([tasks.add.s(1), tasks.add.s(2)])).then(ids.s())
            let result = try await chain.delay()
            let family = try await result.get(timeout: patience)
            let header = try #require(result.parent)
            let first = try #require(header.parent)
            let parts = try await header.children().map(\.id)
            #expect(parts.map(Optional.some).contains(family[0]))
            #expect(family[1] == first.id)
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
}
