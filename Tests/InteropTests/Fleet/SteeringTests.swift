//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import ServiceTestSupport
import Testing

/// What the command line of one language changes in a worker of the other, as that shows when it is asked.
@Suite("control of one language steers a worker of the other", .needsCurrentPythonAndRedis, .timeLimit(.minutes(10)))
struct SteeringTests {
    @Test("Limits, the pool, queues and events are changed, both ways round")
    func steers() async throws {
        try await MixedFleet.with { fleet in
            for steering in Steering.across(fleet) {
                try await rateLimit(steering)
                try await timeLimit(steering)
                try await pool(steering)
                try await consumers(steering)
                try await events(steering)
            }
        }
    }

    private func rateLimit(_ steering: Steering) async throws {
        let done: CeleryValue = ["ok": "new rate limit set successfully"]
        try await steering.expect(done, to: "rate_limit", "interop.fail", "1/h")
        let tasks = try await steering.ask("registered").items
        #expect(tasks.contains("interop.fail [rate_limit=1/h]") && tasks.contains("interop.add"), "\(tasks)")
        #expect(try await steering.call("interop.fail", ["value"], as: "first").state == "FAILURE")
        let second = try await steering.fleet.send("interop.fail", ["value"], to: steering.worker, as: "second")
        let fleet = steering.fleet
        // A Python worker holds it and shows it nowhere, a Swift worker leaves it in its queue: see docs/fleet.md.
        if steering.worker == .swift {
            try await steering.ask("query_task", second, until: { $0.at(second).items.first == "scheduled" })
        } else {
            try await fleet.python.logs("interop.fail[\(second)] received")
            #expect(try await steering.ask("query_task", second) == [:])
        }
        #expect(try await fleet.client.state(second).state == "PENDING")
        try await steering.expect(done, to: "rate_limit", "interop.fail", "0")
        #expect(try await steering.call("interop.fail", ["value"], as: "third").state == "FAILURE")
    }

    private func timeLimit(_ steering: Steering) async throws {
        let done: CeleryValue = ["ok": "time limits set successfully"]
        let gate = CeleryValue.string(steering.fleet.peer.directory.path("closed-gate"))
        try await steering.expect(done, to: "time_limit", "interop.hold", "0.3", "60")
        // The command lines name a soft limit before a hard one, the clients either.
        #expect(try await steering.limit("interop.sleep", hard: 0.4) == done)
        let limited = try await steering.ask("registered", "soft_time_limit", "time_limit").items
        #expect(limited.contains("interop.hold [soft_time_limit=0.3 time_limit=60.0]"), "\(limited)")
        #expect(limited.contains("interop.sleep [time_limit=0.4]"), "\(limited)")
        // A Python worker goes by the limits that it has begun with until it begins anew: see docs/fleet.md.
        try await restart(steering)
        let asked = try await steering.call("interop.hold", [gate], as: "asked")
        #expect(asked.exception?.type == "SoftTimeLimitExceeded", "\(asked)")
        let killed = try await steering.call("interop.sleep", [600], as: "killed")
        #expect(killed.exception?.type == "TimeLimitExceeded" && killed.exception?.arguments == [0.4], "\(killed)")
        try await steering.expect(done, to: "time_limit", "interop.sleep", "60", "120")
        let tasks = try await steering.ask("registered", "soft_time_limit", "time_limit").items
        #expect(tasks.contains("interop.sleep [soft_time_limit=60.0 time_limit=120.0]"), "\(tasks)")
        try await steering.expect(done, to: "time_limit", "interop.sleep", "60")
        let fewer = try await steering.ask("registered", "soft_time_limit", "time_limit").items
        #expect(fewer.contains("interop.sleep [soft_time_limit=60.0]"), "\(fewer)")
    }

