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
import Synchronization
import Testing

@Suite("worker_deduplicate_successful_tasks", .timeLimit(.minutes(5)))
struct SucceededTasksTests {
    /// Lets a message come back from a consumer that ended, with its result stored: as after a death in between.
    private func runsOfRedelivered(deduplicate: Bool, late: Bool) async throws -> (runs: Int, value: CeleryValue) {
        let app = TestApp.make { settings in
            settings.resultBackend = "memory://results"
            settings.workerDeduplicateSuccessfulTasks = deduplicate
        }
        let runs = Mutex(0)
        app.task("once", options: TaskOptions(acksLate: late)) { () -> String in
            runs.withLock { $0 += 1 }
            return "second"
        }
        let transport = try await app.transport()
        let sent = try await app.sendTask("once", options: SendOptions(taskID: "twin"))
        let consumer = try await transport.openConsumer(ConsumerConfiguration(name: "dead", queues: ["celery"]))
        let delivery = try #require(await consumer.receive(upTo: 1).first)
        try await consumer.settle([Settlement(delivery.tag, .requeue(Requeue(.front)))])
        try await consumer.close()
        let meta = TaskMeta(taskID: "twin", state: .success, outcome: .value(EncodedValue("first")))
        try await app.resultBackend().store([StoredResult(meta, expires: nil)], timeout: .seconds(5))
        let value = try await withWorker(app) {
            let isDone = try await eventually {
                let status = try await transport.status(of: ["celery"]).first
                return status?.ready == 0 && status?.held == 0
            }
            #expect(isDone)
            return try await sent.get(timeout: .seconds(60))
        }
        return (runs.withLock { $0 }, value)
    }

    @Test("A redelivered late task that has succeeded is acknowledged, not run again, and keeps its result")
    func duplicate() async throws {
        let (runs, value) = try await runsOfRedelivered(deduplicate: true, late: true)
        #expect(runs == 0)
        #expect(value == "first")
    }

    @Test(
        "It is run again without the setting, and when it is acknowledged early",
        arguments: [(false, true), (true, false)]
    )
    func otherwise(deduplicate: Bool, late: Bool) async throws {
        #expect(try await runsOfRedelivered(deduplicate: deduplicate, late: late).runs == 1)
    }
}
