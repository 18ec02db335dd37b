//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import ServiceTestSupport
import Testing

/// Tasks that a worker of one language is told not to run, or to end, by the command line of the other; and its own end.
@Suite(
    "control of one language ends the tasks of a worker of the other",
    .needsCurrentPythonAndRedis,
    .timeLimit(.minutes(10))
)
struct RevokingInteropTests {
    @Test("revoke, terminate, revoke_by_stamped_headers and shutdown work both ways round")
    func ends() async throws {
        try await MixedFleet.with { fleet in
            for steering in Steering.across(fleet) {
                try await revoke(steering)
                try await terminate(steering)
                try await revokeStamped(steering)
                try await terminateStamped(steering)
            }
            for steering in Steering.across(fleet) { try await shutdown(steering) }
        }
    }

    private func revoke(_ steering: Steering) async throws {
        let id = "\(steering.worker)-doomed"
        try await steering.expect(["ok": .string("tasks {'\(id)'} flagged as revoked")], to: "revoke", id)
        #expect(try await steering.ask("revoked") == [.string(id)])
        let doomed = try await steering.call("interop.mark", ["doomed"], as: "doomed")
        #expect(doomed.state == "REVOKED" && doomed.exception?.type == "TaskRevokedError")
        // What is sent later comes later: the worker has seen the other by then.
        try await expectMarks("after-revoke", steering)
    }

    /// Runs a marking task, and asserts that no other has run since the last.
    private func expectMarks(_ line: String, _ steering: Steering) async throws {
        let before = steering.fleet.peer.ledger
        let own = "\(steering.worker)-\(line)"
        #expect(try await steering.call("interop.mark", [.string(own)], as: line).state == "SUCCESS")
        #expect(steering.fleet.peer.ledger == before + [own])
        #expect(before.allSatisfy { !$0.contains("doomed") }, "\(before)")
    }

    private func terminate(_ steering: Steering) async throws {
        let id = try await steering.hold("terminated")
        let busy: CeleryValue = ["error": "ValueError(\"Can't shrink pool. All processes busy!\")"]
        try await steering.expect(busy, to: "pool_shrink")
        try await steering.expect(["ok": "terminate: tasks unknown"], to: "terminate", "SIGKILL", "nobody")
        try await steering.expect(["ok": .string("terminate: \(id)")], to: "terminate", "SIGKILL", id)
        try await expectEnded(id, steering)
        let known = try await steering.ask("revoked").items
        #expect(known.contains(.string(id)) && known.contains("nobody"), "\(known)")
        try await expectMarks("after-terminate", steering)
    }

    private func expectEnded(_ id: String, _ steering: Steering) async throws {
        let outcome = try await steering.fleet.client.get(id)
        #expect(outcome.state == "REVOKED" && outcome.exception?.type == "TaskRevokedError", "\(steering): \(outcome)")
        try await steering.ask("active", until: { $0 == [] })
    }

    private func revokeStamped(_ steering: Steering) async throws {
        let done: CeleryValue = ["ok": "headers {'team': 'blue'} flagged as revoked, but not terminated"]
        try await steering.expect(done, to: "revoke_by_stamped_headers", "team=blue")
        let blue = try await steering.sendStamped("interop.mark", ["doomed"], as: "blue", stamps: ["team": "blue"])
        #expect(try await steering.fleet.client.get(blue).state == "REVOKED")
        let red = try await steering.sendStamped("interop.mark", ["red"], as: "red", stamps: ["team": "red"])
        #expect(try await steering.fleet.client.get(red).value == "red")
        try await expectMarks("after-stamps", steering)
    }

    /// The command lines only flag; what runs is ended by the clients.
    private func terminateStamped(_ steering: Steering) async throws {
        let id = try await steering.hold("green", stamps: ["team": "green"])
        let reply: String?
        if steering.line == .swift {
            reply = try await steering.fleet.asking(of: [steering.worker]) { app, options in
                try await app.control(options).revokeByStampedHeaders(["team": ["green"]], terminate: true).first?.ok
            }
        } else {
            let options: CeleryObject = [
                "terminate": true, "reply": true, "timeout": 30, "destination": [.string(steering.worker.node)],
            ]
            let headers: CeleryValue = ["team": ["green"]]
            let replies = try await steering.fleet.client.remote(
                "revoke_by_stamped_headers",
                [headers],
                kwargs: options
            )
            reply = replies.items.first?.at(steering.worker.node, "ok").text
        }
        // Python shows the object that it gathers them in.
        let shown =
            steering.worker == .swift ? "{'team': ['green']}" : "defaultdict(<class 'set'>, {'team': {'green'}})"
        #expect(reply == "headers \(shown) revoked")
        try await expectEnded(id, steering)
    }

    /// Nobody answers to that: for the command lines it is as if nobody were there. Python's pool may hang in its end when children of it have
    /// just been terminated, as here, so that of Python no more is asked than that it sets out to end.
    private func shutdown(_ steering: Steering) async throws {
        let words = ["control", "shutdown", "-d", steering.worker.node, "-t", "0.5"]
        let outcome = try await steering.fleet.run(steering.line, words)
        #expect(outcome.code == 69 && outcome.output.contains("No nodes replied within time constraint"))
        let fleet = steering.fleet
        guard steering.worker == .swift else { return try await fleet.python.logs("Got shutdown from remote") }
        #expect(try await fleet.swift.exitCode() == 0)
    }
}
