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

/// Redis has a list for each step of priority; 0 is the most urgent. Both sides have to name and read them alike.
@Suite("Priorities over Redis", .needsPythonAndRedis)
struct PriorityInteropTests {
    /// Steps by default, then steps of a test's own, with the lists that the priorities 0 to 9 belong to.
    static let steps: [(steps: [Int]?, lists: [Int])] = [
        (nil, [0, 0, 0, 3, 3, 3, 6, 6, 6, 9]), ([0, 5], [0, 0, 0, 0, 0, 5, 5, 5, 5, 5]),
    ]

    private static func options(_ steps: [Int]?) -> CeleryObject {
        steps.map { ["priority_steps": .array($0.map { .int($0) })] } ?? [:]
    }

    /// The list of a queue for one step.
    private static func list(_ queue: String, _ step: Int) -> String {
        step == 0 ? queue : "\(queue)\u{6}\u{16}\(step)"
    }

    /// Asserts how many messages each list has.
    private func expectLists(of queue: String, _ lists: [Int]) async throws {
        let server = try await RedisServer.shared
        for step in Set(lists) {
            let length = try server.command("LLEN", Self.list(queue, step))
            #expect(length == .integer(lists.count { $0 == step }), "step \(step)")
        }
    }

    /// The lines in the order of a worker that takes one at a time: urgent first, first come first served within a step.
    private func expected(_ lists: [Int]) -> [String] {
        lists.indices.sorted { (lists[$0], $0) < (lists[$1], $1) }.map { "p\($0)" }
    }

    @Test("a Swift worker takes what Python sent in order", arguments: PythonVersion.available, steps.indices)
    func pythonToSwift(version: PythonVersion, index: Int) async throws {
        let (steps, lists) = Self.steps[index]
        let options = Self.options(steps)
        let client = try await RedisInterop.peer(version, ["broker_transport_options": .object(options)]).client()
        try await RedisInterop.withSwiftWorker(
            version,
            client: client,
            pool: .solo,
            configure: {
                $0.brokerTransportOptions = options
                $0.workerPrefetchMultiplier = 1
            },
            before: { site in
                var ids: [String] = []
                for priority in 0..<10 {
                    let priority: CeleryObject = ["priority": .int(priority)]
                    ids.append(try await site.send("interop.mark", [.string("p\(ids.count)")], options: priority))
                }
                try await expectLists(of: site.queue, lists)
                return ids
            }
        ) { site, ids in
            for id in ids { _ = try await client.get(id) }
            #expect(site.ledger.lines == expected(lists))
        }
        await client.end()
    }

    @Test("a Python worker takes what Swift sent in order", arguments: PythonVersion.available, steps.indices)
    func swiftToPython(version: PythonVersion, index: Int) async throws {
        let (steps, lists) = Self.steps[index]
        let options = Self.options(steps)
        let queue = RedisServer.uniquePrefix() + "queue"
        let peer = try await RedisInterop.peer(
            version,
            ["broker_transport_options": .object(options), "worker_prefetch_multiplier": 1]
        )
        try await RedisInterop.withApp(queue: queue, configure: { $0.brokerTransportOptions = options }) { app in
            var results: [AsyncResult<CeleryValue>] = []
            for priority in 0..<10 {
                let line = CeleryValue.string("p\(priority)")
                let options = SendOptions(priority: priority)
                results.append(try await app.sendTask("interop.mark_late", args: [line], options: options))
            }
            try await expectLists(of: queue, lists)
            let worker = try await peer.worker(queues: [queue])
            for result in results { _ = try await result.get(timeout: .seconds(30)) }
            #expect(peer.ledger == expected(lists))
            await worker.end()
        }
    }
}
