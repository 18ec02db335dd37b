//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import CeleryWorker
import Testing

@Suite("Answers to control commands have the shape of Python's", .timeLimit(.minutes(5)))
struct ControlShapeTests {
    private static let file = "control-5.7"

    /// One answer of the worker to a command.
    private func answer(_ app: CeleryApp, _ command: String, _ arguments: CeleryObject = [:]) async throws
        -> CeleryValue
    {
        let replies = try await app.control(ControlOptions(timeout: .seconds(30), limit: 1)).request(command, arguments)
        return try #require(replies.first).value
    }

    @Test(
        "The same value to the same command",
        arguments: [
            ("ping", [:]), ("revoked", [:]), ("autoscale", ["max": 3, "min": 1]), ("pool_restart", [:]),
            ("enable_events", [:]), ("disable_events", [:]), ("heartbeat", [:]), ("no_such_command", [:]),
            ("rate_limit", ["task_name": "wireapp.add", "rate_limit": "10/m"]),
            (
                "rate_limit {'task_name': 'wireapp.add', 'rate_limit': 'bogus'}",
                ["task_name": "wireapp.add", "rate_limit": "bogus"]
            ),
            (
                "rate_limit {'task_name': 'no.such', 'rate_limit': '1/s'}",
                ["task_name": "no.such", "rate_limit": "1/s"]
            ),
            ("time_limit", ["task_name": "wireapp.add", "hard": 60, "soft": 50]),
            ("pool_grow", ["n": 1]), ("pool_grow {'bad_argument': 1}", ["bad_argument": 1]),
            ("add_consumer", ["queue": "extra", "exchange": nil, "exchange_type": "direct", "routing_key": nil]),
            ("cancel_consumer", ["queue": "extra"]), ("cancel_consumer {'queue': 'nope'}", ["queue": "nope"]),
            ("revoke", ["task_id": "7ae4b517-54b9-4e18-9648-e5e6bdee59bb", "terminate": false, "signal": nil]),
            (
                "revoke_by_stamped_headers",
                ["headers": ["request_id": ["r-9"]], "terminate": false, "signal": nil]
            ),
        ] as [(String, CeleryObject)]
    )
    func same(name: String, arguments: CeleryObject) async throws {
        let app = TestApp.make()
        app.task("wireapp.add") { (x: Int, y: Int) in x + y }
        let expected = try FleetFixture.value(Self.file, "replies", name)
        let command = name.split(separator: " ").first.map(String.init) ?? name
        let value = try await withWorker(app, pool: .async(concurrency: 2)) {
            // The first answers of the sample came from a worker without events.
            if command == "disable_events" { _ = try await answer(app, "enable_events") }
            return try await answer(app, command, arguments)
        }
        #expect(value == expected)
    }

    @Test("A revoked list is written as Python writes a set")
    func revokeSeveral() async throws {
        let app = TestApp.make()
        let value = try await withWorker(app) { try await answer(app, "revoke", ["task_id": ["a-1", "a-2", "a-1"]]) }
        #expect(value == ["ok": "tasks {'a-1', 'a-2'} flagged as revoked"])
    }

    @Test("Statistics, queues and the clock have Python's fields")
    func fields() async throws {
        let app = TestApp.make()
        let values = try await withWorker(app) {
            var values: [String: CeleryValue] = [:]
            for command in ["stats", "active_queues", "clock", "hello", "memsample", "report"] {
                values[command] = try await answer(app, command, ["from_node": "other@host", "revoked": [:]])
            }
            return values
        }
        for command in ["active_queues", "clock", "hello", "report"] {
            let sample = try FleetFixture.value(Self.file, "replies", command)
            #expect(values[command]?.differences(from: sample) == [], "\(command)")
        }
        let stats = try #require(values["stats"])
        let sample = try FleetFixture.value(Self.file, "replies", "stats")
        // The pool's part is each pool's own, in Python as well; what all have is checked here.
        let differences = stats.differences(from: sample).filter { !$0.hasPrefix("/pool/") && !$0.hasPrefix("/total/") }
        #expect(differences == [])
        #expect(stats["pool"]?["max-concurrency"] == 100)
        #expect(stats["clock"].flatMap(\.text).flatMap { Int($0) } != nil)
    }

