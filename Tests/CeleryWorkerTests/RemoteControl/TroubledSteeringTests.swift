//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryTesting
import CeleryWire
import CeleryWorker
import Synchronization
import Testing

@Suite("Control commands while a store makes trouble", .timeLimit(.minutes(5)))
struct TroubledSteeringTests {
    @Test("add_consumer and cancel_consumer that failed change nothing, and do it when they are repeated")
    func consumers() async throws {
        let troubled = TroubledStore("stubborn consumer")
        let (app, consumption) = (troubled.app, troubled.consumption)
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        try await withWorker(app) { () async throws -> Void in
            func queues() async throws -> [String]? {
                try await app.inspect(.quick).activeQueues().values.first?.compactMap { $0["name"]?.text }
            }
            let control = app.control(.quick)
            let early = try await add.applyAsync(1, 1, options: SendOptions(queue: "extra"))
            consumption.begin(only: "consume")
            #expect(try await control.addConsumer("extra").first?.error?.contains("outage of the test") == true)
            #expect(try await queues() == ["celery"])
            consumption.end()
            #expect(try await control.addConsumer("extra").first?.ok == "add consumer extra")
            #expect(try await early.get(timeout: .seconds(60)) == 2)
            consumption.begin(only: "consume")
            #expect(try await control.cancelConsumer("extra").first?.error?.contains("outage of the test") == true)
            #expect(try await queues() == ["celery", "extra"])
            consumption.end()
            #expect(try await control.cancelConsumer("extra").first?.ok == "no longer consuming from extra")
            #expect(try await queues() == ["celery"])
            _ = try await add.applyAsync(2, 2, options: SendOptions(queue: "extra"))
            // What was sent to another queue afterwards is done: extra would have been as well.
            #expect(try await add.delay(3, 3).get(timeout: .seconds(60)) == 6)
            #expect(try await app.transport().status(of: ["extra"])[0].ready == 1)
        }
    }

    @Test(
        "A queue that is added while a worker is about to consume is taken from, and one that is cancelled then is not"
    )
    func beforeConsuming() async throws {
        let (isOpening, mayOpen) = (Doorway(), Doorway())
        var hooks = HookedTransport.Hooks()
        hooks.beforeConsuming = {
            isOpening.open()
            await mayOpen.waitUntilOpen()
        }
        let app = HookedTransport.app(MemoryStore(name: "about to consume"), hooks)
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        // The worker is not ready before it consumes.
        let commands = Task {
            defer { mayOpen.open() }
            await isOpening.waitUntilOpen()
            let replies = [
                try await app.control(.quick).addConsumer("extra").first?.ok,
                try await app.control(.quick).cancelConsumer("celery").first?.ok,
            ]
            return replies
        }
        try await withWorker(app, pool: .async(concurrency: 1)) { () async throws -> Void in
            #expect(try await commands.value == ["add consumer extra", "no longer consuming from celery"])
            let extra = try await add.applyAsync(1, 1, options: SendOptions(queue: "extra"))
            #expect(try await extra.get(timeout: .seconds(60)) == 2)
            let other = try await add.delay(2, 2)
            _ = try await add.applyAsync(1, 1, options: SendOptions(queue: "extra")).get(timeout: .seconds(60))
            #expect(try await other.state() == .pending)
        }
    }

    @Test("Commands that read what waits at the broker hold up no other; what they list is bounded")
    func slowListing() async throws {
        let gate = Doorway()
        let listings = Mutex(0)
        var hooks = HookedTransport.Hooks()
        hooks.beforeListing = {
            listings.withLock { $0 += 1 }
            await gate.waitUntilOpen()
        }
        let app = HookedTransport.app(MemoryStore(name: "slow listing"), hooks)
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        for number in 0..<1100 {
            let options = SendOptions(taskID: "t\(number)", countdown: .seconds(3600 + number))
            _ = try await add.applyAsync(number, 1, options: options)
        }
        try await withWorker(app, pool: .async(concurrency: 1)) { () async throws -> Void in
            async let scheduled = app.inspect(.quick).scheduled()
            async let places = app.inspect(.quick).queryTask(["t1099"])
            #expect(try await eventually { listings.withLock { $0 } == 2 })
            #expect(try await app.control(.quick).ping().first?.ok == "pong")
            gate.open()
            let listed = try await scheduled.values.first?.map(\.task.id)
            #expect(listed == (0..<1000).map { "t\($0)" })
            #expect(try await places.values.first?.mapValues(\.state) == ["t1099": "scheduled"])
        }
    }

    @Test("A result store that hangs holds up no other command; revoke is in force, and answered when the store knows")
    func hungStore() async throws {
        let troubled = TroubledStore("slow results")
        let app = troubled.app
        let revocations = try #require(troubled.store.transport.revocations)
        try await withWorker(app) { () async throws -> Void in
            let gate = troubled.lookups.hang()
            async let first = app.control(.quick).revoke(["a"])
            #expect(try await eventually { troubled.lookups.count >= 1 })
            #expect(try await app.control(.quick).ping().first?.ok == "pong")
            // The broker knows all the same; the results of these wait for the first, and are told together.
            try await app.control.broadcast("revoke", ["task_id": ["b"], "terminate": true, "signal": "SIGKILL"])
            try await app.control.broadcast("revoke", ["task_id": ["a", "b", "c"]])
            #expect(try await eventually { try await app.inspect(.quick).revoked().values.first == ["a", "b", "c"] })
            #expect(
                try await eventually {
                    try await revocations.revocations(after: 0).entries.map(\.taskID) == ["a", "b", "c"]
                }
            )
            gate.open()
            #expect(try await first.first?.ok == "tasks {'a'} flagged as revoked")
            #expect(try await eventually { try await AsyncResult<Int>(id: "c", app: app).state() == .revoked })
            let kept = try await revocations.revocations(after: 0).entries
            #expect(kept.map(\.taskID) == ["a", "b", "c"])
            #expect(kept.map(\.terminate) == [false, true, false])
            #expect(kept.map(\.signal) == ["SIGTERM", "SIGKILL", "SIGTERM"])
        }
    }
}