    private func pool(_ steering: Steering) async throws {
        func has(_ count: Int) async throws {
            try await steering.ask("stats") { stats in
                stats.at("pool", "processes").items.count == count && stats.at("prefetch_count") == .int(4 * count)
            }
        }
        try await has(1)
        try await steering.expect(["ok": "pool will grow"], to: "pool_grow")
        try await has(2)
        try await steering.expect(["ok": "pool will grow"], to: "pool_grow", "1")
        try await has(3)
        try await steering.expect(["ok": "pool will shrink"], to: "pool_shrink", "2")
        try await has(1)
        try await steering.expect(["error": "ValueError('Autoscale not enabled')"], to: "autoscale", "3", "1")
    }

    private func restart(_ steering: Steering) async throws {
        let before = try await steering.ask("stats").at("pool", "processes").items
        try await steering.expect(["ok": "reload started"], to: "pool_restart")
        try await steering.ask("stats") { stats in
            let now = stats.at("pool", "processes").items
            return now.count == 1 && !before.contains(now[0])
        }
    }

    private func consumers(_ steering: Steering) async throws {
        let queue = "extra-\(steering.worker)"
        let words = ["add_consumer", queue, "media-\(queue)", "topic", "news.#"]
        let added = try await steering.fleet.reply(to: steering.line, ["control"] + words, of: steering.worker)
        #expect(added == ["ok": .string("add consumer \(queue)")])
        let queues = try await steering.ask("active_queues", until: { $0.items.count == 2 }).items
        #expect(queues.map { $0.at("name") } == [.string(steering.worker.queue), .string(queue)])
        let found = try #require(queues.last)
        #expect(found.at("exchange", "name") == .string("media-\(queue)") && found.at("routing_key") == "news.#")
        #expect(found.at("exchange", "type") == "topic" && found.at("durable") == true)
        let id = try await steering.fleet.client.send("interop.add", [4, 5], options: ["queue": .string(queue)])
        #expect(try await steering.fleet.client.get(id).value == 9)
        try await steering.expect(["ok": .string("no longer consuming from \(queue)")], to: "cancel_consumer", queue)
        try await steering.ask(
            "active_queues",
            until: { $0.items.map { $0.at("name") } == [.string(steering.worker.queue)] }
        )
    }

    private func events(_ steering: Steering) async throws {
        try await steering.fleet.asking { app, _ in
            let stream = try await app.events.receive(wakesUp: false)
            try await steering.expect(["ok": "task events enabled"], to: "enable_events")
            try await steering.expect(["ok": "task events already enabled"], to: "enable_events")
            #expect(try await steering.call("interop.add", [1, 2], as: "told").value == 3)
            let told = try await steering.heard(on: stream, "told", until: { $0.type == "task-succeeded" })
            #expect(told == ["task-received", "task-started", "task-succeeded"])
            try await steering.expect(["ok": "task events disabled"], to: "disable_events")
            try await steering.expect(["ok": "task events already disabled"], to: "disable_events")
            #expect(try await steering.call("interop.add", [1, 2], as: "untold").value == 3)
            try await steering.expect(.null, to: "heartbeat")
            let node = steering.worker.node
            let untold = try await steering.heard(on: stream, "untold") { event in
                event.type == "worker-heartbeat" && event.hostname == node && event.fields["freq"]?.whole == 5
            }
            #expect(untold == [])
            await stream.close()
        }
    }

    @Test("The range of a pool that scales itself is changed, and then it neither grows nor shrinks by hand")
    func autoscale() async throws {
        try await MixedFleet.with("--autoscale=3,1") { fleet in
            for steering in Steering.across(fleet) {
                try await steering.expect(["ok": "autoscale now max=4 min=2"], to: "autoscale", "4", "2")
                let stats = try await steering.ask("stats", until: { $0.at("pool", "processes").items.count == 2 })
                #expect(stats.at("autoscaler") == ["max": 4, "min": 2, "current": 2, "qty": 0], "\(steering)")
                for verb in ["grow", "shrink"] {
                    let text = "pool_\(verb) is not supported with autoscale. Adjust autoscale range instead."
                    try await steering.expect(["error": .string(text)], to: "pool_\(verb)", "1")
                }
            }
        }
    }
}
