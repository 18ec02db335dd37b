//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Testing

@testable import CeleryKit

@Suite("What events tell about a fleet")
struct ClusterStateTests {
    private let start = Timestamp(unixSeconds: 1_795_337_376)

    private func event(_ type: String, _ fields: CeleryObject = [:], from host: String = "w@a", at seconds: Int = 0)
        -> CeleryEvent
    {
        CeleryEvent(
            type,
            hostname: host,
            clock: seconds + 1,
            timestamp: start.advanced(by: .seconds(seconds)),
            localReceived: start.advanced(by: .seconds(seconds)),
            fields: fields
        )
    }

    @Test("A worker is there for two heartbeats, and gone when it says so")
    func alive() {
        var state = ClusterState()
        state.apply(event("worker-online", ["freq": 2.0, "active": 1, "processed": 7, "sw_ident": "swift-celery"]))
        #expect(state.workers["w@a"]?.processed == 7 && state.workers["w@a"]?.active == 1)
        #expect(state.workers["w@a"]?.softwareIdentity == "swift-celery")
        #expect(state.aliveWorkers(at: start.advanced(by: .milliseconds(3999))).count == 1)
        #expect(state.aliveWorkers(at: start.advanced(by: .seconds(4))).isEmpty)
        for second in 1..<9 { state.apply(event("worker-heartbeat", ["freq": 2.0], at: second)) }
        #expect(state.workers["w@a"]?.heartbeats.count == WorkerRecord.heartbeatLimit)
        state.apply(event("worker-offline", ["freq": 2.0], at: 9))
        #expect(state.aliveWorkers(at: start.advanced(by: .seconds(9))).isEmpty)
    }

    @Test("A worker that was started anew is there, though its clock begins at 0", arguments: [true, false])
    func restarted(isHeardToComeOnline: Bool) {
        var state = ClusterState()
        func hear(_ type: String, clock: Int, at seconds: Int) {
            var event = event(type, ["freq": 2.0], at: seconds)
            event.clock = clock
            state.apply(event)
        }
        hear("worker-online", clock: 99_998, at: 0)
        hear("worker-heartbeat", clock: 100_000, at: 2)
        if isHeardToComeOnline { hear("worker-online", clock: 3, at: 20) }
        for beat in 1...4 { hear("worker-heartbeat", clock: 3 + beat, at: 20 + 2 * beat) }
        #expect(state.workers["w@a"]?.clock == 7)
        #expect(state.aliveWorkers(at: start.advanced(by: .seconds(31))).map(\.hostname) == ["w@a"])
        #expect(state.aliveWorkers(at: start.advanced(by: .seconds(32))).isEmpty)
    }

    @Test("What had ended in a picture is forgotten, but nothing that was heard of since")
    func forgetting() {
        var state = ClusterState()
        for id in ["ended", "late", "running"] as [CeleryValue] {
            state.apply(event("task-received", ["uuid": id, "name": "add"]))
        }
        for id in ["ended", "late"] as [CeleryValue] { state.apply(event("task-succeeded", ["uuid": id], at: 1)) }
        let picture = state
        state.apply(event("task-started", ["uuid": "late"], at: 2))
        state.apply(event("task-succeeded", ["uuid": "running"], at: 2))
        state.forget(endedIn: picture)
        #expect(state.tasks.keys.sorted() == ["late", "running"])
        state.forget(endedIn: state)
        #expect(state.tasks.isEmpty)
    }

