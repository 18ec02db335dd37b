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

@Suite("Random workflows on Redis", .enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"))
struct RedisWorkflowTests {
    @Test("with a worker of ours", arguments: [0, 8])
    func swiftOnly(failures: Int) async throws {
        let app = try await CanvasFleet.app(RedisServer.uniquePrefix() + "queue")
        try await RandomWorkflowTests.check(0..<200, on: app, limits: WorkflowShape.Limits(failures: failures))
    }
}

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
        ]
            // Of a 5.6 client's nested chords some do not end when workers of 5.6 and of ours share them: see
            // docs/compatibility.md.
            + (version == .current ? [CanvasFleet(version: version, client: .python, workers: [.swift, .python])] : [])
    }

    static func app(_ queue: String) async throws -> CeleryApp {
        let server = try await RedisServer.shared
        return CanvasTasks.app(broker: server.url(), backend: server.url(database: 1)) { $0.taskDefaultQueue = queue }
    }

    /// Sends the workflows and says what each comes to.
    func outcomes(of shapes: [WorkflowShape]) async throws -> [WorkflowShape.Outcome] {
        let queue = RedisServer.uniquePrefix() + "queue"
        let server = try await RedisServer.shared
        let peer = try PythonPeer(
            version,
            broker: server.url(),
            backend: server.url(database: 1),
            settings: ["task_default_queue": .string(queue)]
        )
        let app = try await Self.app(queue)
        let worker = workers.contains(.python) ? try await peer.worker(.prefork, queues: [queue], concurrency: 2) : nil
        let client = client == .python ? try await peer.client() : nil
        let outcomes: [WorkflowShape.Outcome]
        do {
            if workers.contains(.swift) {
                outcomes = try await withWorker(app) { try await send(shapes, app, client) }
            } else {
                outcomes = try await send(shapes, app, client)
            }
        } catch {
            await worker?.end()
            await client?.end()
            throw error
        }
        await worker?.end()
        await client?.end()
        await app.shutdown()
        return outcomes
    }

    private func send(
        _ shapes: [WorkflowShape],
        _ app: CeleryApp,
        _ client: PythonClient?
    ) async throws -> [WorkflowShape.Outcome] {
        guard let client else {
            var results: [AsyncResult<CeleryValue>] = []
            for shape in shapes { results.append(try await app.workflow(shape.signature).delay()) }
            var outcomes: [WorkflowShape.Outcome] = []
            for result in results { outcomes.append(await WorkflowShape.outcome(of: result, timeout: .seconds(30))) }
            return outcomes
        }
        let command: CeleryObject = ["shapes": .array(shapes.map(\.value)), "timeout": 30]
        let answer = try await client.request("workflows", command, within: .seconds(300))
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

@Suite(
    "Workflows across languages",
    .enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"),
    .enabled(if: !PythonVersion.available.isEmpty, "no Python Celery: export CELERY_TEST_PYTHON=$(scripts/interop.sh)"),
    .serialized
)
struct MixedWorkflowTests {
    /// More of them by night.
    private static let count = ProcessInfo.processInfo.environment["CANVAS_WORKFLOWS"].flatMap { Int($0) } ?? 40

    @Test("random ones come to what the reference interpreter says", arguments: CanvasFleet.all)
    func random(fleet: CanvasFleet) async throws { try await check(fleet, failures: 0) }

    @Test("random ones that fail end in the right error", arguments: CanvasFleet.all.filter { $0.workers == [.swift] })
    func failing(fleet: CanvasFleet) async throws { try await check(fleet, failures: 8) }

    private func check(_ fleet: CanvasFleet, failures: Int) async throws {
        var limits = WorkflowShape.Limits(nestedGroups: false, singles: false, groupsFirstInBodies: false)
        limits.failures = failures
        var shapes = (0..<Self.count).map { WorkflowShape.random(seed: UInt64($0), limits: limits) }
        if fleet.client == .python, fleet.version == .previous {
            // A client of 5.6 waits in vain for a group at the end of a chain, also for one that Python runs.
            shapes = shapes.map { .chain([$0, .tag(0)]) }
        }
        let outcomes = try await fleet.outcomes(of: shapes)
        for (seed, (outcome, shape)) in zip(outcomes, shapes).enumerated() {
            var expected = shape.outcome()
            // A Python client that waits for a result raises the error of what was before it.
            if case .error = expected, fleet.client == .python { expected = .error(["ValueError", "ChordError"]) }
            let isRight = outcome.agrees(with: expected)
            #expect(isRight, "seed \(seed): \(outcome.text) instead of \(expected.text): \(shape.value.json)")
        }
    }
}
