//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation
import ServiceTestSupport
import Testing

/// What control commands do to a pool of processes, seen from another process.
@Suite("Control commands in prefork, with real processes", .serialized, .timeLimit(.minutes(5)))
struct PreforkControlTests {
    private let patience: Duration = .seconds(60)

    @Test(
        "pool_grow and pool_shrink start and end children, idle ones at once and busy ones after their task",
        arguments: FleetBroker.available
    )
    func resize(broker: FleetBroker) async throws {
        try await ControlSite.with(broker) { site in
            let worker = try await site.worker(concurrency: 1)
            func slots() async throws -> CeleryValue? {
                let pool = try await site.inspect().stats()[worker.name]?["pool"]
                guard case .object(let object)? = pool else { return nil }
                return object["max-concurrency"]
            }
            #expect(worker.children.count == 1)
            #expect(try await site.control().poolGrow(2).first?.ok == "pool will grow")
            #expect(try await eventually { worker.children.count == 3 })
            #expect(try await slots() == 3)
            #expect(try await site.control().poolShrink(2).first?.ok == "pool will shrink")
            #expect(try await eventually { worker.children.count == 1 })
            #expect(try await slots() == 1)

            // A task that waits for a slot starts in a new one.
            var held = [try await site.hold(), try await site.hold()]
            try await waitForActive(1, site)
            try await site.control().poolGrow(2)
            held.append(try await site.hold())
            let children = try await site.running(held)
            #expect(Set(children.values) == Set(worker.children))
            try await site.control().poolShrink(2)
            #expect(try await slots() == 1)
            #expect(Set(worker.children) == Set(children.values), "a busy child is not ended")
            let refusal = try await site.control().poolShrink(1).first?.error
            #expect(refusal == "ValueError(\"Can't shrink pool. All processes busy!\")")
            try site.open()
            for result in held { #expect(try await result.get(timeout: patience) == "released") }
            #expect(try await eventually { worker.children.count == 1 })
            #expect(try await site.send("interop.add", 2, 3).get(timeout: patience) == 5)
        }
    }

    @Test("autoscale sets how many children there may be, under load and without", arguments: FleetBroker.available)
    func autoscale(broker: FleetBroker) async throws {
        try await ControlSite.with(broker) { site in
            let worker = try await site.worker("w1@control", "--autoscale=3,1")
            #expect(worker.children.count == 1)
            var held: [AsyncResult<CeleryValue>] = []
            for _ in 0..<4 { held.append(try await site.hold()) }
            // Under load it grows to what is allowed, and not beyond.
            try await waitForActive(3, site)
            #expect(worker.children.count == 3)
            #expect(try await site.control().autoscale(max: 4, min: 1).first?.ok == "autoscale now max=4 min=1")
            try await site.running(held)
            #expect(worker.children.count == 4)
            #expect(try await site.control().autoscale(max: 2, min: 2).first?.ok == "autoscale now max=2 min=2")
            #expect(worker.children.count == 4, "a busy child is not ended")
            try site.open()
            for result in held { #expect(try await result.get(timeout: patience) == "released") }
            #expect(try await eventually { worker.children.count == 2 })
            #expect(try await site.control().autoscale(max: 5, min: 3).first?.ok == "autoscale now max=5 min=3")
            #expect(try await eventually { worker.children.count == 3 })
        }
    }

    private func waitForActive(_ count: Int, _ site: ControlSite) async throws {
        _ = try await waited(for: "\(count) tasks that run", within: patience) {
            try await site.inspect().active()["w1@control"]?.count == count ? true : nil
        }
    }

    @Test("pool_restart replaces every child, one that runs a task after that", arguments: FleetBroker.available)
    func restart(broker: FleetBroker) async throws {
        try await ControlSite.with(broker) { site in
            let worker = try await site.worker("w1@control", concurrency: 3, "worker_pool_restarts=1")
            let old = Set(worker.children)
            let held = try await site.hold()
            let busy = try #require(try await site.running([held]).values.first)
            #expect(try await site.control().poolRestart().first?.ok == "reload started")
            let others = old.subtracting([busy])
            let isReplaced = try await eventually {
                let now = Set(worker.children)
                return now.count == 3 && now.intersection(old) == [busy]
            }
            #expect(isReplaced, "\(old), of which \(busy) is busy, then \(worker.children)")
            #expect(try await eventually { others.allSatisfy { !isAlive($0) } })
            try site.open()
            #expect(try await held.get(timeout: patience) == "released")
            #expect(
                try await eventually {
                    let now = Set(worker.children)
                    return now.count == 3 && now.isDisjoint(with: old)
                }
            )
            #expect(try await site.send("interop.add", 2, 3).get(timeout: patience) == 5)
        }
    }

    @Test(
        "terminate ends the running task's child with the signal, stores REVOKED, and harms nobody else",
        arguments: FleetBroker.available
    )
    func terminate(broker: FleetBroker) async throws {
        try await ControlSite.with(broker) { site in
            let worker = try await site.worker(concurrency: 3)
            var held: [AsyncResult<CeleryValue>] = []
            for batch in ["a", "b", "c"] {
                held.append(try await site.hold(options: SendOptions(stamps: ["batch": .string(batch)])))
            }
            let children = try await site.running(held)
            let survivor = try #require(children[held[2].id])
            let other = try #require(children[held[1].id])
            let answer = try await site.control().terminate([held[0].id], signal: "SIGKILL").first?.ok
            #expect(answer == "terminate: \(held[0].id)")
            try await expectRevoked(held[0], children)
            #expect(isAlive(survivor) && isAlive(other))
            let stamped = try await site.control().revokeByStampedHeaders(["batch": ["b"]], terminate: true).first?.ok
            #expect(stamped == "headers {'batch': ['b']} revoked")
            try await expectRevoked(held[1], children)
            #expect(try await eventually { worker.children.count == 3 })
            #expect(worker.children.contains(survivor))
            #expect(try await site.send("interop.add", 2, 3).get(timeout: patience) == 5)
            try site.open()
            #expect(try await held[2].get(timeout: patience) == "released")
            let isRegistered = try await site.inspect().revoked()[worker.name]?.contains(held[0].id)
            #expect(isRegistered == true)
        }
    }

    private func expectRevoked(_ result: AsyncResult<CeleryValue>, _ children: [String: Int32]) async throws {
        let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
        #expect(error?.code == .taskRevoked)
        let child = try #require(children[result.id])
        #expect(try await eventually { !isAlive(child) })
    }

    @Test(
        "A time limit holds for tasks that start afterwards, a rate limit for those that wait",
        arguments: FleetBroker.available
    )
    func limits(broker: FleetBroker) async throws {
        try await ControlSite.with(broker) { site in
            _ = try await site.worker(concurrency: 2)
            let before = try await site.hold()
            try await site.running([before])
            let control = site.control()
            try await control.timeLimit("interop.hold", soft: nil, hard: .milliseconds(400))
            let killed = try await site.hold()
            let hard = await #expect(throws: CeleryError.self) { try await killed.get(timeout: patience) }
            #expect(hard?.exception?.type == "TimeLimitExceeded")
            try await control.timeLimit("interop.hold", soft: .milliseconds(200), hard: .seconds(60))
            let asked = try await site.hold()
            let soft = await #expect(throws: CeleryError.self) { try await asked.get(timeout: patience) }
            #expect(soft?.exception?.type == "SoftTimeLimitExceeded")
            #expect(try await before.state() == .pending, "it started without a limit")

            #expect(try await control.rateLimit("interop.mark", "1/h").first?.ok == "new rate limit set successfully")
            _ = try await site.send("interop.mark", "first").get(timeout: patience)
            let second = try await site.send("interop.mark", "second")
            #expect(
                try await eventually { try await site.inspect().scheduled()["w1@control"]?.first?.task.id == second.id }
            )
            // Others are not held up by it.
            #expect(try await site.send("interop.add", 2, 3).get(timeout: patience) == 5)
            #expect(site.ledger == ["first"])
            #expect(try await control.rateLimit("interop.mark", "").first?.ok == "rate limit disabled successfully")
            // What waits already goes when the old limit lets it, as in Celery.
            #expect(try await site.send("interop.mark", "third").get(timeout: patience) == "third")
            #expect(try await second.state() == .pending)
            #expect(site.ledger == ["first", "third"])
            try site.open()
            #expect(try await before.get(timeout: patience) == "released")
        }
    }

