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

@Suite("Options of a Swift client at a Python worker", .needsPythonAndRedis)
struct SwiftToPythonOptionTests {
    private func request(
        _ site: PythonWorkerSite,
        _ options: SendOptions = SendOptions()
    ) async throws -> CeleryObject {
        guard case .object(let object) = try await site.call("interop.request", options: options) else {
            throw ServiceError("no object")
        }
        return object
    }

    @Test("countdown and eta are waited for", arguments: PythonVersion.available)
    func later(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            let start = Timestamp.now
            let counted = try await request(site, SendOptions(countdown: .milliseconds(500)))
            #expect(Timestamp.now.since(start) >= .milliseconds(500))
            #expect(counted["eta"] != .null)
            let due = Timestamp.now.advanced(by: .milliseconds(700))
            try await site.expect(5, from: "interop.add", [2, 3], options: SendOptions(eta: due))
            #expect(Timestamp.now >= due)
        }
    }

    @Test("what has expired is revoked", arguments: PythonVersion.available)
    func expires(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            let line = UUID().uuidString
            let past = Timestamp.now.advanced(by: .seconds(-10))
            let error = await #expect(throws: CeleryError.self) {
                try await site.call("interop.mark", [.string(line)], options: SendOptions(expiresAt: past))
            }
            #expect(error?.code == .taskRevoked)
            #expect(error?.exception?.type == "TaskRevokedError")
            #expect(error?.exception?.arguments == ["expired"])
            try await site.expect(5, from: "interop.add", [2, 3], options: SendOptions(expires: .seconds(600)))
            #expect(!site.peer.ledger.contains(line))
        }
    }

    @Test("headers, priority, shadow and an id of odd characters reach the task", arguments: PythonVersion.available)
    func headers(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            for id in ["plain-1", "with spaces / and \u{2603} \u{1F600} \"quotes\"", "{[*?]}"] {
                let unique = "\(id) \(UUID())"
                var options = SendOptions(taskID: unique, priority: 6, shadow: "shown", parentID: "p-1", rootID: "r-1")
                options.headers = ["x_trace": "abc", "n": 5, "nested": ["k": [1, nil]]]
                options.groupID = "g-1"
                options.groupIndex = 4
                let found = try await request(site, options)
                #expect(found["id"] == .string(unique))
                #expect(found["correlation_id"] == .string(unique))
                #expect(found["parent_id"] == "p-1")
                #expect(found["root_id"] == "r-1")
                #expect(found["group"] == "g-1")
                #expect(found["group_index"] == 4)
                #expect(found["queue_priority"] == 6)
                #expect(found["shadow"] == "shown")
                #expect(found["retries"] == 0)
                #expect(found["lang"] == "swift")
                guard case .object(let info)? = found["delivery_info"] else { throw ServiceError("\(found)") }
                #expect(info["routing_key"] == .string(site.queues.plain.name))
                guard case .object(let headers)? = found["headers"] else { throw ServiceError("\(found)") }
                #expect(headers["x_trace"] == "abc")
                #expect(headers["nested"] == ["k": [1, nil]])
            }
        }
    }

    @Test("nothing is stored when the result is ignored", arguments: PythonVersion.available)
    func ignored(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            let line = UUID().uuidString
            let options = SendOptions(ignoreResult: true)
            let result = try await site.app.sendTask("interop.mark", args: [.string(line)], options: options)
            await #expect(throws: CeleryError.self) { try await result.get() }
            _ = try await waited(for: "the task") { site.peer.ledger.contains(line) ? true : nil }
            try await site.worker.logs("interop.mark[\(result.id)] succeeded")
            let key = "celery-task-meta-\(result.id)"
            #expect(try site.server.command("EXISTS", key, database: RedisInterop.resultDatabase) == .integer(0))
        }
    }

    @Test("time limits of the call stop the task", arguments: PythonVersion.available)
    func limits(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            let soft = try await site.call(
                "interop.sleep",
                [60],
                options: SendOptions(timeLimit: .seconds(30), softTimeLimit: .seconds(1))
            )
            #expect(soft == "asked to stop")
            let error = await #expect(throws: CeleryError.self) {
                try await site.call("interop.sleep", [60], options: SendOptions(timeLimit: .seconds(1)))
            }
            #expect(error?.code == .taskFailed)
            #expect(error?.exception?.type == "TimeLimitExceeded")
            #expect(error?.exception?.module == "billiard.exceptions")
        }
    }

    @Test("a topic exchange leads to the worker's queue", arguments: PythonVersion.available)
    func topic(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            var options = SendOptions(queue: site.queues.feeds.name, routingKey: "feed.video.new")
            try await site.expect(5, from: "interop.add", [2, 3], options: options)
            options = SendOptions(exchange: site.queues.feeds.exchange.name, routingKey: "feed.text")
            try await site.expect(6, from: "interop.add", [2, 4], options: options)
        }
    }

    @Test("a fanout exchange leads to the worker's queue", arguments: PythonVersion.available)
    func fanout(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            try await site.expect(7, from: "interop.add", [2, 5], options: SendOptions(queue: site.queues.news.name))
        }
    }
}
