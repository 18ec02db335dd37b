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

@Suite("Stored results of one side in the hands of the other", .needsPythonAndRedis)
struct ResultInteropTests {
    private func key(_ id: String) -> String { "celery-task-meta-\(id)" }

    @Test("Swift reads, awaits and forgets what Python tasks for Python returned", arguments: PythonVersion.available)
    func swiftReads(version: PythonVersion) async throws {
        try await RedisInterop.withPythonWorker(version) { site in
            let client = try await RedisInterop.of(version).client()
            let queue: CeleryObject = ["queue": .string(site.queues.plain.name)]
            let id = try await client.send("interop.add", [2, 3], options: queue)
            let result = AsyncResult<Int>(id: id, app: site.app)
            #expect(try await result.get(timeout: .seconds(30)) == 5)
            let meta = try #require(try await result.meta())
            #expect(meta.state == .success)
            #expect(meta.taskID == id)
            #expect(meta.dateDone?.hasSuffix("+00:00") == true)
            try await result.forget()
            #expect(try site.server.command("EXISTS", key(id), database: RedisInterop.resultDatabase) == .integer(0))
            #expect(try await client.state(id).state == "PENDING")
            let failed = try await client.send("interop.fail", ["own"], options: queue)
            await #expect(throws: CeleryError.self) {
                try await AsyncResult<Int>(id: failed, app: site.app).get(timeout: .seconds(30))
            }
            #expect(try await AsyncResult<Int>(id: failed, app: site.app).failed())
        }
    }

    @Test("Python reads and forgets what Swift tasks for Swift returned", arguments: PythonVersion.available)
    func pythonReads(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version) { site in
            try await RedisInterop.withApp(queue: site.queue) { app in
                let result = try await app.sendTask("interop.echo", args: [["when": .date("2030-01-02")]])
                #expect(try await site.client.get(result.id).value == ["when": .date("2030-01-02")])
                let seconds = try site.server.command("TTL", key(result.id), database: RedisInterop.resultDatabase)
                #expect((86000...86400).contains(seconds.number ?? 0))
                guard
                    case .object(let meta)? = try await site.client.request("meta", ["id": .string(result.id)])["meta"]
                else { throw ServiceError("no meta") }
                #expect(meta["status"] == "SUCCESS")
                #expect(meta["task_id"] == .string(result.id))
                #expect(meta["traceback"] == .null)
                try await site.client.forget(result.id)
                #expect(try await result.state() == .pending)
            }
        }
    }

    @Test("a waiting client of either side is told at once", arguments: PythonVersion.available)
    func waiting(version: PythonVersion) async throws {
        try await RedisInterop.withSwiftWorker(version) { site in
            let gate = site.directory.path("gate")
            let id = try await site.send("interop.hold", [.string(gate)])
            try await RedisInterop.withApp(queue: site.queue) { app in
                async let swift = AsyncResult<String>(id: id, app: app).get(timeout: .seconds(30))
                async let python = site.client.get(id)
                // Both wait by a subscription to the result's channel.
                _ = try await waited(for: "two subscribers") {
                    let channels = try site.server.command("PUBSUB", "NUMSUB", key(id)).items
                    return (channels.last?.number ?? 0) >= 2 ? true : nil
                }
                try site.directory.write("", to: "gate")
                #expect(try await swift == "released")
                #expect(try await python.value == "released")
            }
        }
    }
}
