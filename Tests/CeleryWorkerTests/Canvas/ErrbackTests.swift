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

@Suite("Errbacks that are told of the failure")
struct ErrbackTests {
    /// What errbacks were told, in order.
    final class Told: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func note(_ line: String) { lines.withLock { $0.append(line) } }
    }

    struct NoLuck: Error, Equatable {}

    private let app = TestApp.make()
    private let told = Told()
    private let patience = Duration.seconds(60)

    /// Waits for the end, in whatever way.
    private func end<Output>(of result: AsyncResult<Output>) async { _ = try? await result.get(timeout: patience) }

    @Test(
        "They run where the task failed, with the error itself and their own arguments, before anybody sees the failure"
    )
    func inline() async throws {
        let told = told
        let alert = app.errback("alert") { (failed: FailedTask, label: String) in
            let local = failed.error is NoLuck
            told.note("\(label) \(failed.task ?? "?") \(failed.id) \(failed.exception.type) \(local)")
        }
        let fail = app.task("fail") { (_: Int) -> Int in throw NoLuck() }
        try await withWorker(app) { () async throws -> Void in
            let result = try await fail.s(1).onError(alert.s("first")).onError(alert.s("second")).delay()
            await end(of: result)
            let line = "fail \(result.id) ErrbackTests.NoLuck true"
            #expect(told.all == ["first \(line)", "second \(line)"])
            #expect(try await result.children().isEmpty)
        }
    }

    @Test("One that throws, or takes other arguments, changes nothing for the task and the errbacks behind it")
    func throwing() async throws {
        let told = told
        let bad = app.errback("bad") { (_: FailedTask) in throw NoLuck() }
        app.errback("picky") { (_: FailedTask, _: Int) in told.note("never") }
        let good = app.errback("good") { (_: FailedTask) in told.note("good") }
        let old = app.task("old") { (id: String) in told.note("old \(id)") }
        let fail = app.task("fail") { (_: Int) -> Int in throw NoLuck() }
        try await withWorker(app) { () async throws -> Void in
            let picky = app.signature("picky", args: ["x"])
            let workflow = fail.s(1).onError(bad.s()).linkError(picky).onError(good.s()).onError(old.s())
            let result = try await workflow.delay()
            await end(of: result)
            #expect(try await result.state() == .failure)
            #expect(try await eventually { told.all == ["good", "old \(result.id)"] })
        }
    }

    @Test("A retry calls none; in a chain it is one call; what it sends is the failed task's child")
    func once() async throws {
        let told = told
        let note = app.task("note") { (text: String) in told.note(text) }
        let alert = app.errback("alert") { (failed: FailedTask) in
            told.note("retries \(failed.retries)")
            try await note.delay("sent")
        }
        let options = TaskOptions(retry: RetryPolicy.constant(limit: 2, delay: .zero, on: NoLuck.self))
        let fail = app.task("fail", options: options) { (_: Int) -> Int in throw NoLuck() }
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        try await withWorker(app) { () async throws -> Void in
            let result = try await fail.s(1).then(add.s(1)).then(add.s(2)).onError(alert.s()).delay()
            await end(of: result)
            #expect(try await eventually { told.all == ["retries 2", "sent"] })
            let first = try #require(result.parent?.parent)
            #expect(try await eventually { try await first.children().count == 1 })
        }
    }

    @Test("For a chord whose header failed it is sent as a task, and looks up what is stored of the body")
    func chordBody() async throws {
        let told = told
        let alert = app.errback("alert") { (failed: FailedTask) in
            told.note("\(failed.id) \(failed.exception.type) \(failed.error == nil)")
        }
        let fail = app.task("fail") { (_: Int) -> Int in throw NoLuck() }
        let sum = app.task("sum") { (values: [Int]) in values.reduce(0, +) }
        try await withWorker(app) { () async throws -> Void in
            let result = try await group([fail.s(1), fail.s(2)]).then(sum.s()).onError(alert.s()).delay()
            await end(of: result)
            #expect(try await eventually { told.all == ["\(result.id) ChordError true"] })
        }
    }

    @Test("A soft time limit does not cancel it")
    func softTimeLimit() async throws {
        let told = told
        let alert = app.errback("alert") { (failed: FailedTask) in
            told.note("\(failed.exception.type) \(Task.isCancelled)")
        }
        let slow = app.task("slow", options: TaskOptions(softTimeLimit: .milliseconds(50))) { (_: Int) -> Int in
            // sleeps: it is there to be interrupted
            try await Task.sleep(for: .seconds(60))
            return 1
        }
        try await withWorker(app) { () async throws -> Void in
            await end(of: try await slow.s(1).onError(alert.s()).delay())
            #expect(told.all == ["SoftTimeLimitExceeded false"])
        }
    }

    @Test("Neither a task that is terminated nor one that is ignored calls it")
    func terminated() async throws {
        let told = told
        let alert = app.errback("alert") { (failed: FailedTask) in told.note("\(failed.exception.type)") }
        let slow = app.task("slow") { (_: Int) -> Int in
            told.note("started")
            // sleeps: it is there to be interrupted
            try await Task.sleep(for: .seconds(60))
            return 1
        }
        let ignoring = app.task("ignoring") { (_: Int) -> Int in throw Ignore() }
        let last = app.task("last") { (_: Int) in told.note("last") }
        try await withWorker(app) { () async throws -> Void in
            let result = try await slow.s(1).onError(alert.s()).delay()
            #expect(try await eventually { told.all == ["started"] })
            try await result.revoke(terminate: true)
            await end(of: result)
            #expect(try await result.state() == .revoked)
            try await ignoring.s(1).onError(alert.s()).delay()
            await end(of: try await last.s(1).delay())
            #expect(told.all == ["started", "last"])
        }
    }
}
