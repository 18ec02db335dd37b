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

@Suite("How tasks of a Python worker end for a Swift client", .needsPythonAndRedis)
struct SwiftToPythonOutcomeTests {
    private func failure(
        _ site: PythonWorkerSite,
        _ name: String,
        _ args: [CeleryValue] = [],
        kwargs: CeleryObject = [:]
    ) async throws -> CeleryError {
        let error = await #expect(throws: CeleryError.self) { try await site.call(name, args, kwargs: kwargs) }
        return try #require(error)
    }

    @Test("an exception is a typed error with its class, module and traceback", arguments: PythonVersion.available)
    func errors(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            let value = try await failure(site, "interop.fail", ["value"])
            #expect(value.code == .taskFailed)
            #expect(
                value.exception == ExceptionInfo(type: "ValueError", arguments: ["went wrong", 7], module: "builtins")
            )
            #expect(value.traceback?.contains("Traceback (most recent call last)") == true)
            #expect(value.traceback?.contains("ValueError: ('went wrong', 7)") == true)
            #expect(value.message.contains("ValueError"))
            let own = try await failure(site, "interop.fail", ["own"])
            #expect(own.exception?.type == "OrderError")
            #expect(own.exception?.module == "interop_app")
            #expect(own.exception?.arguments == [42, "out of stock"])
            let empty = try await failure(site, "interop.fail", ["empty"])
            #expect(empty.exception == ExceptionInfo(type: "RuntimeError", arguments: [], module: "builtins"))
            let unicode = try await failure(site, "interop.fail", ["unicode"])
            #expect(unicode.exception?.message == "h\u{e9}llo \u{2603} \u{1F600}")
        }
    }

    @Test("what Python cannot send comes as text", arguments: PythonVersion.available)
    func unserializable(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            let argument = try await failure(site, "interop.fail", ["argument"])
            #expect(argument.exception?.type == "ValueError")
            #expect(argument.exception?.arguments.first == "outer")
            let cause = try await failure(site, "interop.fail", ["cause"])
            #expect(cause.exception?.message == "outer")
            #expect(cause.traceback?.contains("ZeroDivisionError") == true)
            let result = try await failure(site, "interop.fail", ["result"])
            #expect(result.exception?.type == "EncodeError")
            #expect(result.exception?.module == "kombu.exceptions")
        }
    }

    @Test("an unknown task is NotRegistered, wrong arguments are a TypeError", arguments: PythonVersion.available)
    func refused(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            let unknown = try await failure(site, "interop.nowhere", [1])
            #expect(unknown.exception?.type == "NotRegistered")
            #expect(unknown.exception?.module == "celery.exceptions")
            #expect(unknown.exception?.message.contains("interop.nowhere") == true)
            for (args, kwargs) in [([], [:]), ([1, 2, 3], [:]), ([1, 2], ["z": 3])]
                as [([CeleryValue], CeleryObject)]
            {
                let wrong = try await failure(site, "interop.add", args, kwargs: kwargs)
                #expect(wrong.exception?.type == "TypeError")
                #expect(wrong.exception?.module == "builtins")
            }
        }
    }

    @Test("STARTED, PROGRESS and SUCCESS are seen while they last", arguments: PythonVersion.available)
    func states(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            let name = "gate-\(UUID())"
            let gate = CeleryValue.string(site.peer.directory.path(name))
            let held = try await site.app.sendTask("interop.hold", args: [gate])
            try await seen(.started, of: held)
            let started = try #require(try await held.info(as: [String: CeleryValue].self))
            #expect(Set(started.keys) == ["pid", "hostname"])
            let reporting = try await site.app.sendTask("interop.progress", args: [gate])
            try await seen("PROGRESS", of: reporting)
            let progress = try await reporting.info(as: CeleryValue.self)
            #expect(progress == ["current": 3, "total": 10, "note": "h\u{e9}"])
            try site.peer.directory.write("", to: name)
            #expect(try await held.get() == "released")
            #expect(try await reporting.get() == "done")
            #expect(try await held.successful())
        }
    }

    @Test("a retry shows its cause, then the result", arguments: PythonVersion.available)
    func retries(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            try await site.expect(3, from: "interop.retry", [3])
            let result = try await site.app.sendTask("interop.retry", args: [1], kwargs: ["countdown": 2])
            try await seen(.retry, of: result)
            guard case .exception(let cause)? = try await result.meta()?.outcome else {
                throw ServiceError("no cause")
            }
            #expect(cause == ExceptionInfo(type: "ValueError", arguments: ["attempt 0"], module: "builtins"))
            #expect(try await result.get() == 1)
            let gaveUp = try await failure(site, "interop.give_up")
            #expect(gaveUp.exception?.type == "OrderError")
        }
    }

    private func seen(_ state: TaskState, of result: AsyncResult<CeleryValue>) async throws {
        _ = try await waited(for: "state \(state)") { try await result.state() == state ? true : nil }
    }
}
