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
        guard case .run(let task) = Admission.decide(app, task: "known", number: number, arguments: "[1]") else {
            throw BusyTestError.notAdmitted
        }
        return task
    }

    private enum BusyTestError: Error { case notAdmitted }

    @Test("It is when each slot has a task, wherever that is on its way, unless tasks end as fast as they come")
    func busy() async throws {
        let consumer = try await MemoryStore(name: "busy").transport
            .openConsumer(ConsumerConfiguration(name: "w", queues: ["q"]))
        var state = WorkerState()
        state.poolBecameReady()
        let epoch = state.open(consumer)
        #expect(!state.isBusy(slots: 1))
        _ = state.admit([try task(1), try task(2)], epoch: epoch)
        #expect(state.isBusy(slots: 2), "they wait for their slots")
        let taken = try #require(state.takeReady(slots: 2, reach: 2)?.tasks)
        #expect(state.isBusy(slots: 2), "they are being marked")
        let ids = state.number(2)
        state.run(zip(ids, taken).map { (job: PoolJob(id: $0, request: $1.request), task: $1) }, epoch: epoch)
        #expect(state.isBusy(slots: 2))
        #expect(!state.isBusy(slots: 3), "the pool has grown")
        _ = state.finish(ids[0])
        #expect(!state.isBusy(slots: 2))
        try await consumer.close()
    }

    @Test("A pool whose tasks end every few milliseconds has a slot in a moment")
    func quick() {
        let start = ContinuousClock.now
        var pace = Pace(now: start)
        #expect(!pace.isQuick)
        for _ in 0..<100 { pace.taskEnded() }
        _ = pace.limit(prefetch: 8, reach: 8, now: start + .milliseconds(100))
        #expect(pace.isQuick)
        for second in 1...4 { _ = pace.limit(prefetch: 8, reach: 8, now: start + .seconds(second)) }
        #expect(!pace.isQuick)
    }
}
