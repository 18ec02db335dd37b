//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import ServiceTestSupport
import Testing

/// Python to Python: what the interop tests stand on.
@Suite("Python Celery over Redis", .serialized, .needsPythonAndRedis)
struct PythonPeerTests {
    private func peer(_ version: PythonVersion, _ settings: CeleryObject = [:]) async throws -> PythonPeer {
        let server = try await RedisServer.shared
        let prefix: CeleryValue = .object(["global_keyprefix": .string(RedisServer.uniquePrefix())])
        var settings = settings
        settings["broker_transport_options"] = prefix
        settings["result_backend_transport_options"] = prefix
        return try PythonPeer(version, broker: server.url(), backend: server.url(), settings: settings)
    }

    @Test("values, errors, retries and states come back", arguments: PythonVersion.available)
    func outcomes(version: PythonVersion) async throws {
        let peer = try await peer(version)
        let worker = try await peer.worker()
        let client = try await peer.client()
        let value: CeleryValue = [
            "date": .date("2030-01-02"), "bytes": .bytes([255, 0]), "decimal": .decimal("1.10"),
            "big": .bigInteger("123456789012345678901234567890"), "uuid": .uuid("7b6dd2ab05ec4b1c9c4b0a9d7b4f1c11"),
            "text": "h\u{e9} \u{1F600}", "list": [1, 2.5, nil, true],
        ]
        #expect(try await client.call("interop.echo", [value]).value == value)
        let failed = try await client.call("interop.fail", ["own"])
        #expect(failed.state == "FAILURE")
        #expect(failed.exception?.type == "OrderError")
        #expect(failed.exception?.module == "interop_app")
        #expect(failed.exception?.arguments == [42, "out of stock"])
        #expect(failed.traceback?.contains("OrderError: (42, 'out of stock')") == true)
        #expect(try await client.call("interop.retry", [2]).value == 2)
        let gate = peer.directory.path("gate")
        let id = try await client.send("interop.progress", [.string(gate)])
        let shown = try await waited(for: "progress") { () -> PythonClient.Outcome? in
            let outcome = try await client.state(id)
            return outcome.state == "PROGRESS" ? outcome : nil
        }
        #expect(shown.value == ["current": 3, "total": 10, "note": "h\u{e9}"])
        try peer.directory.write("", to: "gate")
        #expect(try await client.get(id).value == "done")
        #expect(try await worker.terminate() == 0)
        await client.end()
    }

    @Test("a prefork worker dies with its children when it is killed", arguments: PythonVersion.available)
    func killed(version: PythonVersion) async throws {
        let peer = try await peer(version, ["task_serializer": "msgpack", "result_serializer": "msgpack"])
        let worker = try await peer.worker(.prefork, concurrency: 2)
        let client = try await peer.client()
        let id = try await client.send("interop.mark_late", ["line"])
        #expect(try await client.get(id).value == "line")
        #expect(peer.ledger == ["line"])
        await worker.kill()
        #expect(!worker.isRunning)
        let refused = try await client.request("get", ["id": "nothing", "timeout": 0.1])
        #expect(refused["timeout"] == true)
        await #expect(throws: ServiceError.self) { try await client.send("interop.add", [1], typed: true) }
        await client.end()
    }
}
