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

@Suite("Events of a worker", .timeLimit(.minutes(5)))
struct EventTests {
    private static let file = "events-5.7"

    /// Every message as it is sent, from now on.
    private func listen(_ app: CeleryApp, _ pattern: String = "#") async throws -> any BroadcastListener {
        let channel = try #require(try await app.transport().broadcasts)
        let address = BroadcastAddress(Exchange("celeryev", .topic), routingKey: pattern, queue: "test")
        return try await channel.listen(to: [address], timeout: .seconds(5))
    }

    /// Messages until one of them has what is looked for.
    private func messages(
        _ listener: any BroadcastListener,
        until isLast: (BroadcastMessage) -> Bool
    ) async throws -> [BroadcastMessage] {
        var all: [BroadcastMessage] = []
        while true {
            let heard = try await listener.receive(timeout: .seconds(60))
            try #require(!heard.isEmpty, "no more events; so far: \(all.map(\.routingKey))")
            for message in heard {
                all.append(try message.get())
                if isLast(all[all.count - 1]) { return all }
            }
        }
    }

    private func events(_ messages: [BroadcastMessage]) throws -> [CeleryValue] {
        try messages.flatMap { message -> [CeleryValue] in
            let value = try WireCodec().decodeValue(of: message)
            if case .array(let values) = value { return values }
            return [value]
        }
    }

