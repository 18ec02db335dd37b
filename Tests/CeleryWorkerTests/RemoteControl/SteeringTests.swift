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

/// The pools within the worker's process, for one task at a time.
enum SteeredPool: String, CaseIterable {
    case async
    case threads
    case solo

    var one: EmbeddedPool {
        switch self {
        case .async: .async(concurrency: 1)
        case .threads: .threads(concurrency: 1)
        case .solo: .solo
        }
    }
}

@Suite("What control commands do to a worker", .timeLimit(.minutes(5)))
struct SteeringTests {
    @Test("pool_grow and pool_shrink change how many tasks run at a time", arguments: ["async", "threads"])
    func resize(pool: String) async throws {
        let app = TestApp.make()
        let gate = Doorway()
        let running = Mutex(0)
        let hold = app.task("hold") { (x: Int) -> Int in
            running.withLock { $0 += 1 }
            await gate.waitUntilOpen()
            return x
        }
        let kind: EmbeddedPool = pool == "async" ? .async(concurrency: 1) : .threads(concurrency: 1)
        try await withWorker(app, pool: kind) { () async throws -> Void in
            var results: [AsyncResult<Int>] = []
            for x in 0..<3 { results.append(try await hold.delay(x)) }
            #expect(try await eventually { running.withLock { $0 } == 1 })
            #expect(try await app.control(.quick).poolGrow(2).first?.ok == "pool will grow")
            #expect(try await eventually { running.withLock { $0 } == 3 })
            #expect(try await app.control(.quick).poolShrink(2).first?.ok == "pool will shrink")
            #expect(try await app.inspect(.quick).stats().values.first?["pool"]?["max-concurrency"] == 1)
            let refusal = try await app.control(.quick).poolShrink(1).first?.error
            #expect(refusal == "ValueError(\"Can't shrink pool. All processes busy!\")")
            gate.open()
            for (x, result) in results.enumerated() { #expect(try await result.get(timeout: .seconds(60)) == x) }
        }
    }

    @Test("A pool that cannot says so as Python's")
    func soloRefuses() async throws {
        let app = TestApp.make { $0.workerPoolRestarts = true }
        try await withWorker(app, pool: .solo) { () async throws -> Void in
            let control = app.control(.quick)
            #expect(
                try await control.poolGrow().first?.error
                    == "AttributeError(\"'TaskPool' object has no attribute 'grow'\")"
            )
        }
    }

    @Test(
        "pool_restart is answered as in Python where there is nothing to restart, and begins rate limits anew",
        arguments: SteeredPool.allCases
    )
    func restart(in pool: SteeredPool) async throws {
        let app = TestApp.make { $0.workerPoolRestarts = true }
        let tick = app.task("tick", options: TaskOptions(rateLimit: "1/h")) { (x: Int) in x }
        try await withWorker(app, pool: pool.one) { () async throws -> Void in
            let control = app.control(.quick)
            #expect(try await tick.delay(1).get(timeout: .seconds(60)) == 1)
            #expect(try await control.poolRestart().first?.ok == "reload started")
            // An hour later by the limit of before.
            #expect(try await tick.delay(2).get(timeout: .seconds(60)) == 2)
        }
    }

