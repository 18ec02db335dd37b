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
import Synchronization

extension ControlPanel {
    func revoke(_ arguments: ControlArguments) throws -> ControlOutcome {
        // A set in Python.
        var seen = Set<String>()
        return try revoke(
            arguments.strings("task_id").filter { seen.insert($0).inserted },
            terminate: arguments.flag("terminate"),
            signal: arguments.signal()
        )
    }

    func terminate(_ arguments: ControlArguments) throws -> ControlOutcome {
        try arguments.require("signal", "task_id")
        return try revoke(arguments.strings("task_id"), terminate: true, signal: arguments.signal())
    }

    /// In force when it returns; what is left is to tell the store.
    private func revoke(_ ids: [String], terminate: Bool, signal: String) -> ControlOutcome {
        let affected = pipeline.revoke(ids, terminate: terminate, signal: signal)
        let untold = UntoldRevocation(
            ids: ids,
            terminate: terminate,
            signal: signal,
            expires: Timestamp.now.advanced(by: RevokedTasks.life),
            affected: Set(affected)
        )
        guard terminate else {
            logger.info("Tasks flagged as revoked: \(ids.joined(separator: ", "))")
            let set =
                ids.isEmpty ? "set()" : "{\(ids.map { PythonRepr.describe(.string($0)) }.joined(separator: ", "))}"
            return ControlOutcome(reply: ["ok": .string("tasks \(set) flagged as revoked")], untold: untold)
        }
        let list = affected.isEmpty ? "tasks unknown" : affected.joined(separator: ", ")
        return ControlOutcome(reply: ["ok": .string("terminate: \(list)")], untold: untold)
    }

    func revokeByStampedHeaders(_ arguments: ControlArguments) throws -> CeleryValue {
        try arguments.require("headers")
        let headers = try Self.headers(arguments["headers"])
        pipeline.stamps.add(headers)
        let text = PythonRepr.describe(Self.shown(arguments["headers"]))
        let affected = pipeline.revokeStamped(
            headers,
            terminate: arguments.flag("terminate"),
            signal: try arguments.signal()
        )
        guard arguments.flag("terminate") else {
            return ["ok": .string("headers \(text) flagged as revoked, but not terminated")]
        }
        return ["ok": .string(affected.isEmpty ? "headers \(text) were not terminated" : "headers \(text) revoked")]
    }

    /// An object of values or lists of them, or `["name=value"]`, as the command line sends it.
    ///
    /// - Throws: ``ControlRefusal`` for text without `=`, worded as Python words it.
    private static func headers(_ value: CeleryValue) throws -> [String: [CeleryValue]] {
        var headers: [String: [CeleryValue]] = [:]
        switch value {
        case .object(let object):
            for (name, value) in object.members {
                if case .array(let values) = value { headers[name] = values } else { headers[name] = [value] }
            }
        case .array(let pairs):
            for pair in pairs.compactMap(\.text) {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                guard parts.count == 2 else { throw ControlRefusal("IndexError", "list index out of range") }
                headers[parts[0], default: []].append(.string(parts[1]))
            }
        default: break
        }
        return headers
    }

    /// As Python shows them: as they came, and pairs of the command line as an object.
    private static func shown(_ value: CeleryValue) -> CeleryValue {
        guard case .array(let pairs) = value else { return value }
        var object = CeleryObject()
        for pair in pairs.compactMap(\.text) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count == 2 { object[parts[0]] = .string(parts[1]) }
        }
        return .object(object)
    }

    /// What a starting worker asks of those that are there.
    func hello(_ arguments: ControlArguments) throws -> CeleryValue {
        let from = try arguments.text("from_node")
        guard from != hostname else { return .null }
        logger.info("sync with \(from)")
        pipeline.revocations.learn(Mingle.ids(in: arguments["revoked"]))
        return [
            "revoked": .array(pipeline.revocations.ids.map { .string($0) }), "clock": .int(app.clock.forward()),
        ]
    }
}
