//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore

/// What a worker says of itself when it starts.
struct WorkerBanner: Sendable {
    var hostname: String
    var app: String
    /// A masked URL, or the full path of a file.
    var transport: String
    var results: String
    /// `2 (prefork)`, `{min=1, max=8} (prefork)`.
    var concurrency: String
    var taskEvents: Bool
    var queues: [Queue]
    /// Nil when they are not to be shown.
    var tasks: [String]?
    /// `Linux 6.1 x86_64`.
    var platform: String
    var time: String

    func text(terminal: Terminal) -> String {
        let events = taskEvents ? "ON" : "OFF (enable -E to monitor tasks in this worker)"
        var lines = [
            " \(terminal.paint(hostname, .green)) swift-celery \(Version.current) (Swift \(Version.swift))",
            " \(platform) \(time)",
            "",
            heading("config", terminal),
            " .> app:         \(app)",
            " .> transport:   \(transport)",
            " .> results:     \(results)",
            " .> concurrency: \(concurrency)",
            " .> task events: \(events)",
            "",
            heading("queues", terminal),
        ]
        lines += queues.map { queue in
            let name = queue.name + String(repeating: " ", count: max(0, 16 - queue.name.count))
            return
                " .> \(name) exchange=\(queue.exchange.name)(\(queue.exchange.kind.rawValue)) key=\(queue.routingKey)"
        }
        if let tasks {
            lines += ["", heading("tasks", terminal)]
            lines += tasks.isEmpty ? ["  (none)"] : tasks.map { "  . \($0)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func heading(_ name: String, _ terminal: Terminal) -> String { " [\(terminal.paint(name, .cyan))]" }
}
