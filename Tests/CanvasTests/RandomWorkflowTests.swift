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

@Suite("Random workflows come to what the reference interpreter says")
struct RandomWorkflowTests {
    /// Many at a time, each checked on its own.
    static func check(_ seeds: Range<UInt64>, on app: CeleryApp, limits: WorkflowShape.Limits) async throws {
        try await withWorker(app) { () async throws -> Void in
            try await withThrowingTaskGroup(of: Void.self) { group in
                var next = seeds.lowerBound
                func add() {
                    guard next < seeds.upperBound else { return }
                    let seed = next
                    next += 1
                    group.addTask {
                        await WorkflowShape.random(seed: seed, limits: limits).check(on: app, seed: seed)
                    }
                }
                for _ in 0..<16 { add() }
                while try await group.next() != nil { add() }
            }
        }
        await app.shutdown()
    }

    @Test("in memory, 1,000 of them")
    func memory() async throws {
        try await Self.check(0..<1000, on: CanvasTasks.app(broker: "memory://random"), limits: WorkflowShape.Limits())
    }

    @Test("in the caller's process", arguments: [0, 8])
    func eager(failures: Int) async throws {
        let app = CanvasTasks.app(broker: "memory://eager-\(failures)") { $0.taskAlwaysEager = true }
        try await Self.check(0..<500, on: app, limits: WorkflowShape.Limits(failures: failures))
    }

    @Test("in one SQLite file", arguments: [0, 8])
    func sqlite(failures: Int) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("canvas-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let app = CanvasTasks.app(broker: "sqlite:///\(folder.path)/celery.sqlite")
        try await Self.check(0..<100, on: app, limits: WorkflowShape.Limits(failures: failures))
    }

    @Test("with chains of which two calls travel and the rest is stored", arguments: [0, 8])
    func cut(failures: Int) async throws {
        let app = CanvasTasks.app(broker: "memory://cut-\(failures)") { $0.taskChainInlineLimit = 2 }
        try await Self.check(0..<500, on: app, limits: WorkflowShape.Limits(failures: failures))
    }

    @Test("in memory and in the caller's process, with tasks that let others run in their place", arguments: [0, 8])
    func replaced(failures: Int) async throws {
        let limits = WorkflowShape.Limits(failures: failures, replacements: 4)
        try await Self.check(0..<500, on: CanvasTasks.app(broker: "memory://replaced-\(failures)"), limits: limits)
        let eager = CanvasTasks.app(broker: "memory://replaced-eager-\(failures)") { $0.taskAlwaysEager = true }
        try await Self.check(0..<500, on: eager, limits: limits)
    }

    @Test(
        "in memory, in the caller's process and in one SQLite file, with tasks that ask for another run",
        arguments: [0, 8]
    )
    func retried(failures: Int) async throws {
        let limits = WorkflowShape.Limits(failures: failures, replacements: 8, retries: 3)
        try await Self.check(0..<500, on: CanvasTasks.app(broker: "memory://retried-\(failures)"), limits: limits)
        let eager = CanvasTasks.app(broker: "memory://retried-eager-\(failures)") { $0.taskAlwaysEager = true }
        try await Self.check(0..<500, on: eager, limits: limits)
        let directory = try TemporaryDirectory("retried")
        let app = CanvasTasks.app(broker: "sqlite:///\(directory.path("celery.sqlite"))")
        try await Self.check(0..<100, on: app, limits: limits)
    }

    @Test("in memory, with tasks that fail")
    func failing() async throws {
        let limits = WorkflowShape.Limits(failures: 8)
        try await Self.check(0..<500, on: CanvasTasks.app(broker: "memory://failing"), limits: limits)
    }
}
