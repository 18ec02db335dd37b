//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

@testable import CeleryCLI

/// A fleet made of events, for the screen.
enum ScreenFleet {
    static let start = Timestamp(unixSeconds: 1_795_337_376)

    static func event(_ type: String, _ fields: CeleryObject, from host: String = "celery@web1", at second: Int = 0)
        -> CeleryEvent
    {
        let time = start.advanced(by: .seconds(second))
        return CeleryEvent(type, hostname: host, clock: second, timestamp: time, localReceived: time, fields: fields)
    }

    /// Two workers, and tasks in different states: the last one was heard of last.
    static let small: ClusterState = {
        var state = ClusterState()
        for host in ["celery@web1", "celery@web2"] { state.apply(event("worker-heartbeat", ["freq": 2.0], from: host)) }
        state.apply(event("worker-offline", ["freq": 2.0], from: "celery@old"))
        func task(_ id: Int, _ name: String, _ types: String..., more: CeleryObject = [:]) {
            for (index, type) in types.enumerated() {
                var fields: CeleryObject = ["uuid": .string(uuid(id))]
                if index == 0 { for (key, value) in names(name).members { fields[key] = value } }
                if index == types.count - 1 { for (key, value) in more.members { fields[key] = value } }
                state.apply(event(type, fields, from: id.isMultiple(of: 2) ? "celery@web2" : "celery@web1", at: id))
            }
        }
        let error: CeleryObject = [
            "exception": "KeyError('size')",
            "traceback": "Traceback (most recent call last):\n  File \"x.py\"\nKeyError",
        ]
        task(
            1,
            "tasks.add",
            "task-received",
            "task-started",
            "task-succeeded",
            more: ["result": "5", "runtime": 0.012345]
        )
        task(2, "proj.images.thumbnails.resize_image", "task-received", "task-started", "task-failed", more: error)
        task(3, "tasks.sleep", "task-received", "task-started")
        task(4, "tasks.mail", "task-received", "task-revoked")
        task(5, "日本語.タスク👍", "task-received")
        task(
            6,
            "evil\u{1B}[2J\u{7}\u{202e}",
            "task-received",
            "task-succeeded",
            more: ["result": "\u{1B}]0;owned\u{7}\n\u{9b}31m"]
        )
        state.apply(event("task-started", ["uuid": .string(uuid(7))], at: 7))
        return state
    }()

    static func names(_ name: String) -> CeleryObject {
        ["name": .string(name), "args": "(2, 3)", "kwargs": "{'deep': True}", "retries": 0]
    }

    static func uuid(_ number: Int) -> String {
        "7a202f39-5f49-46d4-b3c5-" + String(String(1_000_000_000_000 + number).suffix(12))
    }

    /// So many tasks.
    static func large(_ count: Int) -> ClusterState {
        var state = ClusterState()
        for number in 1...count {
            var fields = names("tasks.number\(number)")
            fields["uuid"] = .string(uuid(number))
            state.apply(event("task-received", fields, at: number % 1000))
        }
        return state
    }

    static func screen(_ fleet: ClusterState = small) -> EventsScreen {
        var screen = EventsScreen(title: "celery events swift-celery 0.1.0", location: "redis://localhost:6379/0")
        screen.update(fleet, at: start.advanced(by: .seconds(1)))
        return screen
    }
}

extension EventsScreen {
    /// Presses keys on a screen of 80 by 24; returns what the last one wants done.
    @discardableResult
    mutating func type(_ keys: Key...) -> Action? {
        var action: Action?
        for key in keys { action = press(key, width: 80, height: 24) }
        return action
    }

    @discardableResult
    mutating func type(_ text: String) -> Action? {
        var action: Action?
        for character in text { action = press(.character(character), width: 80, height: 24) }
        return action
    }

    var text: String { render(width: 80, height: 24, colour: false).joined(separator: "\n") }
}
