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
