//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Logging

/// The control commands of a worker, by name.
///
/// Source: `celery/worker/control.py`; answers have exactly its shape.
struct ControlPanel {
    let pipeline: WorkerPipeline

    init(_ pipeline: WorkerPipeline) { self.pipeline = pipeline }

    var app: CeleryApp { pipeline.app }
    var hostname: String { pipeline.configuration.hostname }
    var logger: Logger { pipeline.app.logger }

    func carryOut(_ request: ControlRequest) async -> ControlOutcome {
        do {
            if let own = app.controlHandler(request.method) {
                let call = ControlCall(app: app, hostname: hostname, arguments: request.arguments)
                return ControlOutcome(reply: try await own(call))
            }
            let arguments = ControlArguments(request.method, request.arguments)
            switch request.method {
            case "revoke": return try revoke(arguments)
            case "terminate": return try terminate(arguments)
            default: return ControlOutcome(reply: try await perform(request.method, arguments))
            }
        } catch {
            let text = Self.describe(error)
            logger.error("control command \(request.method) failed: \(text)")
            return ControlOutcome(reply: ["error": .string(text)])
        }
    }

    /// As Python writes an exception.
    private static func describe(_ error: any Error) -> String {
        if let refusal = error as? ControlRefusal { return refusal.description }
        return ControlRefusal("\(type(of: error))", "\(error)").description
    }

    private func perform(_ method: String, _ arguments: ControlArguments) async throws -> CeleryValue? {
        switch method {
        case "ping": return ["ok": "pong"]
        case "active", "dump_active": return active(safe: arguments.flag("safe"))
        case "reserved", "dump_reserved": return reserved()
        case "scheduled", "dump_schedule": return try await scheduled()
        case "revoked", "dump_revoked": return .array(pipeline.revocations.ids.map { .string($0) })
        case "registered", "dump_tasks": return registered(arguments)
        case "query_task": return try await queryTask(arguments.strings("ids"))
        case "active_queues": return activeQueues()
        case "stats": return try await stats()
        case "conf", "dump_conf": return conf(arguments)
        case "report": return report()
        case "clock": return ["clock": .int(app.clock.value)]
        case "hello": return try hello(arguments)
        case "memsample": return memorySample()
        case "memdump", "objgraph":
            throw ControlRefusal("NotImplementedError", "\(method): a Swift program has no heap that can be listed")
        default: return try await steer(method, arguments)
        }
    }

    private func steer(_ method: String, _ arguments: ControlArguments) async throws -> CeleryValue? {
        switch method {
        case "revoke_by_stamped_headers": return try revokeByStampedHeaders(arguments)
        case "rate_limit": return try rateLimit(arguments)
        case "time_limit": return timeLimit(arguments)
        case "add_consumer": return try await addConsumer(arguments)
        case "cancel_consumer": return try await cancelConsumer(arguments)
        case "pool_grow": return try resize(by: arguments.count("n"), "grow")
        case "pool_shrink": return try resize(by: -arguments.count("n"), "shrink")
        case "pool_restart": return try restartPool()
        case "autoscale": return try autoscale(arguments)
        case "enable_events": return events(on: true)
        case "disable_events": return events(on: false)
        case "heartbeat":
            // Freq 5, as Python's workers say here.
            await EventStage(pipeline).sendHeartbeat(every: .seconds(5), evenAtFirst: true)
            return .null
        case "election":
            try arguments.require("id", "topic")
            // As a Python worker without gossip: it takes no part.
            return .null
        case "shutdown":
            logger.warning("Got shutdown from remote")
            pipeline.shutDownFromRemote()
            return nil
        default: throw ControlRefusal("KeyError", method)
        }
    }
}

/// What a command came to.
struct ControlOutcome: Sendable {
    /// Nil when there is none.
    var reply: CeleryValue?
    /// What the store is to be told before the reply goes out.
    var untold: UntoldRevocation?
}

/// The arguments of one command. What a command does not know is ignored, as most of Python's do.
struct ControlArguments {
    let command: String
    let object: CeleryObject

    init(_ command: String, _ object: CeleryObject) {
        self.command = command
        self.object = object
    }

    subscript(name: String) -> CeleryValue { object[name] ?? .null }

    /// Throws when one of them was left out, as calling the function in Python does.
    func require(_ names: String...) throws {
        let missing = names.filter { object[$0] == nil }
        guard !missing.isEmpty else { return }
        let quoted = missing.map { "'\($0)'" }
        let list =
            quoted.count == 1
            ? quoted[0] : quoted.dropLast().joined(separator: ", ") + " and \(quoted[quoted.count - 1])"
        let plural = missing.count == 1 ? "argument" : "arguments"
        throw ControlRefusal(
            "TypeError",
            "\(command)() missing \(missing.count) required positional \(plural): \(list)"
        )
    }

    func text(_ name: String) throws -> String {
        try require(name)
        guard let text = self[name].text else {
            throw ControlRefusal("TypeError", "\(command)(): \(name) is \(PythonRepr.describe(self[name])), no string")
        }
        return text
    }

    /// A string or a list of them.
    func strings(_ name: String) throws -> [String] {
        try require(name)
        switch self[name] {
        case .string(let text): return [text]
        case .array(let values): return values.compactMap(\.text)
        case .null: return []
        default:
            throw ControlRefusal("TypeError", "\(command)(): \(name) is \(PythonRepr.describe(self[name])), no list")
        }
    }

    /// A whole number; 1 when it was left out.
    func count(_ name: String) throws -> Int {
        guard self[name] != .null else { return 1 }
        guard let count = self[name].whole, (0...10_000).contains(count) else {
            throw ControlRefusal(
                "ValueError",
                "\(command)(): \(name) is \(PythonRepr.describe(self[name])); it has to be 0 to 10000"
            )
        }
        return count
    }

    /// What Python takes for true; the command line of Celery sends text.
    func flag(_ name: String) -> Bool {
        switch self[name] {
        case .bool(let value): value
        case .int(let value): value != 0
        case .string(let text): !["", "0", "false", "no", "off"].contains(text.lowercased())
        case .array(let values): !values.isEmpty
        default: false
        }
    }

    /// The name of a signal, or its number.
    func signal(_ name: String = "signal") throws -> String {
        switch self[name] {
        case .null: return "SIGTERM"
        case .int(let number): return "\(number)"
        case .string(let text) where SignalName.number(text) != nil: return text
        default: throw ControlRefusal("TypeError", "there is no signal \(PythonRepr.describe(self[name]))")
        }
    }
}
