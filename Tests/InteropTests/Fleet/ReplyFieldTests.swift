//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import CeleryWorker
import ServiceTestSupport
import Testing

/// What ``InspectCommandLineTests`` compares with the current Celery, for each that is there: a worker with a task that runs.
@Suite("Replies of workers of both languages, by version", .needsPythonAndRedis, .timeLimit(.minutes(5)))
struct ReplyFieldTests {
    @Test("A Swift worker's replies have the fields and types of a Python worker's", arguments: PythonVersion.available)
    func fields(version: PythonVersion) async throws {
        try await withFleetSite(version) { (site) async throws -> Void in
            let python = try await site.peer.worker(.prefork, name: site.tag, queues: [site.tag + "-py"])
            let nodes = [site.hostname, NodeName.expand("\(site.tag)@%h")]
            // Python's worker begins to listen a moment after it has said that it is ready; what is sent before is lost.
            let glance = site.app.inspect(ControlOptions(destination: nodes, timeout: .seconds(1)))
            #expect(try await eventually(within: .seconds(60)) { try await glance.ping() == nodes.sorted() })
            var tasks: [String] = []
            for (node, queue) in zip(nodes, [site.tag, site.tag + "-py"]) {
                tasks.append(try await site.client.send("interop.sleep", [3600], options: ["queue": .string(queue)]))
                _ = try await waited(for: "a task that runs in \(node)", within: .seconds(60)) {
                    try await site.reply(["inspect", "active"], from: node).items.first
                }
            }
            /// What both answer.
            func replies(_ command: String) async throws -> [CeleryValue] {
                [
                    try await site.reply(["inspect", command], from: nodes[0]),
                    try await site.reply(["inspect", command], from: nodes[1]),
                ]
            }
            #expect(try await replies("ping") == [["ok": "pong"], ["ok": "pong"]])
            for command in ["active", "active_queues"] {
                let leaves = try await replies(command).map { ReplyLeaves($0) }
                #expect(leaves[0].typeDifferences(from: leaves[1]) == [], "\(command): \(leaves)")
            }
            // Two different pools.
            let stats = try await replies("stats")
            #expect(stats[0].memberNames.sorted() == stats[1].memberNames.sorted())
            let leaves = stats.map { ReplyLeaves($0, without: ["pool"]) }
            #expect(leaves[0].typeDifferences(from: leaves[1]) == [], "\(leaves)")
            let shared: [CeleryValue] = ["interop.add", "interop.sleep"]
            for reply in try await replies("registered") {
                #expect(reply.items.filter { shared.contains($0) } == shared)
            }
            let ended = try await site.reply(["control", "terminate", "SIGTERM", tasks[0]], from: site.hostname)
            #expect(ended == ["ok": .string("terminate: \(tasks[0])")])
            await python.end()
        }
    }
}
