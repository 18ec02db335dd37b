//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

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
