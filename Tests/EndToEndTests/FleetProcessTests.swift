//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation
import ServiceTestSupport
import Synchronization
import Testing

/// Events and remote control between processes, as they are lived with: watchers, cameras, outages.
@Suite("A fleet of processes", .serialized, .timeLimit(.minutes(5)))
struct FleetProcessTests {
    private let patience: Duration = .seconds(60)

    @Test(
        "What a task tells from its child is heard in its worker's name and with its id, in order, while task events are off",
        arguments: FleetBroker.available
    )
    func told(broker: FleetBroker) async throws {
        try await ControlSite.with(broker) { site in
            let worker = try await site.worker()
            let events = try await site.app.events.receive("task.progress")
            let result = try await site.send("interop.tell", 3)
            #expect(try await result.get(timeout: patience) == 3)
            var heard: [CeleryEvent] = []
            for try await event in events {
                heard.append(event)
                if heard.count == 3 { break }
            }
            #expect(heard.map(\.type) == Array(repeating: "task-progress", count: 3))
            #expect(heard.map { $0.fields["done"] } == [1, 2, 3])
            #expect(heard.allSatisfy { $0.fields["uuid"] == .string(result.id) && $0.hostname == worker.name })
            let pids = Set(heard.compactMap(\.pid))
            #expect(pids.count == 1 && worker.children.contains { pids == [Int($0)] })
        }
    }

    @Test(
        "Without remote control a worker answers nobody and runs tasks all the same",
        arguments: FleetBroker.available
    )
    func withoutControl(broker: FleetBroker) async throws {
        try await ControlSite.with(broker) { site in
            _ = try await site.worker()
            let deaf = try await site.deafWorker("w2@control", queues: ["other"])
            let quick = ControlOptions(timeout: .seconds(2))
            #expect(try await site.app.inspect(quick).ping() == ["w1@control"])
            let pings = ControlOptions(destination: [deaf.name], timeout: .seconds(1))
            try await site.app.control(pings).shutdown()
            #expect(try await site.app.inspect(pings).stats().isEmpty)
            let sum = try await site.send("interop.add", 2, 3, options: SendOptions(queue: "other"))
            #expect(try await sum.get(timeout: patience) == 5)
            #expect(deaf.isRunning)
        }
    }

    @Test("Commands and events pass between three processes on one broker", arguments: FleetBroker.available)
    func tools(broker: FleetBroker) async throws {
        try await ControlSite.with(broker) { site in
            let worker = try await site.worker()
            _ = try await site.worker("w2@control", pool: "async", queues: ["other"])
            let status = try site.tool("status", "-t", "30", "-d", "w1@control,w2@control")
            #expect(try await status.exitCode(within: patience) == 0)
            #expect(status.logText.contains("w1@control: OK") && status.logText.contains("2 nodes online."))
            // It waits a second for answers, which a busy machine may take longer for.
            let isDrawn = try await eventually {
                let graph = try site.tool("graph", "workers")
                guard try await graph.exitCode(within: patience) == 0 else { return false }
                return ["digraph workers {", "w1@control", "w2@control"].allSatisfy { graph.logText.contains($0) }
            }
            #expect(isDrawn)
            let dump = try site.tool("events", "--json")
            // It asks for heartbeats at its start: when it prints some it listens.
            #expect(try await eventually { dump.logText.contains("\"worker-heartbeat\"") })
            let enabled = try site.tool("control", "enable_events", "-d", "w1@control", "-t", "30")
            #expect(try await enabled.exitCode(within: patience) == 0)
            let sum = try await site.send("interop.add", 2, 3)
            #expect(try await sum.get(timeout: patience) == 5)
            let held = try await site.hold()
            try await site.running([held])
            let ended = try site.tool("control", "terminate", "SIGTERM", held.id, "-d", "w1@control", "-t", "30")
            #expect(try await ended.exitCode(within: patience) == 0)
            #expect(ended.logText.contains("terminate: \(held.id)"))
            func types(_ id: String) -> [String] {
                dump.logText.split(separator: "\n")
                    .compactMap { line in
                        guard line.contains(id), let start = line.range(of: "\"type\": \"task-") else { return nil }
                        return String(line[start.upperBound...].prefix { $0 != "\"" })
                    }
            }
            #expect(try await eventually { types(held.id).last == "revoked" }, "\(dump.logText)")
            #expect(types(held.id) == ["received", "started", "revoked"])
            #expect(types(sum.id) == ["received", "started", "succeeded"])
            let disabled = try await site.control().disableEvents().first?.ok
            #expect(disabled == "task events disabled")
            let silent = try await site.send("interop.add", 1, 1)
            #expect(try await silent.get(timeout: patience) == 2)
            // What was sent by the time of the next heartbeat has been heard before it.
            let beats = dump.logText.ranges(of: "\"worker-heartbeat\"").count
            #expect(try await eventually { dump.logText.ranges(of: "\"worker-heartbeat\"").count > beats + 2 })
            #expect(types(silent.id).isEmpty)
            #expect(worker.isRunning)
            await dump.end()
        }
    }