    @Test(
        "Revoked tasks that wait, are for later or run end as REVOKED, and none of them runs on",
        arguments: FleetBroker.available
    )
    func revoke(broker: FleetBroker) async throws {
        try await ControlSite.with(broker) { site in
            let worker = try await site.worker(concurrency: 1)
            let running = try await site.hold()
            try await site.running([running])
            let waiting = try await site.send("interop.mark", "waiting")
            let later = try await site.send("interop.mark", "later", options: SendOptions(countdown: .seconds(2)))
            let distant = try await site.send("interop.mark", "far", options: SendOptions(countdown: .seconds(3600)))
            let ids = [waiting.id, later.id, distant.id]
            let answer = try await site.control().revoke(ids).first?.ok
            #expect(answer?.hasPrefix("tasks {") == true)
            for result in [waiting, later, distant] {
                let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
                #expect(error?.code == .taskRevoked)
            }
            #expect(try await running.state() == .pending, "without terminate what runs goes on")
            try site.open()
            #expect(try await running.get(timeout: patience) == "released")
            _ = try await site.send("interop.mark", "after").get(timeout: patience)
            // The one for later comes when its time has come, and goes without a run.
            let isGone = try await eventually { try await site.left() <= 1 }
            #expect(isGone, "\(worker.logText)")
            #expect(site.ledger == ["after"])
        }
    }

