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

/// Chords of clients whose result store counts nothing, as Python's with a database: `celery.chord_unlock`.
@Suite("celery.chord_unlock", .timeLimit(.minutes(2)))
struct ChordUnlockTests {
    private struct Broken: Error {}

    private let app = TestApp.make { $0.resultChordRetryInterval = .milliseconds(10) }
    private let bodyID = TaskID.random()
    /// How often the body has run.
    private let bodies = SemanticsTasks.Calls()

    /// Sent as Python's clients do: the header's parts are plain tasks, and this one looks for their results.
    private func unlock(_ parts: [String], link: String? = nil, maxRetries: CeleryValue = .null) async throws -> String
    {
        var options: CeleryObject = ["task_id": .string(bodyID)]
        if let link { options["link_error"] = .array([try Signature(task: link).value()]) }
        return try await unlock(parts, Signature(task: "total", options: options), maxRetries)
    }

    private func unlock(_ parts: [String], _ body: Signature, _ maxRetries: CeleryValue = .null) async throws -> String
    {
        try await app.sendTask(
            "celery.chord_unlock",
            args: [.string("group-of-python"), try body.value()],
            kwargs: [
                "interval": .null, "max_retries": maxRetries,
                "result": .array(parts.map { .array([.array([.string($0), .null]), .null]) }),
                "_chord_unlock_exchange_type": "direct",
            ]
        )
        .id
    }

    private func register(_ gate: Doorway) -> TaskHandle<Int, Int> {
        let bodies = bodies
        app.task("total") { (numbers: [Int]) -> Int in
            bodies.note("total")
            return numbers.reduce(0, +)
        }
        return app.task("part") { (x: Int) -> Int in
            if x < 0 { throw Broken() }
            if x == 2 { await gate.waitUntilOpen() }
            return x * 10
        }
    }

    @Test("The body gets the results in the order of the header, however long a part takes")
    func waits() async throws {
        let gate = Doorway()
        let part = register(gate)
        try await withWorker(app) { () async throws -> Void in
            let ids = [try await part.delay(2).id, try await part.delay(1).id]
            let unlocking = try await unlock(ids)
            let looking = AsyncResult<CeleryValue>(id: unlocking, app: app)
            #expect(try await eventually { try await looking.state() == .retry })
            let body = AsyncResult<Int>(id: bodyID, app: app)
            #expect(try await body.state() == .pending)
            gate.open()
            #expect(try await body.get(timeout: .seconds(60)) == 30)
            _ = try await looking.get(timeout: .seconds(60))
        }
    }

    @Test("When a part has failed the body fails with ChordError, and its errback is told")
    func failure() async throws {
        let part = register(Doorway())
        let told = Mutex<String?>(nil)
        app.task("alert") { (id: String) -> Bool in
            told.withLock { $0 = id }
            return true
        }
        try await withWorker(app) { () async throws -> Void in
            let broken = try await part.delay(-1).id
            _ = try await unlock([try await part.delay(1).id, broken], link: "alert")
            let error = await #expect(throws: CeleryError.self) {
                try await AsyncResult<Int>(id: bodyID, app: app).get(timeout: .seconds(60))
            }
            #expect(error?.exception?.type == "ChordError")
            #expect(error?.exception?.message.hasPrefix("Dependency \(broken) raised ChordUnlockTests.Broken") == true)
            #expect(try await eventually { told.withLock { $0 } == bodyID })
        }
    }

    @Test("When a part has failed all steps of the body fail, and an errback that only they have is told once")
    func failingChain() async throws {
        let part = register(Doorway())
        let told = SemanticsTasks.Calls()
        app.task("alert") { (id: String) -> Bool in
            told.note(id)
            return true
        }
        let steps = app.signature("total").then(app.signature("part")).onError(app.signature("alert"))
        let (body, result) = try steps.frozen()
        try await withWorker(app) { () async throws -> Void in
            _ = try await unlock([try await part.delay(-1).id], body.signature())
            let before = try #require(result.parent)
            for step in [result, before] {
                let error = await #expect(throws: CeleryError.self) { try await step.get(timeout: .seconds(60)) }
                #expect(error?.exception?.type == "ChordError")
            }
            #expect(try await eventually { !told.all.isEmpty })
            // Sent after it, so that another would have come before.
            #expect(try await part.delay(1).get(timeout: .seconds(60)) == 10)
            #expect(told.all == [result.id])
        }
    }

    @Test("A body that cannot be built fails with ChordError")
    func unbuildable() async throws {
        let part = register(Doorway())
        let body = Signature(task: "total", options: ["task_id": .string(bodyID), "serializer": "nonsense"])
        try await withWorker(app) { () async throws -> Void in
            _ = try await unlock([try await part.delay(1).id], body)
            let error = await #expect(throws: CeleryError.self) {
                try await AsyncResult<Int>(id: bodyID, app: app).get(timeout: .seconds(60))
            }
            #expect(error?.exception?.message.hasPrefix("Callback error: ") == true)
        }
    }

    @Test("Delivered again when the body has run, it sends no second one")
    func again() async throws {
        let part = register(Doorway())
        try await withWorker(app) { () async throws -> Void in
            let ids = [try await part.delay(1).id]
            for _ in 0..<2 {
                let unlocking = AsyncResult<CeleryValue>(id: try await unlock(ids), app: app)
                _ = try await unlocking.get(timeout: .seconds(60))
                #expect(try await AsyncResult<Int>(id: bodyID, app: app).get(timeout: .seconds(60)) == 10)
            }
            // Sent after it, so that a second body would have come before.
            #expect(try await part.delay(3).get(timeout: .seconds(60)) == 30)
            #expect(bodies.all == ["total"])
        }
    }

    @Test("It gives up after max_retries, and says so")
    func limit() async throws {
        _ = register(Doorway())
        try await withWorker(app) { () async throws -> Void in
            let unlocking = try await unlock(["never sent"], maxRetries: 2)
            let error = await #expect(throws: CeleryError.self) {
                try await AsyncResult<CeleryValue>(id: unlocking, app: app).get(timeout: .seconds(60))
            }
            #expect(error?.exception?.type == "MaxRetriesExceededError")
        }
    }

    /// With half a second between looks it comes back before the next has begun, and two next ones are sent.
    @Test("A look that comes back does not go on beside the one that it has asked for", arguments: [0.01, 0.5])
    func comesBack(interval: Double) async throws {
        _ = register(Doorway())
        var body = Signature(task: "total")
        body.options["task_id"] = .string(bodyID)
        let value = try body.value()
        @Sendable func look() async throws {
            let pending: CeleryValue = .array([.array([.array([.string("pending"), .null]), .null])])
            _ = try await app.sendTask(
                "celery.chord_unlock",
                args: [.string("group"), value],
                kwargs: ["interval": .double(interval), "max_retries": .null, "result": pending],
                options: SendOptions(taskID: "looking")
            )
        }
        try await withWorker(app) { () async throws -> Void in
            let transport = try await app.transport()
            func messages() async throws -> Int {
                try await transport.status(of: [app.settings.taskDefaultQueue])
                    .reduce(0) { $0 + $1.ready + $1.held + $1.delayed }
            }
            try await look()
            let looking = AsyncResult<CeleryValue>(id: "looking", app: app)
            #expect(try await eventually { try await looking.state() == .retry })
            try await look()
            if interval > 0.1 { #expect(try await eventually { try await messages() == 2 }) }
            #expect(try await eventually { try await messages() == 1 })
        }
    }
}
