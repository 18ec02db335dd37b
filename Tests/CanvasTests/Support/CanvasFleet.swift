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

/// Who sends workflows and who runs them.
struct CanvasFleet: Sendable, CustomTestStringConvertible {
    enum Side: String, Sendable { case swift, python }

    var version: PythonVersion
    var client: Side
    var workers: [Side]

    var testDescription: String {
        "\(client.rawValue) client, \(workers.map(\.rawValue).joined(separator: " and ")) workers, \(version)"
    }

    static let all: [CanvasFleet] = PythonVersion.available.flatMap { version in
        [
            CanvasFleet(version: version, client: .python, workers: [.swift]),
            CanvasFleet(version: version, client: .swift, workers: [.python]),
            CanvasFleet(version: version, client: .swift, workers: [.swift, .python]),
            CanvasFleet(version: version, client: .python, workers: [.swift, .python]),
        ]
    }

    static func app(
        _ queue: String,
        _ configure: (inout CelerySettings) -> Void = { _ in }
    ) async throws -> CeleryApp {
        let server = try await RedisServer.shared
        return CanvasTasks.app(broker: server.url(), backend: server.url(database: 1), besidePython: true) {
            $0.taskDefaultQueue = queue
            configure(&$0)
        }
    }

    /// Sends the workflows and says what each comes to.
    func outcomes(of shapes: [WorkflowShape]) async throws -> [WorkflowShape.Outcome] {
        // All are sent at once, so that the steps of each wait for those of all others.
        let seconds = 30 + shapes.count / 5
        return try await running { app, client in
            if let client {
                let command: CeleryObject = ["shapes": .array(shapes.map(\.value)), "timeout": .int(seconds)]
                return try await Self.ask(client, "workflows", command)
            }
            var results: [AsyncResult<CeleryValue>] = []
            for shape in shapes { results.append(try await app.workflow(shape.signature).delay()) }
            var outcomes: [WorkflowShape.Outcome] = []
            for result in results {
                outcomes.append(await WorkflowShape.outcome(of: result, timeout: .seconds(seconds)))
            }
            return outcomes
        }
    }

    /// Has the workers run, and hands over the client, nil when it is ours.
    func running<Result: Sendable>(
        _ body: @escaping @Sendable (CeleryApp, PythonClient?) async throws -> Result
    ) async throws -> Result {
        let queue = RedisServer.uniquePrefix() + "queue"
        let server = try await RedisServer.shared
        let app = try await Self.app(queue)
        var (worker, peerClient): (PythonWorker?, PythonClient?)
        do {
            if workers.contains(.python) || client == .python {
                let peer = try PythonPeer(
                    version,
                    broker: server.url(),
                    backend: server.url(database: 1),
                    settings: ["task_default_queue": .string(queue)]
                )
                if workers.contains(.python) {
                    worker = try await peer.worker(.prefork, queues: [queue], concurrency: 2)
                }
                if client == .python { peerClient = try await peer.client() }
            }
            let client = peerClient
            let result: Result
            if workers.contains(.swift) {
                result = try await withWorker(app) { try await body(app, client) }
            } else {
                result = try await body(app, client)
            }
            await Self.end(app, worker, peerClient)
            return result
        } catch {
            await Self.end(app, worker, peerClient)
            throw error
        }
    }

    private static func end(_ app: CeleryApp, _ worker: PythonWorker?, _ client: PythonClient?) async {
        await worker?.end()
        await client?.end()
        await app.shutdown()
    }

    /// What a Python client's workflows come to.
    static func ask(
        _ client: PythonClient,
        _ operation: String,
        _ command: CeleryObject
    ) async throws -> [WorkflowShape.Outcome] {
        let answer = try await client.request(operation, command, within: .seconds(1200))
        guard case .array(let items)? = answer["outcomes"] else { throw ServiceError("no outcomes") }
        return items.map { item in
            guard case .object(let outcome) = item else { return .error([]) }
            if case .string(let type)? = outcome["error"] {
                if case .string(let text)? = outcome["text"] { return .error(["\(type): \(text)"]) }
                return .error([type])
            }
            return .value(outcome["value"] ?? .null)
        }
    }
}
