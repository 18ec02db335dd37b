//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import ServiceTestSupport
import Testing

/// Python's `celery events` on a terminal, in a fleet with a Swift worker.
///
/// Its keys that ask workers, `c` and `l`, are not pressed: Celery's own screen breaks off at the first reply of any worker, with a
/// `TypeError` in `alert_remote_control_reply`.
@Suite("Python's screen of events and a Swift worker", .needsPythonAndRedis, .timeLimit(.minutes(5)))
struct PythonScreenTests {
    @Test(
        "It shows the Swift worker, its tasks, a result, and a Swift error's traceback",
        arguments: PythonVersion.available
    )
    func keys(version: PythonVersion) async throws {
        try await withFleetSite(version) { (site) async throws -> Void in
            let enabled = try await site.reply(["control", "enable_events"], from: site.hostname)
            #expect(enabled == ["ok": "task events enabled"])
            try await site.client.request("screen", ["words": ["events"]])
            try await site.shows("the worker") { $0.contains("Workers online: ") && $0.contains(site.hostname) }
            let good = try await site.client.send("interop.add", [2, 3], options: ["queue": .string(site.tag)])
            try await site.shows("the task's end") {
                $0.contains(good) && $0.contains("interop.add") && $0.contains("SUCCESS")
            }
            let bad = try await site.client.send("interop.boom", options: ["queue": .string(site.tag)])
            try await site.shows("the failure") {
                $0.contains(bad) && $0.contains("interop.boom") && $0.contains("FAILURE")
            }
            // The newest is on top: the first step down selects the second.
            try await site.type("j")
            try await site.shows("the selection") { $0.contains("Selected: ") && $0.contains("result=5") }
            try await site.type("r")
            try await site.shows("the result") { $0.contains("Task Result for \(good)") }
            try await site.type(" ")
            try await site.shows("the screen again") { $0.contains("Workers online: ") }
            try await site.type("k")
            try await site.shows("the other selection") { $0.contains("Selected: ") && $0.contains("exception=") }
            try await site.type("t")
            try await site.shows("the traceback's title") { $0.contains("Task Exception Traceback for \(bad)") }
            try await site.shows("the traceback") { $0.contains("it went wrong") }
            try await site.type(" ")
            try await site.shows("the screen again") { $0.contains("Workers online: ") }
            try await site.type("i")
            try await site.shows("the details' title") { $0.contains("Task details for \(bad)") }
            try await site.shows("its exception") { $0.contains("exception:") }
            try await site.type(" ")
            try await site.shows("the screen again") { $0.contains("Workers online: ") }
            try await site.client.request("interrupt", within: .seconds(60))
        }
    }
}

extension FleetSite {
    /// Presses keys at Python's screen.
    fileprivate func type(_ keys: String) async throws {
        try await client.request("type", ["keys": .string(keys)])
    }

    /// Waits until a line of Python's screen looks so.
    fileprivate func shows(_ what: String, _ condition: (String) -> Bool) async throws {
        var lines: [String] = []
        let isShown = try await eventually(within: .seconds(60)) {
            let shown = try await client.request("shown")["lines"] ?? .null
            lines = shown.items.compactMap(\.text)
            return lines.contains(where: condition)
        }
        guard isShown else { throw ServiceError("the screen does not show \(what):\n\(lines.joined(separator: "\n"))") }
    }
}
