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

@Suite("What tasks add to their chords", .timeLimit(.minutes(5)))
struct ChordAdditionTests {
    private let patience = Duration.seconds(60)

    @Test("A task that is acknowledged late and runs again adds the same parts again, and they count once")
    func again() async throws {
        let app = TestApp.make()
        let ids = Mutex<[String]>([])
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let inOrder = app.task("in order") { (values: [Int]) in values.sorted() }
        let adder = app.task("adder", options: TaskOptions(acksLate: true)) { (context: TaskContext, x: Int) -> Int in
            for number in 1...2 {
                let id = try await context.addToChord(add.s(x, number * 1000)).id
                ids.withLock { $0.append(id) }
            }
            // What a worker's death leaves: the parts are added, and the message comes back.
            if context.attempt == 1 { throw Reject("once more", requeue: true) }
            return x
        }
        try await withWorker(app) { () async throws -> Void in
            let chord = try await group([adder.s(1), add.s(2, 2)]).then(inOrder.s()).delay()
            #expect(try await chord.get(timeout: patience) == [1, 4, 1001, 2001])
        }
        let all = ids.withLock { $0 }
        #expect(all.count == 4)
        #expect(Set(all).count == 2)
        #expect(Array(all.prefix(2)) == Array(all.suffix(2)))
    }

    @Test("A retry adds anew, as in Celery")
    func retried() async throws {
        let app = TestApp.make()
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let inOrder = app.task("in order") { (values: [Int]) in values.sorted() }
        let adder = app.task("adder", options: TaskOptions(retry: RetryPolicy(limit: 1, delay: .constant(.zero)))) {
            (context: TaskContext, x: Int) -> Int in
            try await context.addToChord(add.s(x, 1000 * (context.retries + 1)))
            if context.retries == 0 { throw context.retry(countdown: .zero) }
            return x
        }
        try await withWorker(app) { () async throws -> Void in
            let chord = try await group([adder.s(1), add.s(2, 2)]).then(inOrder.s()).delay()
            #expect(try await chord.get(timeout: patience) == [1, 4, 1001, 2001])
        }
    }

    @Test("What cannot be sent adds nothing, and the chord waits for nothing")
    func unsendable() async throws {
        let app = TestApp.make()
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let inOrder = app.task("in order") { (values: [Int]) in values.sorted() }
        let adder = app.task("adder") { (context: TaskContext, x: Int) -> Int in
            let unsendable = add.s(x, 1000).set(SendOptions(serializer: "morse"))
            await #expect(throws: CeleryError.self) { try await context.addToChord(unsendable) }
            return x
        }
        try await withWorker(app) { () async throws -> Void in
            let chord = try await group([adder.s(1), add.s(2, 2)]).then(inOrder.s()).delay()
            #expect(try await chord.get(timeout: patience) == [1, 4])
        }
    }

    @Test("What a task has announced and not sent before it failed counts as failed: its chord ends")
    func announced() async throws {
        let app = TestApp.make()
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let inOrder = app.task("in order") { (values: [Int]) in values.sorted() }
        let adder = app.task("adder") { (context: TaskContext, x: Int) -> Int in
            // What a death between the two leaves.
            let chords = try #require(try await app.resultBackend().chords)
            let part = ChordAddition.Part(taskID: "never sent", index: 0)
            let addition = ChordAddition(adder: context.id, attempt: 0, number: 1, parts: [part])
            let group = try #require(context.groupID)
            try await chords.extend(group, by: 1, as: addition.text, timeout: .seconds(5))
            try await context.addToChord(add.s(x, 1000))
            throw CeleryError(.taskFailed, "no luck")
        }
        try await withWorker(app) { () async throws -> Void in
            let chord = try await group([adder.s(1), add.s(2, 2)]).then(inOrder.s()).delay()
            let error = await #expect(throws: CeleryError.self) { try await chord.get(timeout: patience) }
            #expect(error?.exception?.type == "ChordError", "\(String(describing: error))")
        }
    }

    @Test("A chord that is added again when its adder runs again has one end")
    func chordAgain() async throws {
        let app = TestApp.make()
        let runs = Mutex(0)
        let sums = Mutex(0)
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let sum = app.task("sum") { (values: [Int]) -> Int in
            sums.withLock { $0 += 1 }
            return values.reduce(0, +)
        }
        let inOrder = app.task("in order") { (values: [Int]) in values.sorted() }
        let adder = app.task("adder", options: TaskOptions(acksLate: true)) { (context: TaskContext, x: Int) -> Int in
            let added = try await context.addToChord(group([add.s(x, 1000), add.s(x, 2000)]).then(sum.s()))
            runs.withLock { $0 += 1 }
            // It comes back when that has ended.
            if context.attempt == 1 {
                _ = try await added.get(timeout: patience)
                throw Reject("once more", requeue: true)
            }
            return x
        }
        try await withWorker(app, pool: .async(concurrency: 4)) { () async throws -> Void in
            let chord = try await group([adder.s(1), add.s(2, 2)]).then(inOrder.s()).delay()
            #expect(try await chord.get(timeout: patience) == [1, 4, 3002])
            let transport = try await app.transport()
            #expect(
                try await eventually {
                    let status = try await transport.status(of: [app.settings.taskDefaultQueue]).first
                    return status?.ready == 0 && status?.held == 0
                }
            )
        }
        #expect(runs.withLock { $0 } == 2)
        #expect(sums.withLock { $0 } == 1)
    }
}
