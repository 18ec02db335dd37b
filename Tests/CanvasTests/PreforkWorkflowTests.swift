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

/// What tasks do with workflows in a child process, which has no connections of its own.
@Suite("Workflows from the children of a prefork worker", .serialized, .timeLimit(.minutes(5)))
struct PreforkWorkflowTests {
    private static let patience = Duration.seconds(60)

    private func running(_ body: (CeleryApp) async throws -> Void) async throws {
        let directory = try TemporaryDirectory("children")
        let broker = "sqlite:///\(directory.url.path)/celery.sqlite"
        let workers = try MortalWorkers(
            broker: broker,
            backend: nil,
            queue: "celery",
            directory: directory,
            milliseconds: 0
        )
        let app = CanvasTasks.app(broker: broker)
        do {
            try workers.start("prefork")
            try await workers.waitUntilReady()
            try await body(app)
        } catch {
            await workers.end()
            await app.shutdown()
            throw error
        }
        await workers.end()
        await app.shutdown()
    }

    @Test("A task lets a chord run in its place")
    func replacing() async throws {
        let chord = WorkflowShape.chord([.start(1), .chain([.start(2), .tag(5)])], .tag(3))
        let shape = WorkflowShape.chain([.start(0), .become(chord), .tag(4)])
        try await running { app in
            let result: AsyncResult<CeleryValue> = try await app.workflow(shape.signature).delay()
            let outcome = await WorkflowShape.outcome(of: result, timeout: Self.patience)
            #expect(outcome == shape.outcome())
        }
    }

    @Test("A task adds to its chord")
    func adding() async throws {
        try await running { app in
            let header = group([1, 2].map { app.signature("canvas.extend", args: [.int($0)]) })
            let result = try await header.then(app.signature("canvas.tag", args: [7])).delay()
            guard case .array(let values) = try await result.get(timeout: Self.patience), values.count == 2,
                case .array(let parts) = values[1]
            else {
                Issue.record("the body was given no array")
                return
            }
            #expect(values[0] == 7)
            // Which of two with the same place is first is a matter of their ids.
            #expect(parts.count == 4)
            for part in [1, 2, [101, nil], [102, nil]] as [CeleryValue] { #expect(parts.contains(part)) }
        }
    }

    @Test("What a task has added to its chord counts once, although its process died of it and it runs again")
    func addingAgain() async throws {
        let directory = try TemporaryDirectory("dying")
        try await running { app in
            let dying = app.signature("canvas.extend_and_die", args: [1, .string(directory.path("died"))])
            let result = try await group([dying]).then(app.signature("canvas.tag", args: [7])).delay()
            guard case .array(let values) = try await result.get(timeout: Self.patience), values.count == 2,
                case .array(let parts) = values[1]
            else {
                Issue.record("the body was given no array")
                return
            }
            #expect(parts.count == 2)
            for part in [1, [101, nil]] as [CeleryValue] { #expect(parts.contains(part)) }
        }
        #expect(try directory.read("died").isEmpty, "it has died")
    }

    @Test("A task sends a chord")
    func sending() async throws {
        try await running { app in
            let result = try await app.signature("canvas.spawn", returning: String.self).delay()
            let id = try await result.get(timeout: Self.patience)
            let chord = AsyncResult<CeleryValue>(id: id, app: app)
            #expect(try await chord.get(timeout: Self.patience) == [3, [[1, nil], [2, nil]]])
            #expect(try await result.children().count == 2, "its header, and its body")
        }
    }
}
