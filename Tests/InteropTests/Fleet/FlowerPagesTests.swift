//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Foundation
import ServiceTestSupport
import Testing

/// What real Flower shows of Swift workers, alone and beside a Python worker.
@Suite("Flower shows Swift workers", .needsCurrentPythonAndRedis, .serialized, .timeLimit(.minutes(10)))
struct FlowerPagesTests {
    @Test(
        "Its API and its pages tell the right workers, queues, tasks, states and results",
        arguments: FleetKind.allCases
    )
    func shows(kind: FleetKind) async throws {
        try await withFlower(kind) { site in
            try await workers(site)
            let ids = try await tasks(site)
            try await running(site)
            try await queues(site)
            try await pages(site, ids)
            try await metrics(site)
        }
    }

    private func workers(_ site: FlowerSite) async throws {
        let workers = try await site.get("/api/workers", ["refresh": "1"]).json
        #expect(Set(workers.memberNames) == Set(site.names))
        let first = workers.at(site.first.name)
        let pool = first.at("stats", "pool")
        #expect(pool.at("max-concurrency") == 2)
        #expect(pool.at("processes").items.compactMap(\.whole).sorted() == site.first.children.map { Int($0) })
        #expect(first.at("stats", "pid") == .int(Int(site.first.pid)))
        #expect(first.at("stats", "broker", "transport") == "redis")
        #expect(first.at("stats", "broker", "port") == .int(site.server.port))
        #expect(first.at("stats", "prefetch_count") == 8)
        #expect(first.at("conf", "worker_pool_restarts") == true)
        let registered = first.at("registered").items.compactMap(\.text)
        #expect(registered.contains("interop.add") && registered.contains("e2e.add"))
        for (name, queue) in [(site.first.name, "one"), (site.second.name, "two")] {
            #expect(workers.at(name, "active_queues").items.map { $0.at("name") } == [.string(queue)])
        }
        #expect(workers.at(site.second.name, "stats", "autoscaler", "max") == 3)
        guard site.python != nil else { return }
        let python = workers.at(site.pythonName)
        #expect(
            first.at("active_queues").items.first?.memberNames == python.at("active_queues").items.first?.memberNames
        )
        let missing = Set(python.at("stats").memberNames).subtracting(first.at("stats").memberNames)
        #expect(missing.isEmpty, "stats of a Python worker that a Swift worker does not have")
    }

    /// - Returns: Ids of tasks that have ended, by what they were.
    private func tasks(_ site: FlowerSite) async throws -> [String: String] {
        let applied = try await site.post("/api/task/apply/interop.add", body: ["args": [2, 3], "queue": "two"])
        #expect(applied.status == 200 && applied.json.at("state") == "SUCCESS" && applied.json.at("result") == 5)
        let sum = try #require(applied.json.at("task-id").text)
        let bad = try await site.send("interop.fail", ["value"], to: "one")
        // A task that only the Swift workers know.
        let own = try await site.send("e2e.add", [20, 22], to: "two", how: "send-task")
        let result = try await site.get("/api/task/result/\(own)", ["timeout": "30"])
        #expect(result.json.at("result") == 42)
        // Flower says the state as it was before it waited.
        #expect(try await site.get("/api/task/result/\(own)").json.at("state") == "SUCCESS")

        let added = try await site.heard(sum, "SUCCESS")
        #expect(added.at("name") == "interop.add" && added.at("uuid") == .string(sum))
        #expect(added.at("args") == "[2, 3]" && added.at("kwargs") == "{}" && added.at("result") == "5")
        #expect(added.at("worker") == .string(site.second.name))
        #expect(added.at("root_id") == .string(sum) && added.at("retries") == 0)
        #expect((added.at("runtime").number ?? -1) > 0)
        for moment in ["received", "started", "succeeded", "timestamp"] { #expect(added.at(moment).number != nil) }
        let failed = try await site.heard(bad, "FAILURE")
        #expect(failed.at("exception") == "ValueError('went wrong', 7)")
        #expect(failed.at("traceback").text?.contains("ValueError") == true)
        #expect(failed.at("worker") == .string(site.first.name) && failed.at("failed").number != nil)
        try await site.heard(own, "SUCCESS")
        if site.python != nil {
            let other = try await site.send("interop.add", [2, 3], to: "py")
            let python = try await site.heard(other, "SUCCESS")
            #expect(python.at("worker") == .string(site.pythonName))
            for name in python.memberNames {
                let isThere = (python.at(name) != .null, added.at(name) != .null)
                #expect(isThere.0 == isThere.1, "\(name): \(python.at(name)) and \(added.at(name))")
            }
        }
        try await lists(site, sum: sum, bad: bad, own: own)
        return ["sum": sum, "bad": bad, "own": own]
    }

    private func lists(_ site: FlowerSite, sum: String, bad: String, own: String) async throws {
        let all = try await site.get("/api/tasks").json
        #expect(Set(all.memberNames).isSuperset(of: [sum, bad, own]))
        #expect(all.at(sum, "state") == "SUCCESS" && all.at(bad, "state") == "FAILURE")
        func ids(_ query: CeleryObject) async throws -> Set<String> {
            Set(try await site.get("/api/tasks", query).json.memberNames)
        }
        #expect(try await ids(["workername": .string(site.second.name)]) == [sum, own])
        #expect(try await ids(["state": "FAILURE"]) == [bad])
        #expect(try await ids(["taskname": "e2e.add"]) == [own])
        #expect(try await ids(["search": "name:e2e.add"]) == [own])
        #expect(try await ids(["sort_by": "-received", "limit": "1"]).count == 1)
        let types = try await site.get("/api/task/types").json.at("task-types").items.compactMap(\.text)
        #expect(Set(types) == ["interop.add", "interop.fail", "e2e.add"])
        #expect(try await site.get("/api/task/info/nobody").status == 404)
    }

    private func running(_ site: FlowerSite) async throws {
        let gate = site.peer.directory.path("gate")
        let held = try await site.send("interop.hold", [.string(gate)], to: "one")
        let started = try await site.heard(held, "STARTED")
        #expect(started.at("worker") == .string(site.first.name))
        let active = try await waited(for: "the active task") { () -> CeleryValue? in
            try await site.worker(site.first.name).at("active").items.first { $0.at("id") == .string(held) }
        }
        // Flower asks for arguments in Python's notation.
        #expect(active.at("name") == "interop.hold" && active.at("args").text?.contains(gate) == true)
        #expect(site.first.children.contains(Int32(active.at("worker_pid").whole ?? 0)))
        // Heartbeats tell it.
        try await expectExecuting(1, site)
        try site.peer.directory.write("", to: "gate")
        let ended = try await site.heard(held, "SUCCESS")
        #expect(ended.at("result") == "'released'")
    }

    private func expectExecuting(_ count: Double, _ site: FlowerSite) async throws {
        #expect(
            try await eventually {
                try await site.metrics("flower_worker_number_of_currently_executing_tasks")
                    .first { $0.labels.at("worker") == .string(site.first.name) }?
                    .value == count
            }
        )
    }

    /// Flower counts what lies in the queues that it knows of; one of them nobody takes from any more.
    private func queues(_ site: FlowerSite) async throws {
        let added = try await site.post("/api/worker/queue/add-consumer/\(site.first.name)", ["queue": "parked"])
        #expect(added.status == 200 && added.message == "add consumer parked")
        let queues = try await site.worker(site.first.name).at("active_queues").items.map { $0.at("name") }
        #expect(queues == ["one", "parked"])
        let cancelled = try await site.post("/api/worker/queue/cancel-consumer/\(site.first.name)", ["queue": "parked"])
        #expect(cancelled.status == 200 && cancelled.message == "no longer consuming from parked")
        for x in 0..<3 { _ = try await site.send("interop.add", [.int(x), 1], to: "parked") }
        let lengths = try await site.get("/api/queues/length").json.at("active_queues").items
        let expected: CeleryObject = ["one": 0, "parked": 3, "two": 0]
        for (name, count) in expected.members {
            #expect(lengths.first { $0.at("name") == .string(name) }?.at("messages") == count, "\(name)")
        }
    }

    private func pages(_ site: FlowerSite, _ ids: [String: String]) async throws {
        let front = try await site.page("/workers")
        #expect(front.status == 200)
        // How many were processed heartbeats tell.
        let rows = try await waited(for: "Flower to hear of two ends", within: .seconds(60)) { () -> [CeleryValue]? in
            let rows = try await site.get("/workers", ["json": "1"]).json.at("data").items
            let isThere = rows.contains { $0.at("hostname") == .string(site.first.name) && $0.at("processed") == 2 }
            return isThere ? rows : nil
        }
        #expect(Set(rows.compactMap { $0.at("hostname").text }) == Set(site.names))
        for name in site.names { #expect(front.text.contains(name)) }
        let row = try #require(rows.first { $0.at("hostname") == .string(site.first.name) })
        #expect(row.at("status") == true && row.at("task-succeeded") == 1 && row.at("task-failed") == 1)
        #expect(row.at("loadavg").items.count == 3 && row.at("active") == 0)
        #expect(row.at("sw_ident") == "swift-celery" && row.at("freq").number == 2)

        let worker = try await site.page("/worker/\(site.first.name)")
        #expect(worker.status == 200)
        for word in ["CeleryWorker:PreforkPool", "interop.add", "one", "redis"] + site.first.children.map({ "\($0)" }) {
            #expect(worker.text.contains(word), "\(word)")
        }
        let tasks = try await site.page("/tasks")
        #expect(tasks.status == 200 && tasks.text.contains("Runtime"))
        let table = try await site.get("/tasks/datatable", Self.firstRows).json
        let listed = table.at("data").items
        for id in ids.values { #expect(listed.contains { $0.at("uuid") == .string(id) }, "\(id)") }
        let sum = try #require(ids["sum"])
        let task = try await site.page("/task/\(sum)")
        #expect(task.status == 200)
        for word in [sum, "interop.add", "SUCCESS", "[2, 3]", site.second.name] {
            #expect(task.text.contains(word), "\(word)")
        }
        let failure = try await site.page("/task/\(try #require(ids["bad"]))")
        #expect(failure.text.contains("FAILURE") && failure.text.contains("ValueError('went wrong', 7)"))
        let broker = try await site.page("/broker")
        #expect(broker.status == 200)
        for queue in ["one", "two"] { #expect(broker.text.contains(queue), "\(queue)") }
    }

    /// As the table on the page of tasks asks for its first rows.
    private static var firstRows: CeleryObject {
        [
            "draw": "1", "start": "0", "length": "50", "search[value]": "", "order[0][column]": "0",
            "order[0][dir]": "asc", "columns[0][data]": "name",
        ]
    }

    private func metrics(_ site: FlowerSite) async throws {
        func value(_ name: String, _ labels: CeleryObject) async throws -> Double? {
            try await site.metrics(name)
                .first { sample in
                    labels.members.allSatisfy { sample.labels.at($0.key) == $0.value }
                }?
                .value
        }
        for name in site.names {
            #expect(try await value("flower_worker_online", ["worker": .string(name)]) == 1, "\(name)")
        }
        let first = CeleryValue.string(site.first.name)
        let failures: CeleryObject = ["worker": first, "type": "task-failed", "task": "interop.fail"]
        #expect(try await value("flower_events_total", failures) == 1)
        let runs: CeleryObject = ["worker": first, "task": "interop.hold"]
        #expect(try await value("flower_task_runtime_seconds_count", runs) == 1)
        #expect(try await value("flower_worker_prefetched_tasks", runs) == 0)
        try await expectExecuting(0, site)
    }
}
