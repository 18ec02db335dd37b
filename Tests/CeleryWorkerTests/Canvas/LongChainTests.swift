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

/// `task_chain_inline_limit`: what of a long chain does not travel waits in the result backend.
@Suite("Long chains by reference")
struct LongChainTests {
    struct Boom: Error {}

    private let app: CeleryApp
    private let sizes = MessageSizes()
    private let add: TaskHandle<Int, Int, Int>
    private let sum: TaskHandle<[Int], Int>
    private let boom: TaskHandle<Int, Int>
    private let patience = Duration.seconds(60)

    init() {
        app = TestApp.make {
            $0.taskChainInlineLimit = 8
            $0.taskRoutes = ["near": "near"]
        }
        add = app.task("add") { (x: Int, y: Int) in x + y }
        sum = app.task("near") { (values: [Int]) in values.reduce(0, +) }
        boom = app.task("boom") { (_: Int) -> Int in throw Boom() }
        app.use(sizes)
    }

    /// `1 + 1 + … + 1`, so many steps in all.
    private func count(_ steps: Int) -> Workflow<Complete, Int> {
        (1..<steps).reduce(add.s(0, 1)) { chain, _ in chain.then(add.s(1)) }
    }

    /// Chords of three, one after the other: each step is the sum of three times the one before and 3.
    private func chords(_ count: Int) -> Workflow<Complete, Int> {
        (0..<count)
            .reduce(add.s(0, 0)) { chain, _ in
                chain.then(group((0..<3).map { _ in add.s(1) })).then(sum.s())
            }
    }

    @Test("A chain of 100 comes to what it should, and all its results are there")
    func chain() async throws {
        try await withWorker(app) { () async throws -> Void in
            let result = try await count(100).delay()
            #expect(try await result.get(timeout: patience) == 100)
            var steps = 1
            var step = result.parent
            while let one = step {
                #expect(try await one.get(timeout: patience) == .int(100 - steps))
                steps += 1
                step = one.parent
            }
            #expect(steps == 100)
        }
    }

    @Test("Messages of a chain, and of a chain of chords, are as long at any length")
    func sizes() async throws {
        try await withWorker(app, queues: ["celery", "near"]) { () async throws -> Void in
            var longest: [Int] = []
            for length in [10, 20, 40] {
                sizes.reset()
                #expect(try await count(10 * length).delay().get(timeout: patience) == 10 * length)
                #expect(try await chords(length / 2).delay().get(timeout: patience) > 0)
                longest.append(sizes.longest)
            }
            #expect(longest[2] < longest[0] + longest[0] / 10, "\(longest)")
        }
    }

    @Test("A step that fails ends all that is left with its error, also what was stored, and calls its errback")
    func failing() async throws {
        let told = Mutex<[String]>([])
        let errback = app.errback("told") { (failed: FailedTask) in told.withLock { $0.append(failed.id) } }
        try await withWorker(app) { () async throws -> Void in
            let workflow = count(5).then(boom.s()).then(add.s(1))
            let long = (0..<40).reduce(workflow) { chain, _ in chain.then(add.s(1)) }
            let result = try await long.onError(errback.s()).delay()
            await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
            var states: [TaskState] = []
            var step = result.parent
            while let one = step {
                states.append(try await one.state())
                step = one.parent
            }
            #expect(states == Array(repeating: .failure, count: 41) + Array(repeating: .success, count: 5))
            #expect(told.withLock { $0.count } == 1)
        }
    }

    @Test("A chord fails with a member whose chain is stored, and one whose body fails")
    func failingChords() async throws {
        try await withWorker(app, queues: ["celery", "near"]) { () async throws -> Void in
            let member = (0..<20).reduce(count(2).then(boom.s())) { chain, _ in chain.then(add.s(1)) }
            let body = (0..<20).reduce(sum.s().then(add.s(1))) { chain, _ in chain.then(add.s(1)) }
            let result = try await group([count(3), member]).then(body).delay()
            let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
            #expect(error?.exception?.type == "ChordError")
            #expect(try await result.parent?.state() == .failure)
        }
    }

    @Test("A long chain that is added to a chord and fails fails the chord, wherever it fails", arguments: [1, 12])
    func addedToChord(before: Int) async throws {
        let boom = boom
        let member = (0..<20).reduce(count(before).then(boom.s())) { chain, _ in chain.then(add.s(1)) }
        let adder = app.task("adder") { (context: TaskContext, x: Int) -> Int in
            try await context.addToChord(member)
            return x
        }
        try await withWorker(app, queues: ["celery", "near"]) { () async throws -> Void in
            let result = try await group([adder.s(1), add.s(1, 1)]).then(sum.s()).delay()
            let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
            #expect(error?.exception?.type == "ChordError")
        }
    }

    @Test("A reference that is revoked ends what is stored behind it as revoked")
    func revoking() async throws {
        let door = Doorway()
        let wait = app.task("wait") { (value: Int) in
            await door.waitUntilOpen()
            return value
        }
        try await withWorker(app) { () async throws -> Void in
            let start = add.s(0, 1).then(wait.s())
            let result = try await (0..<20).reduce(start) { chain, _ in chain.then(add.s(1)) }.delay()
            try await result.revoke()
            door.open()
            let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
            #expect(error?.exception?.type == "TaskRevokedError")
            #expect(try await eventually { try await result.parent?.state() == .revoked })
        }
    }

    @Test("A task that replaces itself by a long chain stores its rest too")
    func replacing() async throws {
        let long = count(50)
        let planner = app.task("planner") { (context: TaskContext, _: Int) -> Int in
            throw context.replace(with: long)
        }
        try await withWorker(app) { () async throws -> Void in
            sizes.reset()
            #expect(try await planner.s(1).then(add.s(5)).delay().get(timeout: patience) == 55)
            #expect(sizes.longest < 20_000, "\(sizes.longest)")
        }
    }

    @Test("A rest that is gone fails the chain, and says what to do")
    func expired() async throws {
        try await withWorker(app) { () async throws -> Void in
            let door = Doorway()
            let wait = app.task("wait") { (value: Int) in
                await door.waitUntilOpen()
                return value
            }
            let start = add.s(0, 1).then(wait.s())
            let result = try await (0..<20).reduce(start) { chain, _ in chain.then(add.s(1)) }.delay()
            let blocks = sizes.blocks
            #expect(blocks.count == 1)
            try await app.resultBackend().forget(blocks)
            door.open()
            let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
            #expect(error?.message.contains("task_chain_inline_limit") == true)
        }
    }
}

/// Looks at what is sent.
private final class MessageSizes: CeleryMiddleware {
    private let state = Mutex<(longest: Int, blocks: Set<String>)>((0, []))

    var longest: Int { state.withLock { $0.longest } }
    /// What the messages say is stored.
    var blocks: [String] { state.withLock { Array($0.blocks) } }

    func reset() { state.withLock { $0 = (0, []) } }

    func beforePublish(_ message: inout Message) {
        let size = message.body.count
        let chain = (try? WireCodec().decodeBody(of: message).embed.chain?.signatures()) ?? []
        let blocks = chain.compactMap { ChainRest(CanvasNode(call: $0))?.block }
        state.withLock { state in
            state.longest = max(state.longest, size)
            state.blocks.formUnion(blocks)
        }
    }
}