    @Test(
        "A revocation is respected by a worker that starts afterwards, and after a restart",
        arguments: FleetBroker.available
    )
    func revokedForLater(broker: FleetBroker) async throws {
        try await ControlSite.with(broker) { site in
            let first = try await site.worker("w1@control")
            // By a broadcast alone, as Python's clients and Flower do.
            let broadcast = try await site.send("interop.mark", "a", options: SendOptions(queue: "later"))
            try await site.control().revoke([broadcast.id])
            let code = try await first.terminate()
            #expect(code == 0)
            // And while nobody is there.
            let kept = try await site.send("interop.mark", "b", options: SendOptions(queue: "later"))
            try await kept.revoke()
            let good = try await site.send("interop.mark", "c", options: SendOptions(queue: "later"))
            let second = try await site.worker("w2@control", queues: ["later"])
            #expect(try await good.get(timeout: patience) == "c")
            for result in [broadcast, kept] {
                let error = await #expect(throws: CeleryError.self) { try await result.get(timeout: patience) }
                #expect(error?.code == .taskRevoked)
            }
            #expect(try await eventually { try await site.left(in: "later") == 0 })
            #expect(site.ledger == ["c"])
            let known = try await site.inspect("w2@control").revoked()[second.name] ?? []
            #expect(Set(known).isSuperset(of: [broadcast.id, kept.id]))
        }
    }

    @Test("shutdown lets what runs come to its end, and leaves what waits to others", arguments: FleetBroker.available)
    func shutdown(broker: FleetBroker) async throws {
        try await ControlSite.with(broker) { site in
            let worker = try await site.worker(concurrency: 1)
            let other = try await site.worker("w2@control", queues: ["other"])
            let running = try await site.hold()
            try await site.running([running])
            let waiting = try await site.send("interop.mark", "waiting")
            try await site.control().shutdown()
            try await worker.logs("Got shutdown from remote")
            #expect(try await site.inspect().ping() == [worker.name], "it answers for as long as something runs")
            #expect(worker.isRunning)
            try site.open()
            #expect(try await worker.exitCode() == 0)
            #expect(try await running.get(timeout: patience) == "released")
            #expect(site.ledger.isEmpty)
            #expect(try await site.left() == 1)
            #expect(other.isRunning)
            try await site.control("w2@control").addConsumer("celery")
            #expect(try await waiting.get(timeout: patience) == "waiting")
        }
    }
}
