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

/// A worker of one language, steered by the command line of the other.
struct Steering: Sendable, CustomStringConvertible {
    let fleet: MixedFleet
    let worker: MixedFleet.Language
    var line: MixedFleet.Language { worker == .swift ? .python : .swift }

    var description: String { "\(line)'s command line, \(worker) worker" }

    /// Both ways round.
    static func across(_ fleet: MixedFleet) -> [Steering] {
        MixedFleet.Language.allCases.map { Steering(fleet: fleet, worker: $0) }
    }

    /// What the worker answers to `control`.
    func tell(_ words: String...) async throws -> CeleryValue {
        try await fleet.reply(to: line, ["control"] + words, of: worker)
    }

    /// What it answers to `inspect`.
    func ask(_ words: String...) async throws -> CeleryValue {
        try await fleet.reply(to: line, ["inspect"] + words, of: worker)
    }

    /// Waits until it answers something in particular to `inspect`.
    @discardableResult
    func ask(
        _ words: String...,
        until isExpected: (CeleryValue) -> Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> CeleryValue {
        var last = CeleryValue.null
        let isMet = try await eventually {
            last = try await fleet.reply(to: line, ["inspect"] + words, of: worker)
            return isExpected(last)
        }
        #expect(isMet, "\(self): \(words): \(last)", sourceLocation: sourceLocation)
        return last
    }

    /// Asserts what `control` is answered.
    func expect(_ answer: CeleryValue, to words: String..., sourceLocation: SourceLocation = #_sourceLocation)
        async throws
    {
        let reply = try await fleet.reply(to: line, ["control"] + words, of: worker)
        #expect(reply == answer, "\(self): \(words)", sourceLocation: sourceLocation)
    }

    /// Sends a task to the worker and waits for its end.
    func call(
        _ name: String,
        _ args: [CeleryValue],
        as id: String,
        options: CeleryObject = [:]
    ) async throws -> PythonClient.Outcome {
        try await fleet.client.get(try await fleet.send(name, args, to: worker, as: id, options: options))
    }

    /// Sends a task that runs until it is ended, and waits until the worker runs it.
    func hold(_ id: String, stamps: CeleryObject = [:]) async throws -> String {
        let id = try await sendStamped("interop.sleep", [3600], as: id, stamps: stamps)
        try await ask("active", until: { $0.items.first?.at("id") == .string(id) })
        return id
    }

    /// Sends a task with stamps.
    func sendStamped(_ name: String, _ args: [CeleryValue], as id: String, stamps: CeleryObject) async throws -> String
    {
        let id = "\(worker)-\(id)"
        let options: CeleryObject = ["queue": .string(worker.queue), "task_id": .string(id)]
        let signature: CeleryValue = [
            "task": .string(name), "args": .array(args), "kwargs": [:], "options": .object(options),
        ]
        try await fleet.client.request("send_signature", ["signature": signature, "stamps": .object(stamps)])
        return id
    }
}

extension Steering {
    /// What the worker answers to a client of the other language that limits how long a task may run.
    func limit(_ task: String, hard: Double) async throws -> CeleryValue {
        if line == .swift {
            return try await fleet.asking(of: [worker]) { app, options in
                try await app.control(options).timeLimit(task, soft: nil, hard: .seconds(hard)).first?.value ?? .null
            }
        }
        let options: CeleryObject = [
            "hard": .double(hard), "reply": true, "timeout": 30, "destination": [.string(worker.node)],
        ]
        let replies = try await fleet.client.remote("time_limit", [.string(task)], kwargs: options)
        return replies.items.first?.at(worker.node) ?? .null
    }

    /// The types of a task's events that come before a certain event.
    func heard(
        on stream: EventStream,
        _ task: String,
        until isLast: (CeleryEvent) -> Bool
    ) async throws -> [String] {
        var types: [String] = []
        while true {
            let events = try await stream.next(within: .seconds(30))
            try #require(!events.isEmpty, "no more events after \(types)")
            for event in events {
                if event.uuid == "\(worker)-\(task)" { types.append(event.type) }
                if isLast(event) { return types }
            }
        }
    }
}
