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

/// Chords of sizes that random workflows do not have, end to end in each store.
@Suite("Chords of no, one and a thousand members", .timeLimit(.minutes(10)))
struct ChordSizeTests {
    enum Store: String, Sendable {
        case memory, sqlite, redis

        static var available: [Store] { [.memory, .sqlite] + (RedisServer.isAvailable ? [.redis] : []) }
    }

    /// A thousand members, one of which may fail behind its first step.
    private static func large(failing: Bool) -> WorkflowShape {
        var header = (0..<1000).map { WorkflowShape.start($0) }
        if failing { header[500] = .chain([.start(500), .boom]) }
        return .chord(header, .tag(1))
    }

    private static let shapes: [WorkflowShape] = [
        .chord([], .tag(1)),
        .chord([.start(1)], .tag(1)),
        .chain([.start(1), .chord([], .tag(2)), .tag(3)]),
        large(failing: false),
        large(failing: true),
        .chord([large(failing: false), .start(1)], .tag(2)),
        .chord([large(failing: true), .start(1)], .tag(2)),
    ]

    @Test("All end, with the array in the header's order or with the error", arguments: Store.available)
    func sizes(store: Store) async throws {
        let directory = try TemporaryDirectory("sizes")
        let app: CeleryApp
        switch store {
        case .memory: app = CanvasTasks.app(broker: "memory://sizes")
        case .sqlite: app = CanvasTasks.app(broker: "sqlite:///\(directory.url.path)/celery.sqlite")
        case .redis: app = try await CanvasFleet.app(RedisServer.uniquePrefix() + "queue")
        }
        try await withWorker(app) { () async throws -> Void in
            for (number, shape) in Self.shapes.enumerated() {
                await shape.check(on: app, seed: UInt64(number), timeout: .seconds(120))
            }
        }
        await app.shutdown()
    }
}
