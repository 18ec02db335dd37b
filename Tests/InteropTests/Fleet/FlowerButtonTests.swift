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

/// What real Flower's buttons do to Swift workers, alone and beside a Python worker that they are not meant for.
@Suite("Flower steers Swift workers", .needsCurrentPythonAndRedis, .serialized, .timeLimit(.minutes(10)))
struct FlowerButtonTests {
    @Test("Its buttons work", arguments: FleetKind.allCases)
    func steers(kind: FleetKind) async throws {
        try await withFlower(kind) { site in
            try await pool(site)
            try await restart(site)
            try await autoscale(site)
            try await consumers(site)
            try await rateLimit(site)
            try await timeLimit(site)
            try await revoke(site)
            try await abort(site)
            try await refusals(site)
            try await shutdown(site)
        }
    }

    private func pool(_ site: FlowerSite) async throws {
        let name = site.first.name
        let grown = try await site.post("/api/worker/pool/grow/\(name)", ["n": "2"])
        #expect(grown.status == 200 && grown.message == "Growing '\(name)' worker's pool by 2")
        #expect(try await eventually { site.first.children.count == 4 })
        let pool = try await site.worker(name).at("stats", "pool")
        #expect(pool.at("max-concurrency") == 4)
        #expect(pool.at("processes").items.compactMap(\.whole).sorted() == site.first.children.map { Int($0) })
        let shrunk = try await site.post("/api/worker/pool/shrink/\(name)", ["n": "2"])
        #expect(shrunk.status == 200 && shrunk.message == "Shrinking '\(name)' worker's pool by 2")
        #expect(try await eventually { site.first.children.count == 2 })
        #expect(try await site.worker(name).at("stats", "pool", "max-concurrency") == 2)
        let tooMuch = try await site.post("/api/worker/pool/shrink/\(name)", ["n": "2"])
        #expect(tooMuch.status == 403 && tooMuch.text.contains("Can't shrink pool. All processes busy!"))
    }

    private func restart(_ site: FlowerSite) async throws {
        let name = site.first.name
        let before = Set(site.first.children)
        let restarted = try await site.post("/api/worker/pool/restart/\(name)")
        #expect(restarted.status == 200 && restarted.message == "Restarting '\(name)' worker's pool")
        let isNew = try await eventually {
            let now = site.first.children
            return now.count == 2 && before.isDisjoint(with: now)
        }
        #expect(isNew, "\(before), then \(site.first.children)")
        let refused = try await site.post("/api/worker/pool/restart/\(site.second.name)")
        #expect(refused.status == 403 && refused.text.contains("Pool restarts not enabled"))
    }

    private func autoscale(_ site: FlowerSite) async throws {
        let name = site.second.name
        let range = try await site.post("/api/worker/pool/autoscale/\(name)", ["min": "2", "max": "4"])
        #expect(range.status == 200 && range.message == "Autoscaling '\(name)' worker (min=2, max=4)")
        #expect(try await eventually { site.second.children.count == 2 })
        let scaler = try await site.worker(name).at("stats", "autoscaler")
        #expect(scaler.at("max") == 4 && scaler.at("min") == 2)
        let refused = try await site.post("/api/worker/pool/autoscale/\(site.first.name)", ["min": "2", "max": "4"])
        #expect(refused.status == 403 && refused.text.contains("Autoscale not enabled"))
        let grown = try await site.post("/api/worker/pool/grow/\(name)")
        #expect(grown.status == 403 && grown.text.contains("not supported with autoscale"))
    }

    private func consumers(_ site: FlowerSite) async throws {
        let name = site.first.name
        let early = try await site.send("interop.add", [1, 1], to: "extra")
        let added = try await site.post("/api/worker/queue/add-consumer/\(name)", ["queue": "extra"])
        #expect(added.status == 200 && added.message == "add consumer extra")
        #expect(try await site.heard(early, "SUCCESS").at("worker") == .string(name))
        let cancelled = try await site.post("/api/worker/queue/cancel-consumer/\(name)", ["queue": "extra"])
        #expect(cancelled.status == 200 && cancelled.message == "no longer consuming from extra")
        #expect(try await site.worker(name).at("active_queues").items.map { $0.at("name") } == ["one"])
    }

    private func rateLimit(_ site: FlowerSite) async throws {
        let name = site.first.name
        func limit(_ value: String) async throws -> WebAnswer {
            try await site.post(
                "/api/task/rate-limit/interop.add",
                ["workername": .string(name), "ratelimit": .string(value)]
            )
        }
        let set = try await limit("1/h")
        #expect(set.status == 200 && set.message == "new rate limit set successfully")
        let first = try await site.send("interop.add", [1, 2], to: "one")
        try await site.heard(first, "SUCCESS")
        let second = try await site.send("interop.add", [3, 4], to: "one")
        let waiting = try await waited(for: "the task over its limit", within: .seconds(60)) { () -> CeleryValue? in
            try await site.worker(name).at("scheduled").items.first
        }
        #expect(waiting.at("request", "id") == .string(second))
        #expect(try await site.worker(name).at("registered").items.contains("interop.add [rate_limit=1/h]"))
        #expect(try await limit("0").message == "new rate limit set successfully")
        // What waits already goes when the old limit lets it.
        try await site.heard(try await site.send("interop.add", [5, 6], to: "one"), "SUCCESS")
        #expect(try await site.task(second).at("state") == "RECEIVED")
        let bogus = try await limit("bogus")
        #expect(bogus.status == 403 && bogus.text.hasPrefix("Failed to set rate limit"))
    }

