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
import Synchronization
import Testing

@Suite("Replies on Redis that come too late", .enabled(if: RedisServer.isAvailable), .timeLimit(.minutes(5)))
struct LateReplyTests {
    @Test("One that comes when its caller has gone is dropped, and leaves nothing behind")
    func late() async throws {
        try await RedisServer.with { server in
            let app = CeleryApp("late", broker: server.url(), backend: server.url(database: 1))
            let isOpen = Mutex(false)
            let answers = Mutex(0)
            app.controlCommand("slow") { _ in
                _ = try await eventually(within: .seconds(60)) { isOpen.withLock { $0 } }
                answers.withLock { $0 += 1 }
                return ["ok": "late"]
            }
            let worker = try Worker(app, pool: .async(concurrency: 1))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run() }
                defer { worker.shutdown(.warm) }
                let one = ControlOptions(timeout: .seconds(60), limit: 1)
                // It may not hear of the first.
                let quick = ControlOptions(timeout: .seconds(1), limit: 1)
                #expect(try await eventually(within: .seconds(60)) { try await app.control(quick).ping().count == 1 })
                let early = try await app.control(ControlOptions(timeout: .milliseconds(50))).request("slow")
                #expect(early.isEmpty)
                isOpen.withLock { $0 = true }
                #expect(try await eventually(within: .seconds(60)) { answers.withLock { $0 } == 1 })
                // What the worker sends for these, on the same connection, it sends after that.
                for _ in 0..<20 { #expect(try await app.control(one).ping().count == 1) }
                // The worker has asked its neighbours when it started, and takes its second for that.
                let isGone = try await eventually(within: .seconds(60)) {
                    try server.command("KEYS", "*reply.celery.pidbox").items.isEmpty
                }
                #expect(isGone)
            }
            await app.shutdown()
        }
    }
}
