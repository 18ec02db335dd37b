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

/// What happens to a chord's last part between its claim and its release.
@Suite("The end of a chord and the settlement of its last part", .timeLimit(.minutes(5)))
struct ChordEndTests {
    private let patience = Duration.seconds(60)
    private static let lost = TransportError(.epochLost, "its lease ran out, and what it held was given to others")

    private final class Tally: Sendable {
        private let number = Mutex(0)
        var count: Int { number.withLock { $0 } }
        @discardableResult
        func add() -> Int {
            number.withLock { number in
                number += 1
                return number
            }
        }
    }

    private func part(of group: String, _ id: String = "whoever", claimLimit: Duration? = nil) -> ChordPart {
        ChordPart(
            groupID: group,
            index: 1,
            taskID: id,
            state: .success,
            value: EncodedValue(2),
            claimant: "elsewhere/\(id)",
            claimLimit: claimLimit
        )
    }

    /// A call of a task as a part of the chord "group", with a body whose id is "body".
    private func part(_ call: Workflow<Complete, Int>, id: String, body: Signature) throws -> Signature {
        var (part, body) = (try call.signature(), body)
        body.options["task_id"] = "body"
        part.options["task_id"] = .string(id)
        part.options["group_id"] = "group"
        part.options["group_index"] = 0
        part.options["chord"] = try body.value()
        return part
    }

