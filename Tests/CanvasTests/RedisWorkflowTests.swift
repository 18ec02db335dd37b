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
    @Test("with a worker of ours, whole and with chains of which three calls travel", arguments: [0, 8], [nil, 3])
    func swiftOnly(failures: Int, limit: Int?) async throws {
        let app = try await CanvasFleet.app(RedisServer.uniquePrefix() + "queue") { $0.taskChainInlineLimit = limit }
        try await RandomWorkflowTests.check(0..<200, on: app, limits: WorkflowShape.Limits(failures: failures))
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

    @Test("random ones whose tasks let others run in their place", arguments: CanvasFleet.all)
    func replaced(fleet: CanvasFleet) async throws { try await check(fleet, failures: 0, replacements: 4) }

    @Test("random ones whose tasks ask for another run", arguments: CanvasFleet.all)
    func retried(fleet: CanvasFleet) async throws { try await check(fleet, failures: 0, retries: 3) }

    @Test("random ones that fail end in the right error", arguments: CanvasFleet.all.filter { $0.workers == [.swift] })
    func failing(fleet: CanvasFleet) async throws { try await check(fleet, failures: 8) }

    private func check(_ fleet: CanvasFleet, failures: Int, replacements: Int = 0, retries: Int = 0) async throws {
        var limits = WorkflowShape.Limits(nestedGroups: false, singles: false, groupsFirstInBodies: false)
        (limits.failures, limits.replacements, limits.retries) = (failures, replacements, retries)
        var shapes = (0..<Self.count).map { WorkflowShape.random(seed: UInt64($0), limits: limits) }
        if fleet.client == .python, fleet.version == .previous {
            // A client of 5.6 waits in vain for a group at the end of a chain, also for one that Python runs.
            shapes = shapes.map { .chain([$0, .tag(0)]) }
            // Wrong also where all workers are of 5.6.
            if fleet.workers.contains(.python) { shapes = shapes.filter { !$0.hasFollowedGroupInBody } }
            #expect(shapes.count > Self.count / 2)
        }
        let outcomes = try await fleet.outcomes(of: shapes)
        for (number, (outcome, shape)) in zip(outcomes, shapes).enumerated() {
            var expected = shape.outcome()
            // A Python client that waits for a result raises the error of what was before it.
            if case .error = expected, fleet.client == .python { expected = .error(["ValueError", "ChordError"]) }
            let isRight = outcome.agrees(with: expected)
            #expect(isRight, "number \(number): \(outcome.text) instead of \(expected.text): \(shape.value.json)")
        }
    }
}
