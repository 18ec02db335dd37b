//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import CeleryWorker
import Testing

@Suite("A queue of its own for each worker", .timeLimit(.minutes(5)))
struct WorkerDirectTests {
    private func app() -> CeleryApp {
        let app = TestApp.make { $0.workerDirect = true }
        app.task("where") { (context: TaskContext) in context.hostname }
        return app
    }

    private func worker(_ app: CeleryApp, _ hostname: String, queues: [String]? = nil) throws -> Worker {
        var options = WorkerOptions()
        options.hostname = hostname
        options.pool = "async"
        options.queues = queues
        return try Worker(app, options: options)
    }

    @Test("It is named and bound as Celery does, and consumed beside the others, -Q and -X or not")
    func topology() throws {
        let queue = Queue.workerDirect("w1@example.com")
        #expect(queue == Queue("w1@example.com.dq2", exchange: Exchange("C.dq2"), routingKey: "w1@example.com"))
        #expect(try worker(app(), "w1@example.com").plan.queues == ["celery", "w1@example.com.dq2"])
        let only = try worker(app(), "w1@example.com", queues: ["images"]).plan
        #expect(only.queues == ["images", "w1@example.com.dq2"])
        #expect(only.topology.queues.last == queue)
    }

    @Test("A task sent to a worker's queue, by exchange or by name, runs there and nowhere else")
    func reachesItsWorker() async throws {
        let app = app()
        let workers = [try worker(app, "w1@here"), try worker(app, "w2@here")]
        let seen = try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in workers { group.addTask { try await worker.run() } }
            let declared = try await eventually { try await app.transport().consumers().count { $0.isAlive } == 2 }
            #expect(declared)
            var seen: [CeleryValue] = []
            for name in ["w2@here", "w1@here", "w2@here"] {
                let exchange = SendOptions(exchange: "C.dq2", routingKey: name)
                let queue = SendOptions(queue: "\(name).dq2")
                for options in [exchange, queue] {
                    seen.append(try await app.sendTask("where", options: options).get(timeout: .seconds(60)))
                }
            }
            for worker in workers { worker.shutdown(.warm) }
            try await group.waitForAll()
            return seen
        }
        #expect(seen == ["w2@here", "w2@here", "w1@here", "w1@here", "w2@here", "w2@here"])
    }
}