    @Test("A worker that is taken for dead when its last settlement has taken effect sends no second body")
    func lostAnswer() async throws {
        let (store, runs) = (MemoryStore(name: "lost answer"), Tally())
        var hooks = HookedTransport.Hooks()
        hooks.afterSettling = { (settlements: [Settlement]) async throws(TransportError) -> Void in
            if settlements.send("sum") { throw Self.lost }
        }
        let app = HookedTransport.app(store, hooks)
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let sum = app.task("sum") { (values: [Int]) in
            runs.add()
            return values.reduce(0, +)
        }
        try await withWorker(app) { () async throws -> Void in
            let chord = try await group([add.s(1, 1), add.s(2, 2)]).then(sum.s()).delay()
            #expect(try await chord.get(timeout: patience) == 6)
            // What is settled after that comes behind a body that was sent again.
            for number in 1...2 { #expect(try await add.delay(number, 0).get(timeout: patience) == number) }
        }
        #expect(runs.count == 1)
    }

    @Test("With results elsewhere a chord is over before the message of its last part is released")
    func overBefore() async throws {
        let store = MemoryStore(name: "two stores")
        let chords = try #require(store.backend.chords)
        let progress = Mutex<[ChordProgress]>([])
        let (hasSent, again) = (Tally(), part(of: "group"))
        var hooks = HookedTransport.Hooks()
        hooks.beforePublishing = { (messages: [OutgoingMessage]) async throws(TransportError) -> Void in
            if messages.contains(where: { $0.message.headers.task == "list" }) { hasSent.add() }
        }
        hooks.beforeSettling = { (_: [Settlement]) async throws(TransportError) -> Void in
            guard hasSent.count == 1, progress.withLock({ $0.isEmpty }) else { return }
            let found = try await chords.count([again], timeout: .seconds(5))
            progress.withLock { $0 = found }
        }
        let app = HookedTransport.app(store, hooks, results: HookedBackend.Hooks())
        let echo = app.task("echo") { (x: Int) in x }
        let list = app.task("list") { (values: [Int]) in values }
        try await chords.start([ChordStart(groupID: "group", size: 1)], timeout: .seconds(5))
        try await app.workflow(try part(echo.s(5), id: "part", body: list.s().signature())).delay()
        try await withWorker(app) { () async throws -> Void in
            #expect(try await AsyncResult<[Int]>(id: "body", app: app).get(timeout: patience) == [5])
        }
        #expect(progress.withLock { $0 } == [.over])
    }

    @Test(
        "A part that comes back from a worker that sent the body, and could not say so, sends no other once that has ended"
    )
    func sentBefore() async throws {
        let (store, runs) = (MemoryStore(name: "sent before"), Tally())
        let app = HookedTransport.app(store, HookedTransport.Hooks(), results: HookedBackend.Hooks())
        let chords = try #require(store.backend.chords)
        let late = TaskOptions(acksLate: true)
        let echo = app.task("echo", options: late) { (x: Int) in x }
        let list = app.task("list") { (values: [Int]) in
            runs.add()
            return values
        }
        try await chords.start([ChordStart(groupID: "group", size: 1)], timeout: .seconds(5))
        try await app.workflow(try part(echo.s(5), id: "part", body: list.s().signature())).delay()
        try await giveBack(store)
        let body = TaskMeta(taskID: "body", state: .success, outcome: .value(EncodedValue([5])))
        try await store.backend.store([StoredResult(body, expires: nil)], timeout: .seconds(5))
        try await withWorker(app) { () async throws -> Void in
            #expect(try await eventually { try await isEmpty(store) })
            let again = part(of: "group")
            #expect(try await chords.count([again], timeout: .seconds(5)) == [.over])
        }
        #expect(runs.count == 0)
    }

    @Test("Of two copies of the last part, settled together, one sends the body")
    func copies() async throws {
        let (store, runs, parts) = (MemoryStore(name: "copies"), Tally(), Tally())
        let isOpen = Mutex(false)
        var hooks = HookedBackend.Hooks()
        hooks.store = { (_: [StoredResult]) async throws(TransportError) -> Void in
            if !isOpen.withLock({ $0 }) { throw TransportError(.unavailable, "not yet") }
        }
        let app = HookedBackend.app(store, hooks)
        let echo = app.task("echo") { (x: Int) -> Int in
            parts.add()
            return x
        }
        let list = app.task("list") { (values: [Int]) in
            runs.add()
            return values
        }
        let chords = try #require(store.backend.chords)
        try await chords.start([ChordStart(groupID: "group", size: 1)], timeout: .seconds(5))
        for _ in 0..<2 {
            try await app.workflow(try part(echo.s(5), id: "part", body: list.s().signature())).delay()
        }
        try await withWorker(app) { () async throws -> Void in
            #expect(try await eventually { parts.count == 2 })
            isOpen.withLock { $0 = true }
            #expect(try await AsyncResult<[Int]>(id: "body", app: app).get(timeout: patience) == [5])
            for number in 1...2 { #expect(try await echo.delay(number).get(timeout: patience) == number) }
        }
        #expect(runs.count == 1)
    }

    @Test("A settlement that took effect unheard ends no chord that was completed since: its body is sent")
    func completedSince() async throws {
        let (store, tries) = (MemoryStore(name: "completed since"), Tally())
        let chords = try #require(store.backend.chords)
        let other = part(of: "group", "other", claimLimit: .milliseconds(1))
        var hooks = HookedTransport.Hooks()
        hooks.afterSettling = { (_: [Settlement]) async throws(TransportError) -> Void in
            guard tries.add() == 1 else { return }
            // A worker that counts the last part, and dies.
            _ = try await chords.count([other], timeout: .seconds(5))
            throw TransportError(.timedOut, "no answer")
        }
        let app = HookedTransport.app(store, hooks)
        let echo = app.task("echo") { (x: Int) in x }
        let list = app.task("list") { (values: [Int]) in values }
        try await chords.start([ChordStart(groupID: "group", size: 2)], timeout: .seconds(5))
        try await app.workflow(try part(echo.s(5), id: "part", body: list.s().signature())).delay()
        try await withWorker(app) { () async throws -> Void in
            #expect(try await AsyncResult<[Int]>(id: "body", app: app).get(timeout: patience) == [5, 2])
        }
    }

    @Test("A step that runs again after its chord has ended does not begin the chord anew", arguments: [true, false])
    func startedAgain(isOneStore: Bool) async throws {
        let (store, runs, steps) = (MemoryStore(name: "again"), Tally(), Tally())
        let first = Mutex<OutgoingMessage?>(nil)
        var hooks = HookedTransport.Hooks()
        hooks.beforePublishing = { (messages: [OutgoingMessage]) async throws(TransportError) -> Void in
            let step = messages.first { $0.message.headers.task == "step" }
            first.withLock { $0 = $0 ?? step }
        }
        let app = HookedTransport.app(store, hooks, results: isOneStore ? nil : HookedBackend.Hooks())
        let step = app.task("step") { (x: Int) -> Int in
            steps.add()
            return x
        }
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let sum = app.task("sum") { (values: [Int]) in
            runs.add()
            return values.reduce(0, +)
        }
        try await withWorker(app) { () async throws -> Void in
            let chord = try await step.s(1).then(group([add.s(1), add.s(2)])).then(sum.s()).delay()
            #expect(try await chord.get(timeout: patience) == 5)
            // What a worker leaves that dies when it has sent the header.
            let message = try #require(first.withLock { $0 })
            try await store.transport.publish([message], timeout: .seconds(5))
            #expect(try await eventually { steps.count == 2 })
            #expect(try await eventually { try await isEmpty(store) })
        }
        #expect(runs.count == 1)
    }

    @Test("Without a result store a workflow that comes to a chord is refused when it is sent, wherever that is in it")
    func disabled() async throws {
        let app = TestApp.make { $0.resultBackend = "disabled" }
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let sum = app.task("sum") { (values: [Int]) in values.reduce(0, +) }
        for chord in [
            group([add.s(1, 1), add.s(2, 2)]).then(sum.s()),
            add.s(1, 1).then(group([add.s(1), add.s(2)])).then(sum.s()),
        ] {
            let error = await #expect(throws: CeleryError.self) { try await chord.delay() }
            #expect(error?.code == .backendUnavailable, "\(String(describing: error))")
        }
        _ = try await add.s(1, 1).then(group([add.s(1), add.s(2)])).delay()
    }

    @Test("A frozen workflow that is sent again runs again, chords behind its first step too")
    func frozenAgain() async throws {
        let (app, runs) = (TestApp.make(), Tally())
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let sum = app.task("sum") { (values: [Int]) in
            runs.add()
            return values.reduce(0, +)
        }
        let workflow = try add.s(1, 2).then(group([add.s(3), add.s(4)])).then(sum.s()).frozen().workflow
        try await withWorker(app) { () async throws -> Void in
            for round in 1...2 {
                let result = try await workflow.delay()
                #expect(try await eventually { runs.count == round })
                #expect(try await result.get(timeout: patience) == 13)
            }
        }
    }

    /// Whether all that was sent is settled.
    private func isEmpty(_ store: MemoryStore) async throws -> Bool {
        let status = try await store.transport.status(of: ["celery"]).first
        return status?.ready == 0 && status?.held == 0
    }

    /// Lets what lies in the queue come back from a consumer, as after a death.
    private func giveBack(_ store: MemoryStore, early: Bool = false) async throws {
        let configuration = ConsumerConfiguration(name: "dead", queues: ["celery"])
        let consumer = try await store.transport.openConsumer(configuration)
        let delivery = try #require(await consumer.receive(upTo: 1).first)
        try await consumer.begin([BeginMark(delivery.tag, early ? .early : .late)])
        try await consumer.close()
    }

    @Test("A part that has succeeded before, and is not run again, is counted all the same", arguments: [true, false])
    func known(isDeduplicated: Bool) async throws {
        let store = MemoryStore(name: "known")
        let app = HookedBackend.app(store, HookedBackend.Hooks()) { settings in
            settings.workerDeduplicateSuccessfulTasks = isDeduplicated
        }
        let runs = Tally()
        let once = app.task("once", options: TaskOptions(acksLate: true)) { (x: Int) -> Int in
            runs.add()
            // Its work is done, it finds.
            throw Ignore()
        }
        let list = app.task("list") { (values: [Int]) in values }
        let chords = try #require(store.backend.chords)
        try await chords.start([ChordStart(groupID: "group", size: 1)], timeout: .seconds(5))
        try await app.workflow(try part(once.s(1), id: "part", body: list.s().signature())).delay()
        try await giveBack(store)
        let meta = TaskMeta(taskID: "part", state: .success, outcome: .value(EncodedValue(7)))
        try await store.backend.store([StoredResult(meta, expires: nil)], timeout: .seconds(5))
        try await withWorker(app) { () async throws -> Void in
            #expect(try await AsyncResult<[Int]>(id: "body", app: app).get(timeout: patience) == [7])
        }
        #expect(runs.count == (isDeduplicated ? 0 : 1))
    }

    @Test("A task that was retried before its worker died is not taken for lost")
    func retriedBefore() async throws {
        let store = MemoryStore(name: "retried")
        let app = HookedBackend.app(store, HookedBackend.Hooks())
        let echo = app.task("echo") { (x: Int) in x }
        try await echo.s(1).set(SendOptions(taskID: "retried")).delay()
        try await giveBack(store, early: true)
        let error = ExceptionInfo(type: "Retry", arguments: ["later"], module: "celery.exceptions")
        let meta = TaskMeta(taskID: "retried", state: .retry, outcome: .exception(error))
        try await store.backend.store([StoredResult(meta, expires: nil)], timeout: .seconds(5))
        try await withWorker(app) { () async throws -> Void in
            #expect(try await eventually { try await isEmpty(store) })
            #expect(try await AsyncResult<Int>(id: "retried", app: app).state() == .retry)
        }
    }

    @Test("A part that cannot be read fails its chord, which ends with the next part that is counted")
    func unreadable() async throws {
        let store = MemoryStore(name: "unreadable")
        let app = HookedTransport.app(store, HookedTransport.Hooks())
        let echo = app.task("echo") { (x: Int) in x }
        let list = app.task("list") { (values: [Int]) in values }
        let chords = try #require(store.backend.chords)
        try await chords.start([ChordStart(groupID: "group", size: 2)], timeout: .seconds(5))
        let headers = TaskHeaders(task: "echo", id: "unreadable", group: "group", groupIndex: 1)
        let properties = MessageProperties(correlationID: "unreadable", routingKey: "celery")
        let message = Message(headers: headers, properties: properties, contentType: "application/x-unknown", body: [0])
        try await store.transport.publish([OutgoingMessage(message)], timeout: .seconds(5))
        try await withWorker(app) { () async throws -> Void in
            let failed = AsyncResult<Int>(id: "unreadable", app: app)
            #expect(try await eventually { try await failed.state() == .failure })
            try await app.workflow(try part(echo.s(5), id: "part", body: list.s().signature())).delay()
            let body = AsyncResult<[Int]>(id: "body", app: app)
            let error = await #expect(throws: CeleryError.self) { try await body.get(timeout: patience) }
            #expect(error?.exception?.type == "ChordError")
        }
    }
}
