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
import CeleryWorker
import Logging
import Synchronization
import Testing

/// Promise 6: broker down is an error, not a hang; a result store that is down never loses, fails or repeats a task.
@Suite("Outages", .timeLimit(.minutes(5)))
struct OutageTests {
    private struct Stores {
        let app: CeleryApp
        let broker = Outage()
        let results = Outage()

        init(log: LogRecorder? = nil) {
            let store = MemoryStore(name: "outage")
            let (broker, results) = (broker, results)
            var registry = PluginRegistry()
            registry.register(transport: "faulty") { _ throws(TransportError) in
                FaultyTransport(store.transport, outage: broker)
            }
            registry.register(backend: "faulty") { _ throws(TransportError) in
                FaultyResultBackend(store.backend, outage: results)
            }
            var settings = CelerySettings()
            settings.brokerURL = "faulty://"
            settings.resultBackend = "faulty://"
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            app = CeleryApp("test", registry: registry, settings: settings, logger: log?.logger() ?? logger)
        }
    }

    @Test("An idle worker says that its broker is back, also when nothing tells it while it waits for its next attempt")
    func backWithoutMessages() async throws {
        let log = LogRecorder()
        let stores = Stores(log: log)
        let echo = stores.app.task("echo") { (x: Int) in x }
        @Sendable func times(_ text: String) -> Int { log.lines.count { $0.text.contains(text) } }
        try await withWorker(stores.app) { () async throws in
            #expect(try await echo.delay(1).get(timeout: .seconds(60)) == 1)
            // Its arrival ends the receipt that waits.
            _ = try await echo.applyAsync(2, options: SendOptions(countdown: .milliseconds(200)))
            stores.broker.begin()
            #expect(try await eventually { times("Trying again in ") > 0 })
            stores.broker.end()
            #expect(try await eventually { times("Connected to ") == 1 })
            #expect(try await echo.delay(3).get(timeout: .seconds(60)) == 3)
            #expect(times("Connected to ") == 1)
        }
    }

    @Test("While the broker is away sending is a typed error; when it is back everything goes on")
    func brokerAway() async throws {
        let stores = Stores()
        let echo = stores.app.task("echo") { (x: Int) in x }
        try await withWorker(stores.app) { () async throws in
            #expect(try await echo.delay(1).get(timeout: .seconds(60)) == 1)
            stores.broker.begin()
            let error = await #expect(throws: CeleryError.self) { try await echo.delay(2) }
            #expect(error?.code == .brokerUnavailable)
            #expect(error?.message.hasPrefix("echo was not sent: ") == true)
            stores.broker.end()
            #expect(try await echo.delay(3).get(timeout: .seconds(60)) == 3)
        }
    }

    @Test(
        "broker_connection_retry_on_startup counts until the queues are consumed, never again when the consumer is lost"
    )
    func givenUp() async throws {
        let stores = Stores()
        stores.app.update { ($0.brokerConnectionRetry, $0.brokerConnectionRetryOnStartup) = (false, true) }
        let echo = stores.app.task("echo") { (x: Int) in x }
        let worker = try Worker(stores.app, queues: ["celery"], pool: .solo)
        let isReady = Mutex(false)
        worker.onReady { isReady.withLock { $0 = true } }
        stores.broker.begin()
        let run = Task { try await worker.run() }
        #expect(try await eventually { stores.broker.failedCalls >= 2 })
        #expect(!isReady.withLock { $0 }, "no task can be taken yet")
        stores.broker.end()
        #expect(try await echo.delay(1).get(timeout: .seconds(60)) == 1)
        #expect(try await eventually { isReady.withLock { $0 } })
        // Its arrival ends the receipt that waits.
        _ = try await echo.applyAsync(2, options: SendOptions(countdown: .milliseconds(200)))
        stores.broker.begin(losingConsumers: true)
        let error = await #expect(throws: TransportError.self) { try await run.value }
        #expect(error?.code == .unavailable)
    }

    @Test("A broker that comes back and is lost again at once uses up broker_connection_max_retries, at its own pace")
    func flapping() async throws {
        let stores = Stores()
        stores.app.update { $0.brokerConnectionMaxRetries = 3 }
        let echo = stores.app.task("echo") { (x: Int) in x }
        let worker = try Worker(stores.app, queues: ["celery"], pool: .solo)
        let run = Task { try await worker.run() }
        #expect(try await echo.delay(1).get(timeout: .seconds(60)) == 1)
        // Its arrival ends the receipt that waits.
        _ = try await echo.applyAsync(2, options: SendOptions(countdown: .milliseconds(200)))
        stores.broker.beginFlapping()
        let error = await #expect(throws: TransportError.self) { try await run.value }
        #expect(error?.code == .unavailable)
    }

