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

/// What can be done with a group that was sent.
@Suite("Group results", .timeLimit(.minutes(5)))
struct GroupResultTests {
    private let patience = Duration.seconds(60)

    @Test("A thousand members, alone and as the header of a chord, give theirs in order")
    func thousand() async throws {
        let app = TestApp.make()
        let echo = app.task("echo") { (x: Int) in x }
        let list = app.task("list") { (values: [Int]) in values }
        let members = group((0..<1000).map { echo.s($0) })
        try await withWorker(app) { () async throws -> Void in
            let alone = try await members.delay()
            #expect(try await alone.join(timeout: patience) == Array(0..<1000))
            #expect(try await alone.completedCount() == 1000)
            #expect(try await members.then(list.s()).delay().get(timeout: patience) == Array(0..<1000))
        }
    }

    @Test("Streamed, the members come in the order in which they end, with their places")
    func streamed() async throws {
        let app = TestApp.make()
        let doors = (0..<3).map { _ in Doorway() }
        let wait = app.task("wait") { (x: Int) -> Int in
            await doors[x].waitUntilOpen()
            return x * 10
        }
        try await withWorker(app) { () async throws -> Void in
            let result = try await group((0..<3).map { wait.s($0) }).delay()
            var (places, values): ([Int], [Int]) = ([], [])
            // Each may end only when the one before was handed over.
            var next = [0, 1][...]
            doors[2].open()
            for try await (index, value) in result.stream(timeout: patience) {
                places.append(index)
                values.append(value)
                if let door = next.popFirst() { doors[door].open() }
            }
            #expect(places == [2, 0, 1])
            #expect(values == [20, 0, 10])
        }
    }

    @Test("Whether it is ready, has succeeded or failed goes by all of its members")
    func states() async throws {
        let app = TestApp.make()
        let echo = app.task("echo") { (x: Int) -> Int in
            if x < 0 { throw CeleryError(.encoding, "below zero") }
            return x
        }
        let good = try await group([echo.s(1), echo.s(2)]).delay()
        let bad = try await group([echo.s(1), echo.s(-2), echo.s(3)]).delay()
        for result in [good, bad] {
            #expect(try await !result.ready())
            #expect(try await !result.successful())
            #expect(try await !result.failed())
            #expect(try await result.completedCount() == 0)
        }
        try await withWorker(app) { () async throws -> Void in
            #expect(try await eventually { try await good.ready() })
            #expect(try await eventually { try await bad.ready() })
        }
        #expect(try await good.successful())
        #expect(try await !good.failed())
        #expect(try await !bad.successful())
        #expect(try await bad.failed())
        #expect(try await bad.completedCount() == 2)
        await #expect(throws: CeleryError.self) { try await bad.join(timeout: patience) }
    }

    @Test("Revoked before it starts, none of its members runs, and nor does the body that waits for them")
    func revoked() async throws {
        let app = TestApp.make()
        let runs = Atomic(0)
        let echo = app.task("echo") { (x: Int) -> Int in
            runs.add(1, ordering: .relaxed)
            return x
        }
        let sum = app.task("sum") { (values: [Int]) -> Int in
            runs.add(1, ordering: .relaxed)
            return values.count
        }
        let result = try await group((0..<5).map { echo.s($0) }).delay()
        let chord = try await group([echo.s(1), echo.s(2)]).then(sum.s()).delay()
        try await result.revoke()
        try await app.revoke(try #require(chord.tree?.parent).leaves)
        try await withWorker(app) { () async throws -> Void in
            #expect(try await eventually { try await result.ready() })
            #expect(try await eventually { try await chord.ready() })
            for member in result.members { #expect(try await member.state() == .revoked) }
            let error = await #expect(throws: CeleryError.self) { try await chord.get(timeout: patience) }
            #expect(error?.exception?.type == "ChordError")
        }
        #expect(runs.load(ordering: .relaxed) == 0)
    }

    @Test("Revoked with terminate, those of its members that run are ended")
    func terminated() async throws {
        let app = TestApp.make()
        let started = Atomic(0)
        let rest = app.task("rest") { (x: Int) async throws -> Int in
            started.add(1, ordering: .relaxed)
            try await Task.sleep(for: .seconds(3600))
            return x
        }
        try await withWorker(app) { () async throws -> Void in
            let result = try await group((0..<3).map { rest.s($0) }).delay()
            #expect(try await eventually { started.load(ordering: .relaxed) == 3 })
            try await result.revoke(terminate: true)
            #expect(try await eventually { try await result.ready() })
            for member in result.members { #expect(try await member.state() == .revoked) }
        }
    }

    @Test("Saved, it is found again by its id, with its members in order; deleted, it is not")
    func saved() async throws {
        let app = TestApp.make()
        let echo = app.task("echo") { (x: Int) in x }
        let result = try await group((0..<3).map { echo.s($0) }).delay()
        #expect(try await GroupResult<Int>.restore(id: result.id, app: app) == nil)
        try await result.save()
        let found = try #require(try await GroupResult<Int>.restore(id: result.id, app: app))
        #expect(found.id == result.id)
        #expect(found.members.map(\.id) == result.members.map(\.id))
        try await withWorker(app) { () async throws -> Void in
            #expect(try await found.join(timeout: patience) == [0, 1, 2])
        }
        try await found.delete()
        #expect(try await GroupResult<Int>.restore(id: result.id, app: app) == nil)
    }

    @Test("Forgotten, its members are pending again, as if they had never been")
    func forgotten() async throws {
        let app = TestApp.make()
        let echo = app.task("echo") { (x: Int) in x }
        let result = try await group((0..<3).map { echo.s($0) }).delay()
        try await withWorker(app) { () async throws -> Void in
            #expect(try await result.join(timeout: patience) == [0, 1, 2])
        }
        try await result.forget()
        for member in result.members { #expect(try await member.state() == .pending) }
        #expect(try await !result.ready())
    }
}
