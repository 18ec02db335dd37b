//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import CeleryWorker
import ServiceTestSupport

/// Whose workers Flower looks at.
enum FleetKind: String, Sendable, CaseIterable, CustomStringConvertible {
    case swift = "Swift workers"
    case mixed = "Swift and Python workers"

    var description: String { rawValue }
}

/// A redis-server of its own, a fleet on it, and real Flower that looks at that.
struct FlowerSite: Sendable {
    /// Two children, on the queue `one`; its pool may be restarted.
    let first: SwiftWorkerProcess
    /// One to three children, on the queue `two`.
    let second: SwiftWorkerProcess
    /// One child, on the queue `py`; only in a mixed fleet.
    let python: PythonWorker?
    let pythonName = NodeName.expand("python@%h")
    let peer: PythonPeer
    let server: RedisServer
    fileprivate let client: PythonClient
    fileprivate let base: String

    /// Node names of all workers.
    var names: [String] { [first.name, second.name] + (python == nil ? [] : [pythonName]) }

    func get(_ path: String, _ query: CeleryObject = [:]) async throws -> WebAnswer {
        try await ask("GET", path, query, nil)
    }

    /// Presses one of Flower's buttons.
    func post(_ path: String, _ query: CeleryObject = [:], body: CeleryValue? = nil) async throws -> WebAnswer {
        try await ask("POST", path, query, body)
    }

    private func ask(
        _ method: String,
        _ path: String,
        _ query: CeleryObject,
        _ body: CeleryValue?
    ) async throws -> WebAnswer {
        var command: CeleryObject = ["method": .string(method), "url": .string(base + path), "query": .object(query)]
        if let body { command["body"] = body }
        return WebAnswer(try await client.request("http", command, within: .seconds(90)))
    }

    /// The words on a page of Flower's.
    func page(_ path: String) async throws -> (status: Int, text: String) {
        let answer = try await client.request("page", ["url": .string(base + path)], within: .seconds(90))
        return (answer["status"]?.whole ?? 0, answer["text"]?.text ?? "")
    }

    /// What Prometheus reads from Flower, of the metrics of one name.
    func metrics(_ name: String) async throws -> [(labels: CeleryValue, value: Double)] {
        let answer = try await client.request("metrics", ["url": .string(base + "/metrics")], within: .seconds(90))
        return CeleryValue.object(answer).at("samples").items.filter { $0.at("name") == .string(name) }
            .map { ($0.at("labels"), $0.at("value").number ?? -1) }
    }

    /// What Flower finds out about a worker when it asks anew.
    func worker(_ name: String) async throws -> CeleryValue {
        try await get("/api/workers", ["refresh": "1", "workername": .string(name)]).json.at(name)
    }

    /// What it has heard of a task.
    func task(_ id: String) async throws -> CeleryValue { try await get("/api/task/info/\(id)").json }

    /// Sends a task by way of Flower, and returns its id.
    func send(_ name: String, _ args: [CeleryValue], to queue: String, how: String = "async-apply") async throws
        -> String
    {
        let answer = try await post(
            "/api/task/\(how)/\(name)",
            body: ["args": .array(args), "queue": .string(queue)]
        )
        guard answer.status == 200, let id = answer.json.at("task-id").text else {
            throw ServiceError("\(how) of \(name): \(answer)")
        }
        return id
    }

    /// Waits until Flower has heard that a task has come to a state.
    @discardableResult
    func heard(_ id: String, _ state: String) async throws -> CeleryValue {
        try await waited(for: "Flower to hear of \(state) of \(id)", within: .seconds(60)) {
            let task = try await task(id)
            guard task.at("state") == .string(state) else { return CeleryValue?.none }
            return task
        }
    }
}

/// What a web server answered.
struct WebAnswer: Sendable {
    var status: Int
    var text: String
    /// Null when it is no JSON.
    var json: CeleryValue

    init(_ answer: CeleryObject) {
        status = answer["status"]?.whole ?? 0
        text = answer["text"]?.text ?? ""
        json = answer["json"] ?? .null
    }

    var message: String? { json.at("message").text }
}

extension CeleryValue {
    /// A value inside of objects; null where there is none.
    func at(_ path: String...) -> CeleryValue {
        path.reduce(self) { value, key in
            guard case .object(let object) = value else { return .null }
            return object[key] ?? .null
        }
    }

    /// Those of an array; none of anything else.
    var items: [CeleryValue] { if case .array(let values) = self { values } else { [] } }
    /// Those of an object; none of anything else.
    var memberNames: [String] { if case .object(let object) = self { object.keys } else { [] } }
}

/// Runs a fleet, and Flower that looks at it, for as long as the body takes.
func withFlower(_ kind: FleetKind, _ body: @Sendable (FlowerSite) async throws -> Void) async throws {
    try await RedisServer.with { server in
        let (broker, backend) = (server.url(), server.url(database: 1))
        let peer = try PythonPeer(.current, broker: broker, backend: backend, settings: ["task_track_started": true])
        func worker(_ name: String, _ queue: String, _ arguments: [String]) throws -> SwiftWorkerProcess {
            try SwiftWorkerProcess(
                name,
                broker: broker,
                backend: backend,
                queues: [queue],
                arguments: arguments,
                environment: ["INTEROP_LEDGER": peer.directory.path("ledger")],
                directory: peer.directory
            )
        }
        let first = try worker("swift1@flower", "one", ["worker_pool_restarts=1"])
        let second = try worker("swift2@flower", "two", ["--autoscale=3,1"])
        let port = try LoopbackSocket.freePort()
        let flower = try peer.flower(port: port, arguments: ["--inspect_timeout=3000"])
        let client = try await peer.client()
        let python = kind == .mixed ? try await peer.worker(.prefork, name: "python", queues: ["py"]) : nil
        for worker in [first, second] { try await worker.waitUntilReady() }
        let site = FlowerSite(
            first: first,
            second: second,
            python: python,
            peer: peer,
            server: server,
            client: client,
            base: "http://127.0.0.1:\(port)"
        )
        do {
            try await site.waitForFlower(flower)
            try await body(site)
        } catch {
            print("Flower said:\n\(flower.logText)")
            await site.end(flower)
            throw error
        }
        await site.end(flower)
    }
}

extension FlowerSite {
    /// Waits until Flower knows all workers, and has enabled their events, as it does every five seconds.
    fileprivate func waitForFlower(_ flower: GuardedProcess) async throws {
        _ = try await waited(for: "Flower to answer", within: .seconds(90)) { () -> Bool? in
            guard flower.isRunning else { throw ServiceError("Flower ended") }
            return try await get("/healthcheck").text == "OK" ? true : nil
        }
        for worker in [first, second] { try await worker.logs("Events of group {task} enabled by remote.") }
        try await python?.logs("Events of group {task} enabled by remote.", within: .seconds(60))
        _ = try await waited(for: "Flower to know \(names)", within: .seconds(60)) { () -> Bool? in
            let workers = try await get("/api/workers", ["refresh": "1"]).json
            let parts = ["stats", "registered", "active_queues", "conf"]
            return names.allSatisfy { name in parts.allSatisfy { workers.at(name, $0) != .null } } ? true : nil
        }
    }

    fileprivate func end(_ flower: GuardedProcess) async {
        await flower.end()
        for worker in [first, second] { await worker.end() }
        await python?.end()
        await client.end()
    }
}