    @Test("A send that meets an outage goes out when it ends, within its policy and time-out")
    func sendingAgain() async throws {
        let stores = Stores()
        stores.app.update { settings in
            settings.taskPublishRetryPolicy = ["max_retries": .null, "interval_step": 0.01]
            settings.brokerTimeout = .seconds(60)
        }
        let echo = stores.app.task("echo") { (x: Int) in x }
        stores.broker.begin()
        async let sending = echo.delay(2)
        #expect(try await eventually { stores.broker.failedCalls >= 5 })
        stores.broker.end()
        let sent = try await sending
        let status = try await stores.app.transport().status(of: ["celery"])
        #expect(status.first?.ready == 1)
        #expect(try await withWorker(stores.app) { try await sent.get(timeout: .seconds(60)) } == 2)
    }

    @Test("A send is not repeated without task_publish_retry, nor when the caller says so, nor past its limit")
    func sendingOnce() async throws {
        let stores = Stores()
        let echo = stores.app.task("echo") { (x: Int) in x }
        stores.broker.begin()
        func attempts(_ options: SendOptions = SendOptions()) async -> Int {
            let before = stores.broker.failedCalls
            await #expect(throws: CeleryError.self) { try await echo.applyAsync(1, options: options) }
            return stores.broker.failedCalls - before
        }
        stores.app.update { $0.taskPublishRetryPolicy = ["max_retries": 2, "interval_step": 0] }
        #expect(await attempts() == 3)
        #expect(await attempts(SendOptions(retry: false)) == 1)
        #expect(
            await attempts(SendOptions(retryPolicy: PublishRetry(limit: 4, step: .zero))) == 5,
            "the caller's own policy"
        )
        #expect(await attempts(SendOptions(timeout: .zero)) == 1)
        stores.app.update { $0.taskPublishRetry = false }
        #expect(await attempts() == 1)
    }

    @Test("A worker loses its broker in the middle of its work and takes it up again")
    func brokerAwayInTheMiddle() async throws {
        let stores = Stores()
        let runs = Mutex<[Int: Int]>([:])
        let task = stores.app.task("t", options: TaskOptions(acksLate: true)) { (x: Int) in
            runs.withLock { $0[x, default: 0] += 1 }
            if x == 50 { stores.broker.begin() }
            return x
        }
        var results: [AsyncResult<Int>] = []
        for x in 0..<100 { results.append(try await task.delay(x)) }
        let sent = results
        try await withWorker(stores.app, pool: .async(concurrency: 4)) {
            #expect(try await eventually { stores.broker.failedCalls > 3 })
            stores.broker.end()
            for result in sent { _ = try await result.get(timeout: .seconds(60)) }
        }
        #expect(runs.withLock { $0.count } == 100)
        #expect(runs.withLock { $0.values.allSatisfy { $0 == 1 } })
    }

    @Test("While the result store is away outcomes wait; then each is stored, and nothing has run twice")
    func resultStoreAway() async throws {
        let stores = Stores()
        let runs = Mutex(0)
        let task = stores.app.task("t") { (x: Int) in
            runs.withLock { $0 += 1 }
            return x
        }
        stores.results.begin()
        try await withWorker(stores.app, pool: .async(concurrency: 4)) {
            var results: [AsyncResult<Int>] = []
            for x in 0..<50 { results.append(try await task.delay(x)) }
            #expect(try await eventually { stores.results.failedCalls > 3 })
            #expect(runs.withLock { $0 } <= 16, "intake stops when outcomes wait: credit is 4 × 4")
            stores.results.end()
            for (x, result) in results.enumerated() { #expect(try await result.get(timeout: .seconds(60)) == x) }
        }
        #expect(runs.withLock { $0 } == 50)
    }

    @Test("An outcome that can never be settled is set aside and harms no other")
    func unsettleable() async throws {
        let app = TestApp.make()
        let echo = app.task("echo") { (x: Int) in x }
        let lost = try app.sender.build(
            task: "echo",
            body: TaskBody(
                arguments: [EncodedValue(1)],
                embed: TaskBody.Embed(callbacks: [
                    Signature(task: "echo", options: ["exchange": "nowhere", "routing_key": "x"])
                ])
            ),
            taskOptions: TaskOptions(),
            options: SendOptions()
        )
        let id = lost.message.headers.id
        try await app.transport().publish([lost], timeout: .seconds(1))
        try await withWorker(app) {
            for x in 0..<20 { #expect(try await echo.delay(x).get(timeout: .seconds(60)) == x) }
            let error = await #expect(throws: CeleryError.self) {
                try await AsyncResult<Int>(id: id, app: app).get(timeout: .seconds(60))
            }
            #expect(error?.exception?.type == "OperationalError")
            let letters = try await app.transport().deadLetters.list(.all, limit: 10)
            #expect(letters.map(\.taskID) == [id])
        }
    }

    @Test("An outcome that can never be settled waits like the others while the result store is away, then they part")
    func mixedBatch() async throws {
        let stores = Stores()
        let runs = Mutex(0)
        let task = stores.app.task("t") { (x: Int) in
            runs.withLock { $0 += 1 }
            return x
        }
        let lost = try stores.app.sender.build(
            task: "t",
            body: TaskBody(
                arguments: [EncodedValue(99)],
                embed: TaskBody.Embed(callbacks: [
                    Signature(task: "t", options: ["exchange": "nowhere", "routing_key": "x"])
                ])
            ),
            taskOptions: TaskOptions(),
            options: SendOptions()
        )
        stores.results.begin()
        try await stores.app.transport().publish([lost], timeout: .seconds(1))
        var sent: [AsyncResult<Int>] = []
        for x in 0..<9 { sent.append(try await task.delay(x)) }
        let results = sent
        try await withWorker(stores.app, pool: .async(concurrency: 10)) { () async throws in
            #expect(try await eventually { runs.withLock { $0 } == 10 && stores.results.failedCalls > 3 })
            #expect(try await stores.app.transport().deadLetters.list(.all, limit: 10).isEmpty)
            stores.results.end()
            for (x, result) in results.enumerated() { #expect(try await result.get(timeout: .seconds(60)) == x) }
            let id = lost.message.headers.id
            #expect(
                try await eventually {
                    try await stores.app.transport().deadLetters.list(.all, limit: 10).map(\.taskID) == [id]
                }
            )
            #expect(try await AsyncResult<Int>(id: id, app: stores.app).failed())
        }
        #expect(runs.withLock { $0 } == 10)
    }

    @Test("While the result store is away a callback is sent once, however often its task's result is tried")
    func callbackOnce() async throws {
        let stores = Stores()
        let (runs, calls) = (Count(), Count())
        let task = stores.app.task("t") { (x: Int) in
            runs.add()
            return x
        }
        stores.app.task("callback") { (x: Int) in
            calls.add()
            return x
        }
        stores.results.begin()
        let result = try await task.s(7).link(stores.app.signature("callback")).delay()
        try await withWorker(stores.app) { () async throws in
            #expect(try await eventually { calls.value > 0 && stores.results.failedCalls > 3 })
            stores.results.end()
            #expect(try await result.get(timeout: .seconds(60)) == 7)
        }
        #expect(runs.value == 1)
        #expect(calls.value == 1)
    }

    @Test("An outcome that even as a failure cannot be stored leaves its message to the dead letters")
    func neverStored() async throws {
        let store = MemoryStore(name: "closed books")
        var registry = PluginRegistry()
        registry.register(transport: "books") { _ throws(TransportError) in store.transport }
        registry.register(backend: "books") { _ throws(TransportError) in ClosedBackend() }
        var settings = CelerySettings()
        (settings.brokerURL, settings.resultBackend) = ("books://", "books://")
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let app = CeleryApp("test", registry: registry, settings: settings, logger: logger)
        let task = app.task("t") { (x: Int) in x }
        let id = try await task.delay(1).id
        try await withWorker(app) { () async throws in
            let transport = try await app.transport()
            #expect(try await eventually { try await transport.deadLetters.list(.all, limit: 9).map(\.taskID) == [id] })
            #expect(try await transport.status(of: ["celery"]).first?.held == 0)
        }
    }

    @Test("A broker that is absent at the start is waited for")
    func absentAtStart() async throws {
        let stores = Stores()
        let echo = stores.app.task("echo") { (x: Int) in x }
        let result = try await echo.delay(7)
        stores.broker.begin()
        let worker = try Worker(stores.app)
        async let running: Void = worker.run()
        #expect(try await eventually { stores.broker.failedCalls > 0 })
        stores.broker.end()
        #expect(try await result.get(timeout: .seconds(60)) == 7)
        worker.shutdown(.warm)
        try await running
    }

    @Test("A shutdown ends the wait for a broker that is absent at the start, however long that would be")
    func shutdownWhileAbsent() async throws {
        let attempts = Count()
        var registry = PluginRegistry()
        registry.register(transport: "absent") { _ throws(TransportError) -> any Transport in
            attempts.add()
            throw TransportError(.unavailable, "nobody is there")
        }
        var settings = CelerySettings()
        settings.brokerURL = "absent://"
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let app = CeleryApp("test", registry: registry, settings: settings, logger: logger)
        let worker = try Worker(app, queues: ["celery"], pool: .solo)
        let run = Task { try await worker.run() }
        // The fifth failure is followed by a wait of four seconds.
        #expect(try await eventually { attempts.value >= 5 })
        let start = ContinuousClock.now
        worker.shutdown(.warm)
        try await run.value
        #expect(ContinuousClock.now - start < .seconds(3))
    }
}

/// A result backend that refuses every result for good.
private struct ClosedBackend: ResultBackend {
    var location: String { "books://" }
    var storeIdentity: StoreIdentity? { nil }

    func store(_ results: [StoredResult], timeout: Duration) async throws(TransportError) {
        throw TransportError(.misconfigured, "the books are closed")
    }
    func fetch(_ ids: [String], timeout: Duration) async throws(TransportError) -> [String: TaskMeta] { [:] }
    func wait(for id: String, timeout: Duration) async throws(TransportError) -> TaskMeta? { nil }
    func forget(_ ids: [String]) async throws(TransportError) {}
    func removeExpired() async throws(TransportError) -> Int { 0 }
    func shutdown() async {}
}

private final class Count: Sendable {
    private let state = Mutex(0)
    var value: Int { state.withLock { $0 } }
    func add() { state.withLock { $0 += 1 } }
}