    @Test("A camera takes pictures of workers and tasks of two processes", arguments: FleetBroker.available)
    func camera(broker: FleetBroker) async throws {
        try await ControlSite.with(broker) { site in
            let film = Film()
            let monitor = ClusterMonitor(site.app)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await monitor.run(camera: film, every: .milliseconds(100)) }
                _ = try await site.worker("w1@control", "-E")
                let second = try await site.worker("w2@control", queues: ["other"], "-E")
                let names = ["w1@control", "w2@control"]
                #expect(try await eventually { film.last?.aliveWorkers().map(\.hostname) == names })
                let good = try await site.send("interop.add", 2, 3)
                let bad = try await site.send("e2e.fail", 2, options: SendOptions(queue: "other"))
                #expect(
                    try await eventually {
                        film.last?.tasks[good.id]?.state == .success && film.last?.tasks[bad.id]?.state == .failure
                    }
                )
                let state = try #require(film.last)
                let (done, failed) = (try #require(state.tasks[good.id]), try #require(state.tasks[bad.id]))
                #expect(done.name == "interop.add" && done.worker == "w1@control" && done.result == "5")
                #expect(failed.worker == "w2@control" && failed.exception?.contains("tray 2 is empty") == true)
                #expect((done.runtime ?? -1) >= 0 && done.received != nil && done.succeeded != nil)
                #expect(state.taskTypes == ["e2e.fail", "interop.add"])
                let code = try await second.terminate()
                #expect(code == 0)
                #expect(try await eventually { film.last?.aliveWorkers().map(\.hostname) == ["w1@control"] })
                group.cancelAll()
            }
        }
    }

    /// Keeps the last picture.
    private final class Film: SnapshotCamera {
        private let picture = Mutex<ClusterState?>(nil)
        var last: ClusterState? { picture.withLock { $0 } }
        func onShutter(_ state: ClusterState) async throws { picture.withLock { $0 = state } }
    }

    /// What a receiver has heard so far.
    private final class Heard: Sendable {
        private let all = Mutex<[CeleryEvent]>([])
        var events: [CeleryEvent] { all.withLock { $0 } }
        func add(_ event: CeleryEvent) { all.withLock { $0.append(event) } }
    }

    @Test(
        "Over an outage of the server a receiver goes on, heartbeats resume, and consumers stay as they were steered",
        .enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)")
    )
    func outage() async throws {
        try await ControlSite.with(.redis) { site in
            let server = try #require(site.server)
            let worker = try await site.worker("w1@control", "-E")
            #expect(try await site.control().addConsumer("extra").first?.ok == "add consumer extra")
            #expect(try await site.control().cancelConsumer("celery").first?.ok == "no longer consuming from celery")
            let extra = SendOptions(queue: "extra")
            let heard = Heard()
            func types(_ id: String) -> [String] { heard.events.filter { $0.uuid == id }.map(\.type) }
            func beats() -> Int { heard.events.count { $0.type == "worker-heartbeat" } }
            let stream = try await site.app.events.receive()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await event in stream { heard.add(event) }
                }
                let before = try await site.send("interop.add", 1, 1, options: extra)
                #expect(try await before.get(timeout: patience) == 2)
                let whole = ["task-received", "task-started", "task-succeeded"]
                #expect(try await eventually { types(before.id) == whole })
                let held = try await site.hold(options: extra)
                try await site.running([held])

                for round in 1...2 {
                    // The first time the server goes away for a while, the second time it closes all connections.
                    if round == 1 {
                        await server.kill()
                        // It ends while nobody can hear of it.
                        try site.open()
                        try await worker.logs("]: released")
                        try await server.restart()
                    } else {
                        try server.command("CLIENT", "KILL", "TYPE", "normal")
                        try server.command("CLIENT", "KILL", "TYPE", "pubsub")
                    }
                    let seen = beats()
                    #expect(try await eventually { beats() > seen }, "heartbeats after outage \(round)")
                    let after = try await site.send("interop.add", 2, .int(round), options: extra)
                    #expect(try await after.get(timeout: patience) == .int(2 + round))
                    #expect(try await eventually { types(after.id) == whole }, "round \(round): \(types(after.id))")
                    let queues = try await site.inspect().activeQueues()["w1@control"]?.compactMap { $0["name"] }
                    #expect(queues == ["extra"])
                }
                #expect(try await held.get(timeout: patience) == "released")
                // Its end was told when the server was there again: perhaps sooner than the receiver was.
                #expect(whole.starts(with: types(held.id)) && types(held.id).count >= 2, "\(types(held.id))")
                let refused = try await site.send("interop.add", 3, 3)
                _ = try await site.send("interop.add", 3, 3, options: extra).get(timeout: patience)
                #expect(try await refused.state() == .pending)
                #expect(try await site.left() == 1)
                #expect(stream.dropped == 0)
                group.cancelAll()
            }
        }
    }

    @Test("A worker that was taken for dead goes on with the consumers that it was steered to")
    func fenced() async throws {
        try await ControlSite.with(.embedded) { site in
            let worker = try await site.worker("w1@control", pool: "async", "worker_lease=1")
            _ = try await site.worker("w2@control", pool: "async", queues: ["second"], "worker_lease=1")
            try await site.control().addConsumer("extra")
            try await site.control().cancelConsumer("celery")
            let extra = SendOptions(queue: "extra")
            let nap = try await site.send("e2e.nap", 0.5, options: extra)
            try await worker.logs("]: started")
            try await pauseBeyondLease(worker, site)
            #expect(try await nap.get(timeout: patience) == "rested")
            let queues = try await site.inspect().activeQueues()["w1@control"]?.compactMap { $0["name"] }
            #expect(queues == ["extra"])
            _ = try await site.send("interop.add", 1, 1)
            #expect(try await site.send("interop.add", 1, 2, options: extra).get(timeout: patience) == 3)
            #expect(try await site.left() == 1)
        }
    }

    /// Stops a worker until another one has taken it for dead, and the task that it ran is back. Not while it holds the file's
    /// write lock.
    private func pauseBeyondLease(_ worker: SwiftWorkerProcess, _ site: ControlSite) async throws {
        while true {
            worker.signalGroup(SIGSTOP)
            do {
                _ = try await site.app.transport().purge(["no such queue"])
                break
            } catch {
                worker.signalGroup(SIGCONT)
            }
        }
        let isDead = try await eventually {
            try await site.app.transport().status(of: ["extra"]).first?.ready == 1
        }
        worker.signalGroup(SIGCONT)
        #expect(isDead)
        try await worker.logs("was taken for dead")
    }
}
