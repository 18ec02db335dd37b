//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryKit
import CeleryWire

/// `celery events`: what happens in the fleet, as it happens.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show events as they come.",
        discussion: """
            Workers send task events when they were started with -E, or after \
            'celery control enable_events'.
            """
    )

    @Flag(name: [.customShort("d"), .long], help: "Print each event.")
    var dump = false

    @Flag(name: [.customShort("j"), .long], help: "Print each as a JSON object on a line.")
    var json = false

    @Option(name: [.customShort("c", allowingJoined: true), .long], help: .hidden) var camera: String?
    @Option(
        name: [.customShort("F", allowingJoined: true), .customLong("frequency"), .customLong("freq")],
        help: .hidden
    )
    var frequency: Double?
    @Option(name: [.customShort("r", allowingJoined: true), .long], help: .hidden) var maxrate: String?

    mutating func validate() throws {
        if camera != nil {
            throw ValidationError(
                "-c: a Swift program cannot load a camera by name; run one with ClusterMonitor(app).run(camera: …)"
            )
        }
        guard dump || json else {
            throw ValidationError("the screen of celery events comes with a later version; use --dump or --json")
        }
    }

    func run() async throws {
        let context = try CommandContext.current
        try await context.applySettings()
        let events = try await context.app.events.receive()
        var dump = EventDump()
        if !json { Terminal.say("-> evdump: starting capture...") }
        for try await event in events {
            Terminal.say(json ? event.value.settingJSON : dump.line(event))
        }
    }
}

/// Events as lines, worded as `celery events --dump` words them.
struct EventDump {
    private static let nameLimit = 4095
    private static let words = [
        "worker-offline": "shutdown", "worker-online": "started", "worker-heartbeat": "heartbeat",
    ]

    /// Tasks by id, as their first event described them.
    private var names: [String: String] = [:]

    mutating func line(_ event: CeleryEvent) -> String {
        var fields = event.fields
        var task = ""
        if event.type.hasPrefix("task-"), let uuid = event.uuid {
            fields["uuid"] = nil
            if event.type == "task-received" || event.type == "task-sent" {
                let (args, kwargs) = (fields["args"]?.text ?? "", fields["kwargs"]?.text ?? "")
                task = "\(fields["name"]?.text ?? "")(\(uuid)) args=\(args) kwargs=\(kwargs)"
                for name in ["name", "args", "kwargs"] { fields[name] = nil }
                if names.count >= Self.nameLimit { names = [:] }
                names[uuid] = task
            } else {
                task = names[uuid] ?? ""
            }
        }
        fields["clock"] = .int(event.clock)
        fields["pid"] = event.pid.map { .int($0) } ?? .null
        fields["utcoffset"] = .double(event.utcOffset)
        fields["local_received"] = .double(event.localReceived.unixSeconds)
        let list = fields.members.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value.text ?? PythonRepr.describe($0.value))" }.joined(separator: ", ")
        let word = Self.words[event.type] ?? event.type.replacing("-", with: " ")
        let time = event.timestamp.iso8601.replacing("T", with: " ")
        let head = "\(event.hostname) [\(time)] \(word):"
        return event.type.hasPrefix("task-") ? "\(head) \(task) \(list)" : "\(head) \(list)"
    }
}