    @Test("A task's life is told in Python's words, in order, and in batches")
    func life() async throws {
        let app = TestApp.make {
            $0.workerSendTaskEvents = true
            $0.taskSendSentEvent = true
        }
        app.task("wireapp.add") { (x: Int, y: Int) in x + y }
        let boom = app.task("wireapp.boom") { () -> Int in throw ControlRefusal("ValueError", "went wrong") }
        let flaky = app.task(
            "wireapp.flaky",
            options: TaskOptions(retry: .constant(limit: 1, delay: .zero, on: ControlRefusal.self))
        ) {
            () -> Int in throw ControlRefusal("ValueError", "try again")
        }
        let listener = try await listen(app, "task.#")
        let ids = Mutex<[String]>([])
        try await withFleet(app, ["w1@wirehost"]) { () async throws -> Void in
            let sum = try await app.sendTask("wireapp.add", args: [2, 3])
            _ = try await sum.get(timeout: .seconds(60))
            for result in [try await boom.delay(), try await flaky.delay()] {
                await #expect(throws: CeleryError.self) { try await result.get(timeout: .seconds(60)) }
                ids.withLock { $0.append(result.id) }
            }
            let late = try await app.sendTask(
                "wireapp.add",
                args: [2, 3],
                options: SendOptions(expires: .microseconds(1))
            )
            await #expect(throws: CeleryError.self) { try await late.get(timeout: .seconds(60)) }
            ids.withLock { $0 += [sum.id, late.id] }
        }
        // What client and worker tell may overtake each other.
        var (sent, isRevoked) = (0, false)
        let messages = try await messages(listener) { message in
            guard let values = try? self.events([message]) else { return false }
            sent += values.count { $0["type"] == "task-sent" }
            if values.contains(where: { $0["type"] == "task-revoked" }) { isRevoked = true }
            return isRevoked && sent >= 4
        }
        let events = try events(messages)
        for event in events {
            let type = try #require(event["type"]?.text)
            #expect(event.differences(from: try FleetFixture.value(Self.file, "events", type)) == [], "\(type)")
            // In Python's order too.
            let sample = try FleetFixture.value(Self.file, "events", type)
            #expect(event.keyList == sample.keyList, "\(type)")
        }
        func types(of index: Int) -> [String] {
            let id = ids.withLock { $0[index] }
            let types = events.filter { $0["uuid"]?.text == id }.compactMap { $0["type"]?.text }
            // The client tells after the task is sent, as in Python: the worker may have been faster.
            #expect(types.contains("task-sent"))
            return types.filter { $0 != "task-sent" }
        }
        #expect(types(of: 2) == ["task-received", "task-started", "task-succeeded"])
        #expect(types(of: 0) == ["task-received", "task-started", "task-failed"])
        let flakyTypes = types(of: 1)
        #expect(flakyTypes.filter { $0 == "task-retried" }.count == 1)
        #expect(flakyTypes.last == "task-failed")
        #expect(types(of: 3).last == "task-revoked")
        let success = try #require(events.first { $0["type"] == "task-succeeded" })
        #expect(success["result"] == "5")
        #expect(events.first { $0["type"] == "task-revoked" }?["expired"] == true)
        #expect(
            events.first { $0["type"] == "task-failed" && $0["uuid"]?.text == ids.withLock { $0[0] } }?["exception"]?
                .text?
                .contains("went wrong") == true
        )
        // Those of the worker come as lists, those of the client alone.
        for message in messages {
            let isList = if case .array = try WireCodec().decodeValue(of: message) { true } else { false }
            #expect(message.routingKey == (isList ? "task.multi" : "task.sent"))
            #expect(message.deliveryMode == 1 && message.headers["hostname"] != nil)
        }
    }

    @Test("A task that a cold shutdown ends and gives back is told as cancelled, and no other end of it")
    func cancelled() async throws {
        let app = TestApp.make { $0.workerSendTaskEvents = true }
        let began = Doorway()
        let task = app.task("wireapp.rest", options: TaskOptions(acksLate: true)) { () async throws -> Void in
            began.open()
            try await Task.sleep(for: .seconds(3600))
        }
        let listener = try await listen(app, "task.#")
        let worker = try Worker(app, pool: .async())
        async let running: Void = worker.run()
        let id = try await task.delay().id
        await began.waitUntilOpen()
        worker.shutdown(.cold)
        try await running
        let events = try events(
            try await messages(listener) {
                (try? self.events([$0]).contains { $0["type"] == "task-cancelled" }) == true
            }
        )
        #expect(events.compactMap { $0["type"]?.text } == ["task-received", "task-started", "task-cancelled"])
        let last = try #require(events.last)
        #expect(last["uuid"]?.text == id)
        #expect(last.keyList == ["hostname", "utcoffset", "pid", "clock", "uuid", "timestamp", "type"])
    }

    @Test("A task that is rejected is told as rejected, and whether it goes back to its queue")
    func rejected() async throws {
        let app = TestApp.make { $0.workerSendTaskEvents = true }
        let runs = Mutex(0)
        let task = app.task("wireapp.picky", options: TaskOptions(acksLate: true)) { () -> Int in
            let run = runs.withLock { runs -> Int in
                runs += 1
                return runs
            }
            throw Reject("not here", requeue: run == 1)
        }
        let listener = try await listen(app, "task.#")
        let heard = Mutex<[CeleryValue]>([])
        try await withFleet(app, ["w1@wirehost"]) { () async throws -> Void in
            let id = try await task.delay().id
            let messages = try await messages(listener) { message in
                (try? self.events([message]))?.contains { $0["type"] == "task-failed" } == true
            }
            let told = try self.events(messages)
            #expect(told.allSatisfy { $0["uuid"]?.text == id })
            heard.withLock { $0 = told }
        }
        let told = heard.withLock { $0 }
        // It may be received again before its first end is told.
        let life = ["task-received", "task-rejected", "task-started"]
        // What is set aside is stored as failed.
        #expect(told.compactMap { $0["type"]?.text }.sorted() == (life + life + ["task-failed"]).sorted())
        let rejections = told.filter { $0["type"] == "task-rejected" }
        #expect(rejections.map { $0["requeue"] } == [true, false])
        let sample = try FleetFixture.value(Self.file, "events", "task-rejected")
        for event in rejections {
            #expect(event.differences(from: sample) == [])
            #expect(event.keyList == sample.keyList)
        }
    }

    @Test(
        "A run that is ended from afar is told as revoked: terminated, and by which signal",
        arguments: [("SIGTERM", 15), ("SIGINT", 2), ("SIGUSR1", 10)]
    )
    func terminated(signal: String, number: Int) async throws {
        let app = TestApp.make { $0.workerSendTaskEvents = true }
        let began = Doorway()
        let task = app.task("wireapp.rest") { () async throws -> Void in
            began.open()
            // cancelled by the revocation
            try await Task.sleep(for: .seconds(3600))
        }
        let listener = try await listen(app, "task.#")
        try await withFleet(app, ["w1@wirehost"]) { () async throws -> Void in
            let id = try await task.delay().id
            await began.waitUntilOpen()
            try await app.control(.quick).terminate([id], signal: signal)
            let messages = try await messages(listener) { message in
                (try? self.events([message]))?.contains { $0["type"] == "task-revoked" } == true
            }
            let event = try #require(try events(messages).last { $0["type"] == "task-revoked" })
            let sample = try FleetFixture.value(Self.file, "events", "task-revoked")
            #expect(event["uuid"]?.text == id && event["terminated"] == true && event["expired"] == false)
            #expect(event["signum"] == .int(number))
            #expect(event.differences(from: sample) == [])
            #expect(event.keyList == sample.keyList)
        }
    }

    @Test("A worker comes online, beats, and goes offline")
    func worker() async throws {
        let app = TestApp.make()
        let listener = try await listen(app, "worker.#")
        var options = WorkerOptions()
        options.pool = "async"
        options.hostname = "w1@wirehost"
        options.heartbeatInterval = .milliseconds(20)
        try await withRunning(try Worker(app, options: options)) { () async throws -> Void in
            try await app.control.heartbeat()
            _ = try await app.control(.quick).ping()
        }
        let messages = try await messages(listener) { $0.routingKey == "worker.offline" }
        #expect(messages.first?.routingKey == "worker.online")
        #expect(messages.contains { $0.routingKey == "worker.heartbeat" })
        let events = try events(messages)
        for event in events {
            let type = try #require(event["type"]?.text)
            let sample = try FleetFixture.value(Self.file, "events", type)
            #expect(event.differences(from: sample) == [], "\(type)")
            #expect(event.keyList == sample.keyList, "\(type)")
            // Monitors take it for dead after two of them.
            #expect([0.02, 5].contains(event["freq"]?.number), "the second by command")
        }
        let clocks = events.compactMap { $0["clock"]?.whole }
        #expect(clocks == clocks.sorted() && Set(clocks).count == clocks.count)
    }

    @Test("Task events are off until they are enabled, and off again when they are disabled")
    func switching() async throws {
        let app = TestApp.make()
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let listener = try await listen(app, "task.#")
        try await withWorker(app) { () async throws -> Void in
            #expect(try await add.delay(1, 1).get() == 2)
            #expect(try await app.control(.quick).enableEvents().first?.ok == "task events enabled")
            let seen = try await add.delay(2, 2)
            #expect(try await seen.get() == 4)
            let messages = try await messages(listener) { message in
                (try? self.events([message]))?
                    .contains { $0["type"] == "task-succeeded" && $0["uuid"]?.text == seen.id } == true
            }
            // The end of the first is told after its result is there: that may be after the command.
            let received = try events(messages).filter { $0["type"] == "task-received" }
            #expect(received.compactMap { $0["uuid"]?.text } == [seen.id])
            #expect(try await app.control(.quick).disableEvents().first?.ok == "task events disabled")
            #expect(try await add.delay(3, 3).get() == 6)
            #expect(try await listener.receive(timeout: .milliseconds(100)).isEmpty)
        }
    }

    @Test("A task without sendEvents is told nothing of, others are; the annotation send_events decides too")
    func untold() async throws {
        let app = TestApp.make {
            $0.workerSendTaskEvents = true
            $0.taskAnnotations = ["hushed": TaskAnnotation { $0.sendEvents = false }]
        }
        let silent = app.task("silent", options: TaskOptions(sendEvents: false)) { () in 1 }
        let hushed = app.task("hushed") { () in 2 }
        let told = app.task("told") { () in 3 }
        let listener = try await listen(app, "task.#")
        let last = TaskID.random()
        try await withFleet(app, ["w1@wirehost"]) { () async throws -> Void in
            _ = try await silent.delay().get(timeout: .seconds(60))
            _ = try await hushed.delay().get(timeout: .seconds(60))
            _ = try await told.applyAsync(options: SendOptions(taskID: last)).get(timeout: .seconds(60))
        }
        var seen: [String] = []
        _ = try await messages(listener) { message in
            let events = (try? events([message])) ?? []
            seen += events.compactMap { event in
                guard case .object(let event) = event, case .string(let id)? = event["uuid"] else { return nil }
                return id
            }
            return events.contains { event in
                guard case .object(let event) = event else { return false }
                return event["type"] == "task-succeeded" && event["uuid"] == .string(last)
            }
        }
        #expect(Set(seen) == [last])
    }

    @Test("Events of the app's own, and of a task, reach whoever listens")
    func own() async throws {
        let app = TestApp.make()
        let work = app.task("work") { (context: TaskContext) -> Int in
            try await context.sendEvent("task-progress", ["percent": 40])
            return 1
        }
        let stream = try await app.events.receive("#", wakesUp: false)
        try await withWorker(app) { () async throws -> Void in
            try await app.events.send("order-shipped", ["number": 7])
            let result = try await work.delay()
            _ = try await result.get()
            var found: [CeleryEvent] = []
            for try await event in stream where !event.type.hasPrefix("worker-") {
                found.append(event)
                if found.count == 2 { break }
            }
            #expect(found.map(\.type) == ["order-shipped", "task-progress"])
            #expect(found[0].fields["number"] == 7 && found[0].group == "order")
            #expect(found[1].uuid == result.id && found[1].fields["percent"] == 40)
            #expect(found[0].clock < found[1].clock)
        }
    }

    @Test("A monitor follows workers and tasks")
    func monitor() async throws {
        let app = TestApp.make { $0.workerSendTaskEvents = true }
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let monitor = ClusterMonitor(app)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await monitor.run() }
            try await withFleet(app, ["w@a"]) { () async throws -> Void in
                #expect(try await eventually { monitor.snapshot.aliveWorkers().map(\.hostname) == ["w@a"] })
                let result = try await add.delay(2, 3)
                #expect(try await eventually { monitor.snapshot.tasks[result.id]?.state == .success })
                let task = try #require(monitor.snapshot.tasks[result.id])
                #expect(task.name == "add" && task.worker == "w@a" && task.result == "5" && task.args == "(2, 3)")
                #expect(task.received != nil && task.started != nil && task.succeeded != nil)
            }
            #expect(try await eventually { monitor.snapshot.aliveWorkers().isEmpty })
            group.cancelAll()
        }
    }
}

extension CeleryValue {
    fileprivate var keyList: [String] { if case .object(let object) = self { object.keys } else { [] } }
}
