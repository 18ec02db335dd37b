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

/// What both command lines show of a fleet of both languages, and of what happens in it.
@Suite("status and events of both languages, on workers of both", .needsCurrentPythonAndRedis, .timeLimit(.minutes(5)))
struct FleetEventsTests {
    private typealias Language = MixedFleet.Language

    @Test("status shows the same nodes, as text and as JSON, and so does graph workers")
    func status() async throws {
        let fleet = try await MixedFleet.occupied
        let theirs = try fleet.peer.command(["status", "-t", "3"])
        async let ours = fleet.run(.swift, ["status", "-t", "3"])
        async let oursAsJSON = fleet.run(.swift, ["status", "-t", "3", "--json"])
        let theirsAsJSON = try await fleet.run(.python, ["status", "-t", "3", "--json"])
        #expect(try await theirs.exitCode(within: .seconds(60)) == 0)
        let lines = try await ours.output.split(separator: "\n").sorted()
        #expect(lines == theirs.logText.split(separator: "\n").sorted())
        #expect(lines == ["->  \(Language.python.node): OK", "->  \(Language.swift.node): OK", "2 nodes online."])
        let replies = try await oursAsJSON.replies(of: ["status"])
        #expect(try replies == theirsAsJSON.replies(of: ["status"]))
        #expect(replies == [Language.python.node: ["ok": "pong"], Language.swift.node: ["ok": "pong"]])
        #expect(try await [ours.code, oursAsJSON.code, theirsAsJSON.code] == [0, 0, 0])
        // It waits a second for answers, which a busy machine may take longer for.
        let isDrawn = try await eventually {
            let graph = try await fleet.run(.swift, ["graph", "workers", "--json"])
            return graph.code == 0 && Language.allCases.allSatisfy { graph.output.contains("\"\($0.node)\"") }
        }
        #expect(isDrawn)
    }

    @Test("Both print the same lines of the same events, and both workers' events have the same fields and types")
    func events() async throws {
        try await MixedFleet.with { fleet in
            let dumps = [
                try fleet.server.startCommandLine(["events", "--dump"], in: fleet.peer.directory),
                try fleet.peer.command(["events", "--dump"]),
            ]
            #expect(try await fleet.client.request("watch", within: .seconds(60))["ready"] == true)
            for worker in Language.allCases {
                for dump in dumps { try await dump.logs("\(worker.node) [", "] heartbeat:") }
                let other: Language = worker == .swift ? .python : .swift
                let enabled = try await fleet.reply(to: other, ["control", "enable_events"], of: worker)
                #expect(enabled == ["ok": "task events enabled"])
                try await Self.happen(in: fleet, worker)
                // An end is told after the result is there, and what follows may overtake it.
                let ends = ["revoked:", "succeeded: interop.add(\(worker)-sum)", "failed: interop.fail("]
                for end in ends.map({ "] task \($0)" }) {
                    for dump in dumps { try await dump.logs("\(worker.node) [", end) }
                }
            }
            let (ours, theirs) = (Self.entries(dumps[0].logText), Self.entries(dumps[1].logText))
            for worker in Language.allCases {
                // A task that was revoked before it came is never received: nobody knows its name then.
                for (text, count) in [("(\(worker)-sum)", 3), ("(\(worker)-failure)", 3), ("] task revoked:", 1)] {
                    let lines = ours.filter { $0.hasPrefix(worker.node) && $0.contains(text) }
                    #expect(lines.count == count, "\(text): \(lines)")
                    #expect(lines == theirs.filter { $0.hasPrefix(worker.node) && $0.contains(text) })
                }
            }
            try await Self.compareFields(in: fleet)
        }
    }

    /// A task that succeeds, one that fails, and a revoked one.
    private static func happen(in fleet: MixedFleet, _ worker: Language) async throws {
        let sum = try await fleet.send("interop.add", [2, 3], to: worker, as: "sum")
        #expect(try await fleet.client.get(sum).value == 5)
        let failure = try await fleet.send("interop.fail", ["value"], to: worker, as: "failure")
        #expect(try await fleet.client.get(failure).state == "FAILURE")
        _ = try await fleet.reply(to: .python, ["control", "revoke", "\(worker)-unwanted"], of: worker)
        try await fleet.send("interop.add", [4, 5], to: worker, as: "unwanted")
    }

    /// An entry goes on over the lines of a traceback. When it was heard is each listener's own.
    private static func entries(_ log: String) -> [String] {
        let heads = Language.allCases.map { "\($0.node) [" }
        let entries = log.split(separator: "\n", omittingEmptySubsequences: false)
            .reduce(into: [String]()) { entries, line in
                if heads.contains(where: { line.hasPrefix($0) }) || entries.isEmpty {
                    entries.append(String(line))
                } else {
                    entries[entries.count - 1] += "\n\(line)"
                }
            }
        // The last one ends with the log's own line end.
        return entries.map { entry in
            var entry = entry.replacing(/local_received=[0-9.e+]+/, with: "local_received")
            while entry.last == "\n" { entry.removeLast() }
            return entry
        }
    }

    private static func compareFields(in fleet: MixedFleet) async throws {
        let types = [
            "worker-heartbeat", "task-received", "task-started", "task-succeeded", "task-failed", "task-revoked",
        ]
        let heard = try await waited(for: "\(types) of both", within: .seconds(30)) { () -> [String: CeleryValue]? in
            let events = try await fleet.client.request("watched")["events"]?.items ?? []
            // At the asking of a listener workers tell that they are there in other words: with a frequency of 5.
            let found = Dictionary(
                events.filter { $0.at("freq").whole != 5 }
                    .map { ("\($0.at("hostname").text ?? "") \($0.at("type").text ?? "")", $0) },
                uniquingKeysWith: { first, _ in first }
            )
            return Language.allCases.allSatisfy { worker in types.allSatisfy { found["\(worker.node) \($0)"] != nil } }
                ? found : nil
        }
        for type in types {
            let swift = ReplyLeaves(heard["\(Language.swift.node) \(type)"] ?? .null)
            let python = ReplyLeaves(heard["\(Language.python.node) \(type)"] ?? .null)
            #expect(swift.typeDifferences(from: python) == [], "\(type): \(swift), \(python)")
        }
    }
}

extension GuardedProcess {
    /// Waits until one of the lines that it has printed has all of these.
    fileprivate func logs(_ parts: String...) async throws {
        _ = try await waited(for: "a line with \(parts)\n\(logText)", within: .seconds(60)) { () -> Bool? in
            logText.split(separator: "\n").contains { line in parts.allSatisfy { line.contains($0) } } ? true : nil
        }
    }
}
