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

@Suite("How tasks of a Swift worker end for a Python client", .needsPythonAndRedis)
struct PythonToSwiftOutcomeTests {
    @Test("a Swift error is an exception of the right class in Python", arguments: PythonVersion.available)
    func errors(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version) { site in
            let value = try await site.call("interop.fail", ["value"])
            #expect(value.state == "FAILURE")
            #expect(value.exception?.type == "ValueError")
            #expect(value.exception?.module == "builtins")
            #expect(value.exception?.arguments == ["went wrong", 7])
            let id = try await site.send("interop.fail", ["own"])
            let own = try await site.client.get(id)
            #expect(own.exception?.type == "OutOfStock")
            // Python makes a class of that name, in a module of its own: no module is called like ours.
            #expect(own.exception?.module == "celery.exceptions")
            let key = "celery-task-meta-\(id)"
            let stored = try site.server.command("GET", key, database: RedisInterop.resultDatabase).text
            #expect(stored?.contains("\"exc_module\": \"swift.InteropTests\"") == true)
            #expect(own.exception?.bases.contains("Exception") == true)
            #expect(own.exception?.text == "number 42 is out of stock")
            #expect(own.traceback?.contains("number 42 is out of stock") == true)
            let unicode = try await site.call("interop.fail", ["unicode"])
            #expect(unicode.exception?.arguments == ["h\u{e9}llo \u{2603} \u{1F600}"])
        }
    }

    @Test("an unknown task is NotRegistered", arguments: PythonVersion.available)
    func unknown(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version) { site in
            let outcome = try await site.call("interop.nowhere", [1])
            #expect(outcome.state == "FAILURE")
            #expect(outcome.exception?.type == "NotRegistered")
            #expect(outcome.exception?.module == "celery.exceptions")
            #expect(outcome.exception?.arguments.first == "interop.nowhere")
            try await site.expect(5, from: "interop.add", [2, 3])
        }
    }

    @Test("STARTED, PROGRESS and SUCCESS are seen while they last", arguments: PythonVersion.available)
    func states(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version) { site in
            let gate = site.directory.path("gate")
            let held = try await site.send("interop.hold", [.string(gate)])
            let started = try await seen("STARTED", of: held, by: site.client)
            guard case .object(let meta)? = started.value else { throw ServiceError("\(started)") }
            #expect(meta.keys.contains("pid") && meta.keys.contains("hostname"))
            let reporting = try await site.send("interop.progress", [.string(gate)])
            let progress = try await seen("PROGRESS", of: reporting, by: site.client)
            #expect(progress.value == ["current": 3, "total": 10, "note": "h\u{e9}"])
            try site.directory.write("", to: "gate")
            #expect(try await site.client.get(held).value == "released")
            let done = try await site.client.get(reporting)
            #expect(done.state == "SUCCESS")
            #expect(done.value == "done")
        }
    }

    @Test("a retry shows its cause, then the result", arguments: PythonVersion.available)
    func retries(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version) { site in
            try await site.expect(3, from: "interop.retry", [3])
            let id = try await site.send("interop.retry", [1], kwargs: ["countdown": 2])
            let retrying = try await seen("RETRY", of: id, by: site.client)
            #expect(retrying.exception?.type == "ValueError")
            #expect(retrying.exception?.arguments == ["attempt 0"])
            #expect(try await site.client.get(id).value == 1)
            let gaveUp = try await site.call("interop.give_up")
            #expect(gaveUp.state == "FAILURE")
            #expect(gaveUp.exception?.type == "OutOfStock")
        }
    }

    @Test("an ignored task stores nothing, a rejected one says so", arguments: PythonVersion.available)
    func unusual(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version, pool: .solo) { site in
            let id = try await site.send("interop.ignore")
            try await site.expect(5, from: "interop.add", [2, 3])
            #expect(try await site.client.state(id).state == "PENDING")
            let rejected = try await site.call("interop.reject", ["no good"])
            #expect(rejected.state == "FAILURE")
            #expect(rejected.exception?.type == "Reject")
            #expect(rejected.exception?.module == "celery.exceptions")
        }
    }

    private func seen(
        _ state: String,
        of id: String,
        by client: PythonClient
    ) async throws -> PythonClient.Outcome {
        try await waited(for: "state \(state)") {
            let outcome = try await client.state(id)
            return outcome.state == state ? outcome : nil
        }
    }
}