    @Test("A task's events in any order come to the same state, with its name and arguments")
    func order() {
        let events = [
            event(
                "task-received",
                ["uuid": "t", "name": "add", "args": "(2, 3)", "kwargs": "{}", "retries": 0],
                at: 1
            ),
            event("task-started", ["uuid": "t"], at: 2),
            event("task-succeeded", ["uuid": "t", "result": "5", "runtime": 0.5], at: 3),
        ]
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [2, 0, 1], [1, 0, 2]] {
            var state = ClusterState()
            for index in order { state.apply(events[index]) }
            let task = state.tasks["t"]
            #expect(task?.state == .success && task?.name == "add" && task?.args == "(2, 3)", "\(order)")
            #expect(task?.result == "5" && task?.runtime == 0.5 && task?.worker == "w@a", "\(order)")
            #expect(task?.received == start.advanced(by: .seconds(1)), "\(order)")
        }
    }

    @Test("A retry begins a task's life anew")
    func retry() {
        var state = ClusterState()
        for type in ["task-sent", "task-received", "task-started", "task-retried", "task-received"] {
            state.apply(event(type, ["uuid": "t"]))
        }
        #expect(state.tasks["t"]?.state == .received)
        state.apply(event("task-failed", ["uuid": "t", "exception": "ValueError()"]))
        #expect(state.tasks["t"]?.state == .failure && state.tasks["t"]?.exception == "ValueError()")
    }

    @Test(
        "An event of another type is the state of its name, until one that comes later in a task's life",
        arguments: [("task-cancelled", "CANCELLED"), ("task-progress", "PROGRESS"), ("task-half-way", "HALF-WAY")]
    )
    func ownStates(type: String, name: String) {
        var state = ClusterState()
        for type in ["task-received", "task-started", type] { state.apply(event(type, ["uuid": "t"])) }
        #expect(state.tasks["t"]?.state == TaskState(rawValue: name))
        // As in Celery they come behind that it began, and before every end but one.
        state.apply(event("task-started", ["uuid": "t"]))
        state.apply(event("task-revoked", ["uuid": "t"]))
        #expect(state.tasks["t"]?.state == TaskState(rawValue: name))
        state.apply(event("task-failed", ["uuid": "t"]))
        #expect(state.tasks["t"]?.state == .failure)
        state.apply(event(type, ["uuid": "t"]))
        #expect(state.tasks["t"]?.state == .failure)
    }

    @Test("What an event of the app's own tells is kept, also when it comes late, and bounded")
    func ownFields() {
        var state = ClusterState()
        state.apply(event("task-received", ["uuid": "t", "name": "add"]))
        state.apply(event("task-progress", ["uuid": "t", "percent": 40, "result": "half", "name": "better"]))
        #expect(state.tasks["t"]?.fields == ["percent": 40])
        #expect(state.tasks["t"]?.result == "half" && state.tasks["t"]?.name == "better")
        state.apply(event("task-succeeded", ["uuid": "t", "result": "5"]))
        state.apply(event("task-progress", ["uuid": "t", "percent": 90]))
        #expect(state.tasks["t"]?.fields == ["percent": 90] && state.tasks["t"]?.state == .success)
        for number in 0..<100 { state.apply(event("task-progress", ["uuid": "t", "field\(number)": 1])) }
        #expect(state.tasks["t"]?.fields.count == 64)
    }

    @Test("Memory is bounded, and what was heard of last stays")
    func limits() {
        var state = ClusterState(workerLimit: 3, taskLimit: 10)
        for number in 0..<1000 {
            state.apply(event("task-received", ["uuid": .string("t\(number)"), "name": "add"], at: number))
            state.apply(event("worker-heartbeat", ["freq": 2.0], from: "w\(number)@a", at: number))
        }
        #expect(state.tasks.count <= 11)
        #expect(state.tasksByTime(limit: 2).map(\.id) == ["t999", "t998"])
        #expect(state.workers.keys.sorted() == ["w998@a", "w999@a", "w@a"])
        #expect(state.eventCount == 2000 && state.taskEventCount == 1000)
        #expect(state.taskTypes == ["add"])
        state.apply(event("task-succeeded", ["uuid": "t999"]))
        state.clear(onlyReadyTasks: true)
        #expect(state.tasks["t999"] == nil && state.tasks["t998"] != nil)
    }

    @Test(
        "Between two pictures is the interval, or longer when there may be fewer",
        arguments: [(nil, 1), ("100/s", 1), ("0.25/s", 4), ("30/m", 2), ("0", 1)] as [(String?, Int)]
    )
    func pause(rate: String?, seconds: Int) {
        let rate = rate.flatMap { RateLimit($0) }
        #expect(ClusterMonitor.pause(every: .seconds(1), maximumRate: rate) == .seconds(seconds))
    }

    @Test("A body with a list is several events, and what is no event is left out")
    func lists() throws {
        let body = try JSONSerializer()
            .decodeValue(
                Array(
                    """
                    [{"hostname": "w@a", "utcoffset": -2, "pid": 7, "clock": 3, "uuid": "t", "timestamp": 1.5, "type": "task-started"},
                     {"no": "type"}, 4]
                    """
                    .utf8
                ),
                limits: .standard
            )
        let events = CeleryEvent.all(in: body, received: start)
        #expect(events.count == 1)
        #expect(events.first?.uuid == "t" && events.first?.clock == 3 && events.first?.pid == 7)
        #expect(events.first?.timestamp == Timestamp(unixSeconds: 1.5))
        #expect(events.first?.fields.keys == ["uuid"])
    }

    @Test("The logical clock steps past every other, and forgets what is absurd")
    func clock() {
        let clock = LamportClock()
        #expect(clock.forward() == 1)
        #expect(clock.adjust(10) == 11)
        #expect(clock.adjust(3) == 12)
        #expect(clock.adjust(.max) == 12)
        #expect(clock.forward() == 13)
    }
}