    private func timeLimit(_ site: FlowerSite) async throws {
        func limit(soft: String?, hard: String?) async throws {
            var query: CeleryObject = ["workername": .string(site.first.name)]
            if let soft { query["soft"] = .string(soft) }
            if let hard { query["hard"] = .string(hard) }
            let set = try await site.post("/api/task/timeout/interop.sleep", query)
            #expect(set.status == 200 && set.message == "time limits set successfully")
        }
        try await limit(soft: nil, hard: "0.5")
        let killed = try await site.heard(try await site.send("interop.sleep", [600], to: "one"), "FAILURE")
        #expect(killed.at("exception").text?.hasPrefix("TimeLimitExceeded(0.5") == true)
        try await limit(soft: "0.3", hard: "60")
        let asked = try await site.heard(try await site.send("interop.sleep", [600], to: "one"), "FAILURE")
        #expect(asked.at("exception").text?.hasPrefix("SoftTimeLimitExceeded") == true)
        try await limit(soft: nil, hard: nil)
        try await site.heard(try await site.send("interop.sleep", [1], to: "one"), "SUCCESS")
    }

    /// One that runs, beside another; one that waits; and one that Flower wants to be killed hard.
    private func revoke(_ site: FlowerSite) async throws {
        let gate = site.peer.directory.path("revoke-gate")
        let running = try await site.send("interop.hold", [.string(gate)], to: "one")
        let other = try await site.send("interop.hold", [.string(gate)], to: "one")
        for id in [running, other] { try await site.heard(id, "STARTED") }
        let waiting = try await site.send("interop.mark", ["never"], to: "one")
        try await site.heard(waiting, "RECEIVED")
        let flagged = try await site.post("/api/task/revoke/\(waiting)")
        #expect(flagged.status == 200 && flagged.message == "Revoked '\(waiting)'")
        let ended = try await site.post("/api/task/revoke/\(running)", ["terminate": "true"])
        #expect(ended.status == 200)
        for id in [running, waiting] {
            try await site.heard(id, "REVOKED")
            let result = try await site.get("/api/task/result/\(id)")
            #expect(result.json.at("state") == "REVOKED", "\(id)")
        }
        #expect(try await site.task(other).at("state") == "STARTED")
        let third = try await site.send("interop.hold", [.string(gate)], to: "one")
        try await site.heard(third, "STARTED")
        _ = try await site.post("/api/task/revoke/\(third)", ["terminate": "true", "signal": "SIGKILL"])
        try await site.heard(third, "REVOKED")
        try site.peer.directory.write("", to: "revoke-gate")
        #expect(try await site.heard(other, "SUCCESS").at("result") == "'released'")
        let known = try await site.worker(site.first.name).at("revoked").items.compactMap(\.text)
        #expect(Set(known).isSuperset(of: [running, waiting, third]))
        #expect(site.peer.ledger.isEmpty)
    }

    /// Of a task that does not ask whether it is to end, as most do not: it comes to its end, as it does in a Python worker.
    private func abort(_ site: FlowerSite) async throws {
        let gate = site.peer.directory.path("abort-gate")
        let running = try await site.send("interop.hold", [.string(gate)], to: "one")
        try await site.heard(running, "STARTED")
        let aborted = try await site.post("/api/task/abort/\(running)")
        #expect(aborted.status == 200 && aborted.message == "Aborted '\(running)'")
        #expect(try await site.get("/api/task/result/\(running)").json.at("state") == "ABORTED")
        try site.peer.directory.write("", to: "abort-gate")
        #expect(try await site.heard(running, "SUCCESS").at("result") == "'released'")
        #expect(try await site.get("/api/task/result/\(running)").json.at("state") == "SUCCESS")
    }

    private func refusals(_ site: FlowerSite) async throws {
        #expect(try await site.post("/api/worker/pool/grow/nobody@nowhere").status == 404)
        let unknown = try await site.post(
            "/api/task/rate-limit/no.such",
            ["workername": .string(site.first.name), "ratelimit": "1/s"]
        )
        #expect(unknown.status == 404)
        #expect(try await site.post("/api/task/apply/no.such", body: ["args": []]).status == 404)
    }

    /// Warm: what runs comes to its end first. The others are left alone.
    private func shutdown(_ site: FlowerSite) async throws {
        let gate = site.peer.directory.path("last-gate")
        let held = try await site.send("interop.hold", [.string(gate)], to: "two")
        try await site.heard(held, "STARTED")
        let answer = try await site.post("/api/worker/shutdown/\(site.second.name)")
        #expect(answer.status == 200 && answer.message == "Shutting down!")
        try await site.second.logs("Got shutdown from remote")
        #expect(site.second.isRunning)
        try site.peer.directory.write("", to: "last-gate")
        #expect(try await site.second.exitCode() == 0)
        try await site.heard(held, "SUCCESS")
        #expect(
            try await eventually {
                let rows = try await site.get("/workers", ["json": "1"]).json.at("data").items
                return rows.first { $0.at("hostname") == .string(site.second.name) }?.at("status") == false
            }
        )
        #expect(site.first.isRunning && site.python?.isRunning != false)
        let last = try await site.post("/api/task/apply/interop.add", body: ["args": [1, 1], "queue": "one"])
        #expect(last.json.at("result") == 2)
    }
}
