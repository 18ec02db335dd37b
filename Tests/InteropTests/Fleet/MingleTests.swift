//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import CeleryWorker
import Foundation
import ServiceTestSupport
import Testing

/// Workers that ask their neighbours at their start what is revoked and what time it is, in either language.
@Suite("Mingle between Swift and Python workers", .needsPythonAndRedis, .timeLimit(.minutes(5)))
struct MingleTests {
    /// Of logical time, so that what comes by chance does not reach it.
    private static let late = 1_000_000

    private struct Site {
        let app: CeleryApp
        let peer: PythonPeer
        let client: PythonClient
        let server: RedisServer
        let pythonName = NodeName.expand("python@%h")

        /// Asks nobody and tells nothing but by mingle: no gossip, and no heartbeats, whose clocks would be heard.
        func python(_ arguments: [String] = []) async throws -> PythonWorker {
            let worker = try await peer.worker(
                name: "python",
                queues: ["py"],
                arguments: ["--without-gossip", "--without-heartbeat"] + arguments
            )
            try await waitUntilAnswering(pythonName)
            return worker
        }

        /// A worker of either language may be ready before it hears commands.
        private func waitUntilAnswering(_ name: String) async throws {
            _ = try await waited(for: "\(name) to answer", within: .seconds(60)) {
                try await asking(name, within: .seconds(1)) { try await $0.inspect($1).ping() } == [name] ? true : nil
            }
        }

        func swift(_ name: String, _ arguments: [String] = []) async throws -> SwiftWorkerProcess {
            let worker = try SwiftWorkerProcess(
                name,
                broker: server.url(),
                backend: server.url(database: 1),
                pool: "async",
                queues: [name],
                arguments: ["--without-heartbeat"] + arguments,
                environment: ["INTEROP_LEDGER": peer.directory.path("ledger")],
                directory: peer.directory
            )
            try await worker.waitUntilReady()
            try await waitUntilAnswering(name)
            return worker
        }

        /// Asks a worker, with a client that has never heard of a later time than its own: it would tell of that as well.
        private func asking<Value>(
            _ name: String,
            within limit: Duration = .seconds(30),
            _ question: (CeleryApp, ControlOptions) async throws -> Value
        ) async throws -> Value {
            let app = CeleryApp("asks", broker: server.url(), backend: server.url(database: 1))
            do {
                let value = try await question(app, ControlOptions(destination: [name], timeout: limit))
                await app.shutdown()
                return value
            } catch {
                await app.shutdown()
                throw error
            }
        }

        /// Logical time of a worker.
        func clock(of name: String) async throws -> Int {
            try await asking(name) { try await $0.inspect($1).clock()[name] } ?? -1
        }

        func revoked(by name: String) async throws -> [String] {
            try await asking(name) { try await $0.inspect($1).revoked()[name] } ?? []
        }

        /// Tells a worker of a later time and a revoked task: by a client that knows of both.
        func teach(_ name: String, _ id: String) async throws {
            let answers = try await asking(name) { app, options in
                app.clock.adjust(MingleTests.late)
                return try await app.control(options).revoke([id])
            }
            #expect(answers.count == 1)
        }
    }

    private func withSite(_ version: PythonVersion, _ body: (Site) async throws -> Void) async throws {
        try await RedisServer.with { server in
            let app = CeleryApp("mingle", broker: server.url(), backend: server.url(database: 1))
            let peer = try PythonPeer(version, broker: server.url(), backend: server.url(database: 1))
            let client = try await peer.client()
            let site = Site(app: app, peer: peer, client: client, server: server)
            do {
                try await body(site)
            } catch {
                await app.shutdown()
                throw error
            }
            await client.end()
            await app.shutdown()
        }
    }

    @Test(
        "A Swift worker learns from a Python worker, and another Swift worker from that",
        arguments: PythonVersion.available
    )
    func swiftLearns(version: PythonVersion) async throws {
        try await withSite(version) { site in
            let python = try await site.python(["--without-mingle"])
            try await site.teach(site.pythonName, "first-id")
            let first = try await site.swift("first@mingle")
            #expect(try await eventually { try await site.revoked(by: first.name) == ["first-id"] })
            #expect(try await site.clock(of: first.name) > Self.late)
            try await python.logs("sync with first@mingle")
            // What it learned is in no store: the second can have it only from the first.
            await python.end()
            let second = try await site.swift("second@mingle")
            #expect(try await eventually { try await site.revoked(by: second.name) == ["first-id"] })
            #expect(try await site.clock(of: second.name) > Self.late)
            try await first.logs("sync with second@mingle")
            // And respects it.
            let doomed = try await site.app.sendTask(
                "interop.mark",
                args: ["never"],
                options: SendOptions(taskID: "first-id", queue: second.name)
            )
            let error = await #expect(throws: CeleryError.self) { try await doomed.get(timeout: .seconds(60)) }
            #expect(error?.code == .taskRevoked)
            #expect(site.peer.ledger.isEmpty)
            let alone = try await site.swift("third@mingle", ["--without-mingle"])
            #expect(try await site.clock(of: alone.name) < Self.late)
            for worker in [first, second, alone] { await worker.end() }
        }
    }

    @Test("A Python worker learns from a Swift worker, and is not disturbed by it", arguments: PythonVersion.available)
    func pythonLearns(version: PythonVersion) async throws {
        try await withSite(version) { site in
            let swift = try await site.swift("swift@mingle")
            try await site.teach(swift.name, "swift-id")
            let python = try await site.python()
            try await python.logs("mingle: sync complete")
            #expect(python.logText.contains("mingle: sync with 1 nodes"))
            try await swift.logs("sync with \(site.pythonName)")
            #expect(try await site.revoked(by: site.pythonName) == ["swift-id"])
            #expect(try await site.clock(of: site.pythonName) > Self.late)
            let options: CeleryObject = ["queue": "py", "task_id": "swift-id"]
            let id = try await site.client.send("interop.mark", ["never"], options: options)
            #expect(try await site.client.get(id).state == "REVOKED")
            let other = try await site.client.send("interop.add", [2, 3], options: ["queue": "py"])
            #expect(try await site.client.get(other).value == 5)
            #expect(site.peer.ledger.isEmpty)
            #expect(!python.logText.contains("Traceback"))
            #expect(try await python.terminate() == 0)
            await swift.end()
        }
    }
}
