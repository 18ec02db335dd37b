//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation
import ServiceTestSupport
import Testing

@Suite("Options of a Python client at a Swift worker", .needsPythonAndRedis)
struct PythonToSwiftOptionTests {
    private func object(_ outcome: PythonClient.Outcome) throws -> CeleryObject {
        guard case .object(let object)? = outcome.value else { throw ServiceError("no object: \(outcome)") }
        return object
    }

    @Test("countdown and eta, in any zone, are waited for", arguments: PythonVersion.available)
    func later(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version) { site in
            let due = Timestamp.now.advanced(by: .seconds(1))
            let naive = CeleryValue.datetime(String(due.iso8601.prefix(26)))
            for options: CeleryObject in [["countdown": 0.5], ["eta": .datetime(due.iso8601)], ["eta": naive]] {
                let start = Timestamp.now
                let outcome = try await site.call("interop.add", [2, 3], options: options)
                #expect(outcome.value == 5)
                #expect(options["eta"] == nil ? Timestamp.now.since(start) >= .seconds(0.5) : Timestamp.now >= due)
            }
        }
    }

    @Test("what has expired is revoked, what has not runs", arguments: PythonVersion.available)
    func expires(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version) { site in
            let past = try await site.call("interop.mark", ["past"], options: ["expires": -10])
            #expect(past.state == "REVOKED")
            #expect(past.exception?.type == "TaskRevokedError")
            #expect(past.exception?.module == "celery.exceptions")
            #expect(past.exception?.arguments == ["expired"])
            let future = CeleryValue.datetime(Timestamp.now.advanced(by: .seconds(600)).iso8601)
            try await site.expect("future", from: "interop.mark", ["future"], options: ["expires": future])
            #expect(site.ledger.lines == ["future"])
        }
    }

    @Test("headers, priority, shadow and an id of odd characters reach the task", arguments: PythonVersion.available)
    func request(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version) { site in
            for id in ["plain-1", "with spaces / and \u{2603} \u{1F600} \"quotes\"", "{[*?]}"] {
                let unique = "\(id) \(UUID())"
                let options: CeleryObject = [
                    "task_id": .string(unique), "priority": 6, "shadow": "shown",
                    "headers": ["x_trace": "abc", "n": 5, "nested": ["k": [1, nil]]],
                ]
                let found = try object(try await site.call("interop.request", options: options))
                #expect(found["id"] == .string(unique))
                #expect(found["root_id"] == .string(unique))
                #expect(found["priority"] == 6)
                #expect(found["retries"] == 0)
                #expect(found["redelivered"] == false)
                #expect(found["queue"] == .string(site.queue))
                guard case .object(let headers)? = found["headers"] else { throw ServiceError("\(found)") }
                #expect(headers["x_trace"] == "abc")
                #expect(headers["n"] == 5)
                #expect(headers["nested"] == ["k": [1, nil]])
            }
        }
    }

    @Test("nothing is stored when the result is ignored", arguments: PythonVersion.available)
    func ignored(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version, pool: .solo) { site in
            let first = try await site.send("interop.mark", ["1"], options: ["ignore_result": true])
            // 5.6 says in messages sent by name that results are wanted, whatever the task says.
            let second = try await site.send("interop.silent", ["2"], typed: true)
            // One at a time, so that both have ended when this has.
            try await site.expect("3", from: "interop.mark", ["3"])
            #expect(site.ledger.lines == ["1", "2", "3"])
            for id in [first, second] {
                let key = "celery-task-meta-\(id)"
                #expect(try site.server.command("EXISTS", key, database: RedisInterop.resultDatabase) == .integer(0))
            }
        }
    }

    @Test("time limits of the call stop the task", arguments: PythonVersion.available)
    func limits(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version) { site in
            let soft = try await site.call("interop.sleep", [60], options: ["soft_time_limit": 0.3])
            #expect(soft.value == "asked to stop")
            let hard = try await site.call("interop.sleep", [60], options: ["time_limit": 0.3])
            #expect(hard.state == "FAILURE")
            #expect(hard.exception?.type == "TimeLimitExceeded")
            #expect(hard.exception?.module == "billiard.exceptions")
        }
    }

    @Test("topic and fanout exchanges lead to the worker's queues", arguments: PythonVersion.available)
    func exchanges(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version, hasExchanges: true) { site in
            let feed = try await site.call(
                "interop.mark",
                ["feed"],
                options: ["queue": .string(site.queues.feeds.name), "routing_key": "feed.video.new"]
            )
            #expect(feed.value == "feed")
            let news = try await site.call(
                "interop.mark",
                ["news"],
                options: ["queue": .string(site.queues.news.name)]
            )
            #expect(news.value == "news")
        }
    }
}
