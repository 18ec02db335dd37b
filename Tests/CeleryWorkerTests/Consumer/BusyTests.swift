//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Testing

@testable import CeleryWorker

@Suite("Whether a worker is busy")
struct BusyTests {
    private func task(_ number: UInt64) throws -> AdmittedTask {
        let app = TestApp.make()
        _ = app.task("known") { (x: Int) in x }
        let admission = Admission(
            app: app,
            codec: app.codec,
            settings: app.settings,
            hostname: "w1@test",
            canDelay: true
        )
        let message = Message(
            headers: TaskHeaders(task: "known", id: "\(number)"),
            properties: MessageProperties(correlationID: "\(number)", routingKey: "celery"),
            body: Array("[[1], {}, {}]".utf8)
        )
        let delivery = Delivery(tag: DeliveryTag(number), queue: "celery", content: .message(message))
        guard case .run(let task) = admission.decide(delivery, isRevoked: false, now: .now) else {
            throw BusyTestError.notAdmitted
        }
        return task
    }

    private enum BusyTestError: Error { case notAdmitted }

    @Test("It is when each slot's task has run for a while; tasks that wait, or are quick, keep nobody busy")
    func busy() async throws {
        let consumer = try await MemoryStore(name: "busy").transport
            .openConsumer(ConsumerConfiguration(name: "w", queues: ["q"]))
        var state = WorkerState()
        state.poolBecameReady()
        let epoch = state.open(consumer)
        let tasks = [try task(1), try task(2)]
        _ = state.admit(tasks, epoch: epoch)
        let taken = try #require(state.takeReady(slots: 2, reach: 2)?.tasks)
        let ids = state.number(2)
        state.run(zip(ids, taken).map { (job: PoolJob(id: $0, request: $1.request), task: $1) }, epoch: epoch)
        let later = ContinuousClock.now + .seconds(1)
        #expect(!state.isBusy(slots: 2, now: later), "nothing has begun")
        _ = state.accepted(ids[0], pid: 7)
        #expect(!state.isBusy(slots: 2, now: later), "one slot is free")
        _ = state.accepted(ids[1], pid: 8)
        #expect(state.isBusy(slots: 2, now: later))
        #expect(!state.isBusy(slots: 2, now: .now - .seconds(1)), "they may be quick")
        #expect(!state.isBusy(slots: 3, now: later), "the pool has grown")
        _ = state.finish(ids[0])
        #expect(!state.isBusy(slots: 2, now: later))
        try await consumer.close()
    }
}
