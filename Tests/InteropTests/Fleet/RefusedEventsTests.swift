//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWorker
import ServiceTestSupport
import Testing

@Suite("Events that Redis refuses", .enabled(if: RedisServer.isAvailable), .timeLimit(.minutes(5)))
struct RefusedEventsTests {
    @Test("An access list without the channel costs the events, which are dropped and counted, and no task")
    func accessList() async throws {
        try await RedisServer.with { server in
            // Results are announced on channels too.
            let reply = try server.command("ACL", "SETUSER", "default", "resetchannels", "&celery-task-meta-*")
            try #require(reply.text == "OK")
            let app = CeleryApp("refused", broker: server.url(), backend: server.url(database: 1))
            let add = app.task("add") { (x: Int, y: Int) in x + y }
            var options = WorkerOptions()
            options.pool = "async"
            options.concurrency = 2
            options.taskEvents = true
            let worker = try Worker(app, options: options)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run() }
                defer { worker.shutdown(.warm) }
                for number in 0..<10 {
                    #expect(try await add.delay(number, 1).get(timeout: .seconds(60)) == number + 1)
                }
                // Received, started, succeeded.
                #expect(try await eventually(within: .seconds(60)) { worker.observation.droppedEvents == 30 })
                try #require(try server.command("ACL", "SETUSER", "default", "allchannels").text == "OK")
                let stream = try await app.events.receive("task.#", wakesUp: false)
                let result = try await add.delay(1, 1)
                for try await event in stream where event.type == "task-succeeded" {
                    #expect(event.uuid == result.id)
                    break
                }
                #expect(worker.observation.droppedEvents == 30)
            }
            await app.shutdown()
        }
    }
}
