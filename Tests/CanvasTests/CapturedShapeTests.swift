//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import Foundation
import ServiceTestSupport
import Testing

/// Every workflow that was captured from Celery's client and worker, run by others and compared with what it came to there. What some of
/// them do beside that is looked at in ``ShapeEffectTests``.
@Suite(
    "Captured workflows in all directions",
    .enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"),
    .serialized
)
struct CapturedShapeTests {
    private static let patience = Duration.seconds(60)

    @Test("a Swift client, Swift workers")
    func ours() async throws {
        let fleet = CanvasFleet(version: .current, client: .swift, workers: [.swift])
        try await check(fleet)
    }

    @Test(
        "with Python on one side or both",
        .enabled(
            if: !PythonVersion.available.isEmpty,
            "no Python Celery: export CELERY_TEST_PYTHON=$(scripts/interop.sh)"
        ),
        arguments: CanvasFleet.all
    )
    func mixed(fleet: CanvasFleet) async throws { try await check(fleet) }

    private func check(_ fleet: CanvasFleet) async throws {
        let shapes = try CapturedShape.all()
        let outcomes = try await fleet.running { app, client in
            guard let client else { return await Self.send(shapes, ShapeClient(app: app, timeout: Self.patience)) }
            return try await CanvasFleet.ask(
                client,
                "shapes",
                ["expressions": .array(shapes.map { .string($0.python) }), "timeout": 60]
            )
        }
        #expect(outcomes.count == shapes.count)
        for (shape, outcome) in zip(shapes, outcomes) {
            let isRight = shape.agrees(with: outcome, in: fleet)
            #expect(isRight, "\(shape.name): \(outcome.text) instead of \(shape.value.json): \(shape.python)")
        }
    }

    private static func send(_ shapes: [CapturedShape], _ client: ShapeClient) async -> [WorkflowShape.Outcome] {
        await withTaskGroup(of: (Int, WorkflowShape.Outcome).self) { group in
            for (index, shape) in shapes.enumerated() {
                group.addTask {
                    do {
                        return (index, .value(try await client.run(shape.name)))
                    } catch let error as CeleryError {
                        return (index, .error(["\(error.exception?.type ?? "\(error.code)"): \(error.message)"]))
                    } catch {
                        return (index, .error(["\(error)"]))
                    }
                }
            }
            var outcomes = [WorkflowShape.Outcome](repeating: .error(["not sent"]), count: shapes.count)
            for await (index, outcome) in group { outcomes[index] = outcome }
            return outcomes
        }
    }
}

extension CapturedShape {
    /// Whether that is what it came to when it was captured, apart from ids.
    func agrees(with outcome: WorkflowShape.Outcome, in fleet: CanvasFleet) -> Bool {
        switch outcome {
        case .error(let texts):
            guard let error, let type = error.split(separator: "(").first else { return false }
            return !texts.isEmpty && texts.allSatisfy { $0.hasPrefix(type) }
        case .value(let found):
            guard error == nil else { return false }
            if name == "chain_dump_request" { return found.isStepOfChain }
            let found = found.withoutIDs
            switch name {
            // Celery's client flattens groups inside of groups, in an order of its own; ours keeps them.
            case "group_in_group_in_chord" where fleet.client == .swift: return found == [[2, 4], 6]
            // The added part has the place of the part that added it: which of them is first is a matter of their ids.
            case "add_to_chord": return found == value || found == [[["<id>", .null], .null], 14, 4]
            default: return found == value
            }
        }
    }
}

extension CeleryValue {
    /// Of a task that tells its own, its root's and its parent's id.
    fileprivate var isStepOfChain: Bool {
        guard case .object(let object) = self, let id = object["id"], let root = object["root_id"] else { return false }
        return root == object["parent_id"] && root != id && object["retries"] == 0
    }

    /// With `<id>` for each UUID.
    var withoutIDs: CeleryValue {
        switch self {
        case .string(let text): UUID(uuidString: text) == nil ? self : "<id>"
        case .array(let elements): .array(elements.map(\.withoutIDs))
        default: self
        }
    }
}
