//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import ServiceTestSupport
import Testing

/// Python workers with all that they do by themselves (events, mingle, gossip) beside Swift workers, which do not gossip.
@Suite("Python workers that gossip, beside Swift workers", .needsPythonAndRedis, .timeLimit(.minutes(5)))
struct GossipTests {
    @Test("They see Swift workers join, stay, leave and die, and go on working", arguments: PythonVersion.available)
    func gossip(version: PythonVersion) async throws {
        try await RedisServer.with { server in
            let (broker, backend) = (server.url(), server.url(database: 1))
            let peer = try PythonPeer(version, broker: broker, backend: backend)
            func swift(_ name: String) throws -> SwiftWorkerProcess {
                try SwiftWorkerProcess(
                    name,
                    broker: broker,
                    backend: backend,
                    pool: "async",
                    queues: ["sw"],
                    environment: ["INTEROP_LEDGER": peer.directory.path("ledger")],
                    directory: peer.directory
                )
            }
            let client = try await peer.client()
            var pythons: [PythonWorker] = []
            for name in ["first", "second"] {
                pythons.append(try await peer.worker(name: name, queues: ["py"], arguments: ["-l", "DEBUG"]))
            }
            let (steady, doomed) = (try swift("steady@gossip"), try swift("doomed@gossip"))
            for worker in [steady, doomed] {
                try await worker.waitUntilReady()
                for python in pythons { try await python.logs("\(worker.name) joined the party", within: .seconds(60)) }
            }
            #expect(try await client.request("watch", within: .seconds(60))["ready"] == true)
            try await runs(client, both: true)
            // Longer than the five seconds after which a Python worker looks who has fallen silent.
            _ = try await waited(for: "heartbeats", within: .seconds(90)) { () -> Bool? in
                let events = try await client.request("watched")["events"]?.items ?? []
                let beats = events.count {
                    $0.at("type") == "worker-heartbeat" && $0.at("hostname") == .string(steady.name)
                }
                return beats >= 7 ? true : nil
            }
            for python in pythons { #expect(Self.lastWord(of: python, on: steady.name) == "joined") }
            await doomed.end()
            for python in pythons {
                try await python.logs("missed heartbeat from \(doomed.name)", within: .seconds(60))
            }
            try await runs(client, both: true)
            #expect(try await steady.terminate() == 0)
            for python in pythons { try await python.logs("\(steady.name) left", within: .seconds(60)) }
            try await runs(client, both: false)
            for python in pythons {
                #expect(try await python.terminate(within: .seconds(60)) == 0)
                #expect(!python.logText.contains("Traceback"), "\(python.logText)")
            }
            await client.end()
        }
    }

    /// Whether tasks are run by Python workers, and by Swift workers too.
    private func runs(_ client: PythonClient, both: Bool) async throws {
        for queue in both ? ["py", "sw"] : ["py"] {
            let id = try await client.send("interop.add", [2, 3], options: ["queue": .string(queue)])
            #expect(try await client.get(id).value == 5, "\(queue)")
        }
    }

    /// What a Python worker has said last of one that it knows: on a loaded machine a heartbeat may come too late for once.
    private static func lastWord(of python: PythonWorker, on name: String) -> String? {
        let words = [
            ("joined", "\(name) joined the party"), ("missed", "missed heartbeat from \(name)"),
            ("left", "\(name) left"),
        ]
        return python.logText.split(separator: "\n")
            .compactMap { line in words.first { line.hasSuffix($0.1) }?.0 }
            .last
    }
}