    @Test(
        "autoscale changes the range of a worker that scales, whose pool then cannot be grown by hand",
        arguments: [SteeredPool.async, .threads]
    )
    func autoscale(pool: SteeredPool) async throws {
        let app = TestApp.make()
        var options = WorkerOptions()
        options.pool = pool.rawValue
        options.autoscale = (max: 8, min: 2)
        try await withRunning(try Worker(app, options: options)) { () async throws -> Void in
            let control = app.control(.quick)
            #expect(try await control.autoscale(max: 6, min: 4).first?.ok == "autoscale now max=6 min=4")
            #expect(
                try await eventually {
                    try await app.inspect(.quick).stats().values.first?["pool"]?["max-concurrency"] == 4
                }
            )
            let stats = try #require(try await app.inspect(.quick).stats().values.first)
            #expect(stats["autoscaler"]?["max"] == 6 && stats["autoscaler"]?["min"] == 4)
            // In trouble: below the minimum.
            #expect(try await control.request("autoscale", ["max": 3]).first?.ok == "autoscale now max=3 min=4")
            #expect(
                try await eventually {
                    try await app.inspect(.quick).stats().values.first?["pool"]?["max-concurrency"] == 3
                }
            )
            #expect(try await control.autoscale(max: 6, min: 0).first?.ok == "autoscale now max=6 min=0")
            #expect(try await app.inspect(.quick).stats().values.first?["autoscaler"]?["min"] == 0)
            #expect(stats["prefetch_count"] == 24)
            #expect(try await control.poolGrow().first?.error?.contains("not supported with autoscale") == true)
        }
    }

    @Test("A queue that is added is taken from, and one that is cancelled no longer", arguments: SteeredPool.allCases)
    func consumers(in pool: SteeredPool) async throws {
        let app = TestApp.make()
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        try await withWorker(app, pool: pool.one) { () async throws -> Void in
            let early = try await add.applyAsync(1, 1, options: SendOptions(queue: "extra"))
            #expect(try await early.state() == .pending)
            #expect(try await app.control(.quick).addConsumer("extra").first?.ok == "add consumer extra")
            #expect(try await early.get(timeout: .seconds(60)) == 2)
            #expect(try await app.control(.quick).cancelConsumer("extra").first?.ok == "no longer consuming from extra")
            let names = try await app.inspect(.quick).activeQueues().values.first?.compactMap { $0["name"]?.text }
            #expect(names == ["celery"])
            let options: CeleryObject = [
                "queue": "brief", "exchange_type": "topic", "routing_key": "b.#", "durable": true, "expires": 60,
                "queue_arguments": ["x-max-priority": 5],
            ]
            #expect(try await app.control(.quick).request("add_consumer", options).first?.ok == "add consumer brief")
            let brief = try await app.inspect(.quick).activeQueues().values.first?.first { $0["name"] == "brief" }
            #expect(brief?["queue_arguments"] == ["x-max-priority": 5, "x-expires": 60_000])
            #expect(try await app.control(.quick).cancelConsumer("brief").first?.error == nil)
            _ = try await add.applyAsync(2, 2, options: SendOptions(queue: "extra"))
            // What was sent to another queue afterwards is done: extra would have been as well.
            #expect(try await add.delay(3, 3).get(timeout: .seconds(60)) == 6)
            #expect(try await app.transport().status(of: ["extra"])[0].ready == 1)
        }
    }

    @Test(
        "A rate limit keeps tasks back until their time; when it is taken away, what comes then runs at once",
        arguments: SteeredPool.allCases
    )
    func rateLimit(in pool: SteeredPool) async throws {
        let app = TestApp.make()
        let tick = app.task("tick") { (x: Int) in x }
        try await withWorker(app, pool: pool.one) { () async throws -> Void in
            #expect(
                try await app.control(.quick).rateLimit("tick", "1/h").first?.ok == "new rate limit set successfully"
            )
            #expect(try await tick.delay(1).get(timeout: .seconds(60)) == 1)
            let second = try await tick.delay(2)
            #expect(try await eventually { try await app.inspect(.quick).scheduled().values.first?.count == 1 })
            #expect(try await second.state() == .pending)
            #expect(
                try await app.control(.quick).rateLimit("tick", "").first?.ok == "rate limit disabled successfully"
            )
            #expect(try await tick.delay(3).get(timeout: .seconds(60)) == 3)
            #expect(try await app.inspect(.quick).registered().values.first == ["tick"])
        }
    }

    @Test("A time limit that is set ends the next run", arguments: SteeredPool.allCases)
    func timeLimit(in pool: SteeredPool) async throws {
        let app = TestApp.make()
        let hang = app.task("hang") { () -> Int in
            // cancelled by the limit
            try await Task.sleep(for: .seconds(3600))
            return 1
        }
        try await withWorker(app, pool: pool.one) { () async throws -> Void in
            try await app.control(.quick).timeLimit("hang", soft: .milliseconds(50), hard: nil)
            let result = try await hang.delay()
            let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: .seconds(60)) }
            #expect(error?.exception?.type == "SoftTimeLimitExceeded")
        }
    }

    @Test(
        "Revoking ends what runs at once, keeps back what waits, and tells whoever waits for the result",
        arguments: SteeredPool.allCases
    )
    func revoke(in pool: SteeredPool) async throws {
        let app = TestApp.make()
        let runs = Mutex<[Int]>([])
        let hang = app.task("hang") { (x: Int) -> Int in
            runs.withLock { $0.append(x) }
            try await Task.sleep(for: .seconds(3600))
            return x
        }
        try await withWorker(app, pool: pool.one) { () async throws -> Void in
            let running = try await hang.delay(1)
            #expect(try await eventually { runs.withLock { $0 } == [1] })
            let waiting = try await hang.delay(2)
            let distant = try await hang.applyAsync(3, options: SendOptions(countdown: .seconds(3600)))
            let control = app.control(.quick)
            try await control.revoke([waiting.id, distant.id])
            let error = await #expect(throws: CeleryError.self) { try await distant.get(timeout: .seconds(60)) }
            #expect(error?.code == .taskRevoked)
            let unknown = try await control.terminate(["nobody's"]).first?.ok
            #expect(unknown == "terminate: tasks unknown")
            #expect(try await control.terminate([running.id]).first?.ok == "terminate: \(running.id)")
            for result in [running, waiting] {
                let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: .seconds(60)) }
                #expect(error?.code == .taskRevoked)
            }
            #expect(runs.withLock { $0 } == [1])
            let revoked = try await app.inspect(.quick).revoked().values.first
            #expect(Set(revoked ?? []) == [running.id, waiting.id, distant.id, "nobody's"])
        }
    }

    @Test("A worker that is told of a revoked task leaves its state alone once another worker has begun it")
    func revokeElsewhere() async throws {
        let app = TestApp.make()
        let backend = try await app.resultBackend()
        func store(_ id: String, _ state: TaskState) async throws {
            let meta = TaskMeta(taskID: id, state: state, outcome: .value(EncodedValue(["hostname": "other@host"])))
            try await backend.store([StoredResult(meta, expires: .seconds(600))], timeout: .seconds(5))
        }
        for state in [TaskState.started, "PROGRESS", .retry, .success] { try await store(state.rawValue, state) }
        let ids = ["STARTED", "PROGRESS", "RETRY", "SUCCESS", "unknown"]
        try await withWorker(app) { () async throws -> Void in
            try await app.control(.quick).revoke(ids)
            #expect(try await eventually { try await AsyncResult<Int>(id: "unknown", app: app).state() == .revoked })
            let states = try await backend.fetch(ids, timeout: .seconds(5)).mapValues(\.state)
            let expected: [String: TaskState] = [
                "STARTED": .started, "PROGRESS": "PROGRESS", "RETRY": .revoked, "SUCCESS": .success,
                "unknown": .revoked,
            ]
            #expect(states == expected)
        }
    }

    @Test("Numbers that no machine holds are answered, and the worker lives")
    func hostileNumbers() async throws {
        let app = TestApp.make()
        let tick = app.task("tick") { () in 1 }
        try await withWorker(app) { () async throws -> Void in
            let control = app.control(ControlOptions(timeout: .seconds(30), limit: 1))
            for number in [CeleryValue.double(1e300), .double(.nan), .double(-.infinity), .int(.max), .int(.min)] {
                for (command, arguments) in [
                    ("time_limit", ["task_name": "tick", "soft": number, "hard": number]), ("pool_grow", ["n": number]),
                    ("pool_shrink", ["n": number]), ("autoscale", ["max": number, "min": number]),
                ] as [(String, CeleryObject)] {
                    let replies = try await control.request(command, arguments)
                    #expect(replies.count == 1)
                }
            }
            try await control.rateLimit("tick", "1e-300/s")
            #expect(try await tick.delay().get(timeout: .seconds(60)) == 1)
        }
    }

    @Test("AsyncResult.revoke is heard at once", arguments: SteeredPool.allCases)
    func revokeByResult(in pool: SteeredPool) async throws {
        let app = TestApp.make()
        let started = Doorway()
        let hang = app.task("hang") { () -> Int in
            started.open()
            try await Task.sleep(for: .seconds(3600))
            return 1
        }
        try await withWorker(app, pool: pool.one) { () async throws -> Void in
            let result = try await hang.delay()
            await started.waitUntilOpen()
            try await result.revoke(terminate: true)
            let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: .seconds(60)) }
            #expect(error?.code == .taskRevoked)
        }
    }

    @Test("Tasks with a revoked stamp do not start, and end when they run", arguments: SteeredPool.allCases)
    func stamps(in pool: SteeredPool) async throws {
        let app = TestApp.make()
        let runs = Mutex<[Int]>([])
        let hang = app.task("hang") { (x: Int) -> Int in
            runs.withLock { $0.append(x) }
            if x == 1 { try await Task.sleep(for: .seconds(3600)) }
            return x
        }
        try await withWorker(app, pool: pool.one) { () async throws -> Void in
            func send(_ x: Int, _ batch: String) async throws -> AsyncResult<Int> {
                try await hang.applyAsync(x, options: SendOptions(stamps: ["batch": .string(batch)]))
            }
            let running = try await send(1, "a")
            #expect(try await eventually { runs.withLock { $0 } == [1] })
            let answer = try await app.control(.quick).revokeByStampedHeaders(["batch": ["a", "b"]], terminate: true)
            #expect(answer.first?.ok == "headers {'batch': ['a', 'b']} revoked")
            for result in [running, try await send(2, "b")] {
                let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: .seconds(60)) }
                #expect(error?.code == .taskRevoked)
            }
            #expect(try await send(4, "c").get(timeout: .seconds(60)) == 4)
            #expect(runs.withLock { $0 } == [1, 4])
        }
    }
}

/// Runs a worker for as long as the body takes.
func withRunning(_ worker: Worker, _ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        let isReady = Mutex(false)
        worker.onReady { isReady.withLock { $0 = true } }
        group.addTask { try await worker.run() }
        #expect(try await eventually { isReady.withLock { $0 } })
        try await body()
        worker.shutdown(.warm)
        try await group.waitForAll()
    }
}
