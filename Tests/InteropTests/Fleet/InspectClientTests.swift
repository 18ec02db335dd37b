//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import ServiceTestSupport
import Testing

/// What only the clients can ask, and what Swift's reads of the answers.
@Suite("inspect of both clients, asking workers of both that have something to tell", .needsCurrentPythonAndRedis)
struct InspectClientTests {
    private typealias Language = MixedFleet.Language

    @Test("Swift's client reads the same tasks, queues and ids from either worker")
    func typed() async throws {
        try await MixedFleet.occupied.asking { app, options in
            let inspect = app.inspect(options)
            let all = Language.allCases.map(\.node)
            let (active, reserved) = (try await inspect.active(), try await inspect.reserved())
            let (scheduled, queues) = (try await inspect.scheduled(), try await inspect.activeQueues())
            let ids = Language.allCases.flatMap { ["\($0)-running", "\($0)-reserved", "\($0)-scheduled"] }
            let found = try await inspect.queryTask(ids)
            for worker in Language.allCases {
                let node = worker.node
                let running = try #require(active[node]?.first)
                #expect(running.id == "\(worker)-running" && running.isAcknowledged && running.workerPID != nil)
                #expect(running.timeStart.map { $0 < Timestamp.now } == true && running.routingKey == worker.queue)
                let waiting = try #require(reserved[node]?.first)
                #expect(waiting.id == "\(worker)-reserved" && waiting.priority == 3 && waiting.timeStart == nil)
                #expect(waiting.args == running.args && waiting.kwargs == [:] && waiting.hostname == node)
                let later = try #require(scheduled[node]?.first)
                #expect(later.task.id == "\(worker)-scheduled" && later.task.name == "interop.add")
                #expect(later.task.args == [1.5, "h\u{e9} \"quoted\"", .decimal("1.10"), nil])
                #expect(queues[node]?.map { $0["name"] } == [.string(worker.queue)])
                let places = found[node]?.mapValues(\.state)
                #expect(
                    places == [
                        "\(worker)-running": "active", "\(worker)-reserved": "reserved",
                        "\(worker)-scheduled": "scheduled",
                    ]
                )
            }
            #expect(try await inspect.ping() == all.sorted())
            #expect(try await inspect.revoked() == byNode { ["\($0)-revoked"] })
            let registered = try await inspect.registered(["rate_limit"])
            #expect(
                registered.count == 2 && registered.values.allSatisfy { $0.contains("interop.add [rate_limit=10/m]") }
            )
            #expect(try await inspect.conf().values.map { $0["worker_pool_restarts"] } == [true, true])
            #expect(try await inspect.report().values.allSatisfy { $0.hasPrefix("\nsoftware -> ") })
            #expect(try await inspect.clock().values.allSatisfy { $0 > 0 })
            #expect(
                try await inspect.stats().values.map { $0["total"] } == [["interop.sleep": 1], ["interop.sleep": 1]]
            )
        }
    }

    private func byNode<Value>(_ value: (Language) -> Value) -> [String: Value] {
        Dictionary(uniqueKeysWithValues: Language.allCases.map { ($0.node, value($0)) })
    }

    @Test("Both clients are told the arguments as text when they ask for it, in the same words by either worker")
    func safe() async throws {
        let fleet = try await MixedFleet.occupied
        let text: CeleryValue = "[3600]"
        let ours = try await fleet.asking { app, options in try await app.inspect(options).active(safe: true) }
        let theirs = try await fleet.ask("active", kwargs: ["safe": true])
        for worker in Language.allCases {
            #expect(ours[worker.node]?.map(\.args) == [text])
            #expect(ours[worker.node]?.map(\.kwargs) == ["{}"])
            #expect(theirs.at(worker.node).items.map { $0.at("args") } == [text])
            #expect(theirs.at(worker.node).items.map { $0.at("kwargs") } == ["{}"])
        }
    }

    @Test("Either worker tells a newcomer of either language its revoked tasks and its time")
    func hello() async throws {
        let fleet = try await MixedFleet.occupied
        let ours = try await fleet.asking { app, options in
            try await app.inspect(options).request("hello", ["from_node": "newcomer@nowhere", "revoked": nil])
        }
        let theirs = try await fleet.ask("hello", ["newcomer@nowhere"])
        for worker in Language.allCases {
            for reply in [ours[worker.node] ?? .null, theirs.at(worker.node)] {
                #expect(reply.memberNames.sorted() == ["clock", "revoked"])
                #expect(reply.at("revoked") == [.string("\(worker)-revoked")])
                #expect(reply.at("clock").whole.map { $0 > 0 } == true)
            }
        }
    }
}

extension MixedFleet {
    /// What all workers answer to Python's client.
    fileprivate func ask(
        _ method: String,
        _ args: [CeleryValue] = [],
        kwargs: CeleryObject = [:]
    ) async throws -> CeleryValue {
        let nodes = Language.allCases.map { CeleryValue.string($0.node) }
        return try await client.remote(
            method,
            args,
            kwargs: kwargs,
            inspect: ["destination": .array(nodes), "timeout": 30]
        )
    }
}
