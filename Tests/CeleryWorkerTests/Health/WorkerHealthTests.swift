//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryTesting
import CeleryWire
import Logging
import Testing

@testable import CeleryWorker

/// The health of workers that run, on stores that can fail.
@Suite("Health", .timeLimit(.minutes(5)))
struct WorkerHealthTests {
    private struct Stores {
        let app: CeleryApp
        let broker = Outage()
        let results = Outage()

        init() {
            let store = MemoryStore(name: "health")
            let (broker, results) = (broker, results)
            var registry = PluginRegistry()
            registry.register(transport: "faulty") { _ throws(TransportError) in
                try broker.call("connect")
                return FaultyTransport(store.transport, outage: broker)
            }
            registry.register(backend: "faulty") { _ throws(TransportError) in
                FaultyResultBackend(store.backend, outage: results)
            }
            var settings = CelerySettings()
            (settings.brokerURL, settings.resultBackend) = ("faulty://", "faulty://")
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            app = CeleryApp("test", registry: registry, settings: settings, logger: logger)
        }
    }

    /// Runs a worker until the body has ended.
    private func withWorker(
        _ app: CeleryApp,
        pool: EmbeddedPool = .async(concurrency: 4),
        _ body: @Sendable (Worker) async throws -> Void
    ) async throws {
        let worker = try Worker(app, pool: pool)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            defer { worker.shutdown(.warm) }
            try await body(worker)
        }
    }

    @Test("Ready once tasks can be taken, not in a warm shutdown, and never dead for it")
    func lifeSpan() async throws {
        let stores = Stores()
        let (began, end) = (Doorway(), Doorway())
        let task = stores.app.task("t") {
            began.open()
            await end.waitUntilOpen()
        }
        let idle = try Worker(stores.app).health
        #expect(idle.startup.problems == ["no task can be taken yet: the worker has not been started"])
        #expect(!idle.readiness.passes && idle.liveness.passes)
        let worker = try Worker(stores.app)
        async let running: Void = worker.run()
        #expect(try await eventually { worker.health.readiness.passes })
        #expect(worker.health.startup.passes && worker.health.liveness.passes)
        try await task.delay()
        await began.waitUntilOpen()
        #expect(worker.observation.work?.busy == 1)
        worker.shutdown(.warm)
        let stopping = worker.health
        #expect(stopping.readiness.problems == ["a warm shutdown is under way"])
        #expect(stopping.startup.passes && stopping.liveness.passes)
        end.open()
        try await running
        #expect(worker.health.readiness.problems == ["the worker has ended"])
        #expect(worker.health.liveness.passes)
    }

    @Test("A broker that is away at the start or later makes it not ready, and not dead; then it comes back by itself")
    func brokerAway() async throws {
        let stores = Stores()
        stores.broker.begin()
        try await withWorker(stores.app) { (worker: Worker) async throws -> Void in
            #expect(
                try await eventually {
                    worker.health.startup.problems.first?.contains("cannot connect to the broker") == true
                }
            )
            #expect(!worker.health.readiness.passes && worker.health.liveness.passes)
            stores.broker.end()
            #expect(try await eventually { worker.health.readiness.passes })
            #expect(try await eventually { worker.observation.queues?.map(\.name) == ["celery"] })
            #expect(worker.observation.isBrokerUp)
            // It waits for messages and has nothing to ask for: the watch finds out.
            stores.broker.begin()
            #expect(try await eventually { !worker.health.readiness.passes })
            #expect(worker.health.readiness.problems.first?.hasPrefix("the broker is away (for ") == true)
            #expect(worker.health.liveness.passes && worker.health.startup.passes)
            #expect(worker.observation.queues == nil && !worker.observation.isBrokerUp)
            stores.broker.end()
            #expect(try await eventually { worker.health.readiness.passes })
            #expect(worker.observation.recoveries >= 1)
        }
    }

    @Test("While outcomes cannot be stored it is not ready")
    func resultStoreAway() async throws {
        let stores = Stores()
        let task = stores.app.task("t") { (x: Int) in x }
        stores.results.begin()
        try await withWorker(stores.app) { (worker: Worker) async throws -> Void in
            let result = try await task.delay(1)
            #expect(
                try await eventually {
                    worker.health.readiness.problems.contains { $0.hasPrefix("outcomes cannot be stored (for ") }
                }
            )
            #expect(worker.health.liveness.passes)
            stores.results.end()
            #expect(try await result.get(timeout: .seconds(60)) == 1)
            #expect(try await eventually { worker.health.readiness.passes })
        }
    }

    @Test("A lease that others ended is counted as lost, one that the worker gives up itself is not")
    func lostLease() async throws {
        let transport = MemoryStore(name: "leases").transport
        var state = WorkerState()
        state.poolBecameReady()
        #expect(state.startedAt == nil)
        for number in 1...3 {
            let consumer = try await transport.openConsumer(ConsumerConfiguration(name: "w", queues: ["q"]))
            #expect(state.open(consumer).number == number)
            if number == 2 { state.closeEpoch(2) } else { state.loseEpoch(number) }
            // Who hears of it later counts it no more.
            state.loseEpoch(number)
            try await consumer.close()
        }
        let sight = state.sight(slots: 4, prefetch: 16, now: .now)
        #expect(sight.epochs == 3 && sight.lostEpochs == 2 && !sight.hasEpoch)
        #expect(sight.startedAt != nil, "it has been ready once")
    }

    @Test("Nobody asks, and the watch does not look")
    func asleep() async throws {
        let stores = Stores()
        try await withWorker(stores.app) { (worker: Worker) async throws -> Void in
            let ready = Doorway()
            worker.onReady { ready.open() }
            await ready.waitUntilOpen()
            #expect(!worker.watch.isLooking)
            _ = worker.health
            #expect(try await eventually { worker.watch.isLooking })
        }
    }

    @Test("A consumer that hears of nothing although messages wait makes it dead, and not once it hears again")
    func stoppedConsuming() async throws {
        let stores = Stores()
        let app = stores.app
        let task = app.task("t") { (x: Int) in x }
        stores.broker.beginDeafness()
        try await withWorker(app) { (worker: Worker) async throws -> Void in
            defer { stores.broker.end() }
            worker.watch.begin(timeout: .seconds(1))
            #expect(try await eventually { worker.health.readiness.passes })
            let result = try await task.delay(1)
            let end = "although messages wait in the queues (1)"
            #expect(
                try await eventually {
                    let problem = worker.health.liveness.problems.first ?? ""
                    return problem.hasPrefix("nothing was received for ") && problem.hasSuffix(end)
                }
            )
            stores.broker.end()
            #expect(try await result.get(timeout: .seconds(60)) == 1)
            #expect(try await eventually { worker.health.liveness.passes })
        }
    }
}
