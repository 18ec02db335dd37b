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

/// The events that ``FleetEventsTests`` has no occasion for: coming, going and sending, and runs that end otherwise.
@Suite("Fields of rarer events of both languages", .needsPythonAndRedis, .timeLimit(.minutes(5)))
struct EventFieldTests {
    private static let ofWorkers = ["worker-online", "worker-offline", "task-retried", "task-rejected"]

    @Test(
        "Events of a Swift worker and client have the fields and types of Python's",
        arguments: PythonVersion.available
    )
    func fields(version: PythonVersion) async throws {
        let tag = RedisServer.uniquePrefix().filter { $0.isLetter || $0.isNumber }
        let queues = (swift: tag, python: tag + "-py")
        let nodes = (swift: "fields-\(tag)@test", python: NodeName.expand("\(tag)@%h"))
        let peer = try await RedisInterop.peer(
            version,
            [
                "task_queues": RedisInterop.Queues.setting([Queue(queues.swift), Queue(queues.python)]),
                "task_send_sent_event": true,
            ]
        )
        let client = try await peer.client()
        #expect(try await client.request("watch", within: .seconds(60))["ready"] == true)
        let python = try await peer.worker(
            .prefork,
            name: tag,
            queues: [queues.python],
            arguments: ["-E", "--without-gossip", "--without-mingle"]
        )
        let sent = try await RedisInterop.withApp(
            queue: queues.swift,
            queues: [Queue(queues.python)],
            configure: { $0.taskSendSentEvent = true }
        ) { (app) async throws -> (swift: String, python: String) in
            InteropTasks.register(on: app, ledger: Ledger())
            var options = WorkerOptions()
            options.hostname = nodes.swift
            options.queues = [queues.swift]
            options.taskEvents = true
            options.pool = "async"
            options.concurrency = 1
            let worker = try Worker(app, options: options)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run() }
                defer { worker.shutdown(.warm) }
                for queue in [queues.swift, queues.python] {
                    let options: CeleryObject = ["queue": .string(queue)]
                    let retried = try await client.send("interop.retry", [1], options: options)
                    #expect(try await client.get(retried).value == 1)
                    _ = try await client.send("interop.reject", ["unwanted"], options: options)
                }
                // With an ETA they are told as received by whoever sees them first, long before they are due.
                var far: [CeleryValue] = []
                for queue in [queues.swift, queues.python] {
                    let options: CeleryObject = ["queue": .string(queue), "countdown": 3600]
                    far.append(.string(try await client.send("interop.add", [1, 2], options: options)))
                }
                try await Self.compare("task-received", by: client, "uuid", (far[0], far[1]))
                let postponed = try await Self.heard("the ETA", by: client) {
                    $0.at("uuid") == far[0] && $0.at("type") == "task-received"
                }
                #expect(postponed.at("hostname") == .string(nodes.swift) && postponed.at("eta").text != nil)
                let here = SendOptions(queue: queues.swift)
                let own = try await app.sendTask("interop.add", args: [1, 2], options: here)
                #expect(try await own.get(timeout: .seconds(60)) == 3)
                let theirs = try await client.send("interop.add", [1, 2], options: ["queue": .string(queues.swift)])
                for node in [nodes.swift, nodes.python] {
                    try await Self.heard("\(node)'s rejection", by: client) {
                        $0.at("hostname") == .string(node) && $0.at("type") == "task-rejected"
                    }
                }
                return (swift: own.id, python: theirs)
            }
        }
        #expect(try await python.terminate() == 0)
        for type in Self.ofWorkers {
            try await Self.compare(type, by: client, "hostname", (.string(nodes.swift), .string(nodes.python)))
        }
        try await Self.compare("task-sent", by: client, "uuid", (.string(sent.swift), .string(sent.python)))
        await client.end()
    }

    /// Waits for an event.
    @discardableResult
    private static func heard(
        _ what: String,
        by client: PythonClient,
        _ isMeant: (CeleryValue) -> Bool
    ) async throws -> CeleryValue {
        try await waited(for: what, within: .seconds(60)) {
            try await client.request("watched")["events"]?.items.first(where: isMeant)
        }
    }

    /// Compares events of a type that have one of these values in a field.
    private static func compare(
        _ type: String,
        by client: PythonClient,
        _ field: String,
        _ values: (swift: CeleryValue, python: CeleryValue)
    ) async throws {
        var events: [ReplyLeaves] = []
        for value in [values.swift, values.python] {
            let event = try await heard("\(type) of \(value)", by: client) {
                $0.at(field) == value && $0.at("type") == .string(type)
            }
            events.append(ReplyLeaves(event))
        }
        // Hours: a whole number in 5.6, which took half-hours off; not so in 5.7, whose form ours is.
        let differences = events[0].typeDifferences(from: events[1]).filter { $0 != "utcoffset" }
        #expect(differences == [], "\(type): \(events[0]), \(events[1])")
    }
}