    @Test("Tasks that run, wait and are put off have Python's fields")
    func tasks() async throws {
        let app = TestApp.make()
        let gate = Doorway()
        let hold = app.task("wireapp.sleepy") { (x: Int) in
            await gate.waitUntilOpen()
            return x
        }
        try await withWorker(app, pool: .async(concurrency: 1)) { () async throws -> Void in
            let active = try await hold.delay(60)
            _ = try await eventually { try await app.inspect(.quick).active().values.first?.count == 1 }
            let reserved = try await hold.delay(5)
            _ = try await eventually { try await app.inspect(.quick).reserved().values.first?.count == 1 }
            let scheduled = try await hold.applyAsync(7, options: SendOptions(countdown: .seconds(3600)))
            for (command, arguments) in [
                ("active", [:]), ("active {'safe': True}", ["safe": true]), ("reserved", [:]), ("scheduled", [:]),
                ("dump_active", [:]), ("query_task", ["ids": [.string(active.id)]]),
            ] as [(String, CeleryObject)] {
                let name = command.split(separator: " ").first.map(String.init) ?? command
                var value = try await answer(app, name, arguments)
                var sample = try FleetFixture.value(Self.file, "replies", command)
                if name == "query_task" { (value, sample) = (value.onlyTask, sample.onlyTask) }
                #expect(value.differences(from: sample) == [], "\(command)")
            }
            let places = try await app.inspect(.quick).queryTask([active.id, reserved.id, scheduled.id, "nobody's"])
            let found = try #require(places.values.first).mapValues(\.state)
            #expect(found == [active.id: "active", reserved.id: "reserved", scheduled.id: "scheduled"])
            #expect(try await app.inspect(.quick).active().values.first?.first?.args == [60])
            #expect(try await app.inspect(.quick).active(safe: true).values.first?.first?.args == "(60,)")
            #expect(try await app.inspect(.quick).scheduled().values.first?.first?.task.id == scheduled.id)
            gate.open()
        }
    }

    @Test(
        "Celery's old names for commands are answered as the new ones",
        arguments: [
            ("dump_active", "active"), ("dump_reserved", "reserved"), ("dump_schedule", "scheduled"),
            ("dump_revoked", "revoked"), ("dump_tasks", "registered"), ("dump_conf", "conf"),
        ]
    )
    func oldNames(old: String, new: String) async throws {
        let app = TestApp.make()
        let gate = Doorway()
        let hold = app.task("wireapp.sleepy") { (x: Int) in
            await gate.waitUntilOpen()
            return x
        }
        try await withWorker(app, pool: .async(concurrency: 1)) { () async throws -> Void in
            _ = try await hold.delay(60)
            #expect(try await eventually { try await app.inspect(.quick).active().values.first?.count == 1 })
            _ = try await hold.delay(5)
            #expect(try await eventually { try await app.inspect(.quick).reserved().values.first?.count == 1 })
            _ = try await hold.applyAsync(7, options: SendOptions(countdown: .seconds(3600)))
            try await app.control(.quick).revoke(["a"])
            let value = try await answer(app, new)
            #expect(try await answer(app, old) == value)
            #expect(value != .array([]) && value["error"] == nil)
            gate.open()
        }
    }

    @Test("Registered tasks show the attributes that they are asked for")
    func registered() async throws {
        let app = TestApp.make()
        app.task("wire.named-task", options: TaskOptions(rateLimit: "100/s")) { 1 }
        app.task("wireapp.add") { (x: Int, y: Int) in x + y }
        try await withWorker(app) { () async throws -> Void in
            let plain = try await app.inspect(.quick).registered().values.first
            #expect(plain == ["wire.named-task [rate_limit=100/s]", "wireapp.add"])
            let more = try await app.inspect(.quick).registered(["rate_limit", "max_retries"]).values.first
            #expect(more == ["wire.named-task [rate_limit=100/s max_retries=3]", "wireapp.add [max_retries=3]"])
        }
    }
}

extension CeleryValue {
    /// Of an object by id: the task in `[state, task]`.
    fileprivate var onlyTask: CeleryValue {
        guard case .object(let object) = self, case .array(let pair)? = object.members.first?.value, pair.count == 2
        else {
            return "no task"
        }
        return pair[1]
    }
}

extension ControlOptions {
    /// Of a test with one worker: its answer is enough.
    static let quick = ControlOptions(timeout: .seconds(30), limit: 1)
}
