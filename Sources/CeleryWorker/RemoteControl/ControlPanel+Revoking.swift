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
    func revoke(_ arguments: ControlArguments) async throws -> CeleryValue {
        try await revoke(
            arguments.strings("task_id"),
            terminate: arguments.flag("terminate"),
            signal: arguments.signal()
        )
    }

    func terminate(_ arguments: ControlArguments) async throws -> CeleryValue {
        try arguments.require("signal", "task_id")
        return try await revoke(arguments.strings("task_id"), terminate: true, signal: arguments.signal())
    }

    private func revoke(_ ids: [String], terminate: Bool, signal: String) async throws -> CeleryValue {
        let affected = pipeline.revoke(ids, terminate: terminate, signal: signal)
        await keep(ids, terminate: terminate, signal: signal, exceptResultsOf: Set(affected))
        guard terminate else {
            logger.info("Tasks flagged as revoked: \(ids.joined(separator: ", "))")
            let set =
                ids.isEmpty ? "set()" : "{\(ids.map { PythonRepr.describe(.string($0)) }.joined(separator: ", "))}"
            return ["ok": .string("tasks \(set) flagged as revoked")]
        }
        let list = affected.isEmpty ? "tasks unknown" : affected.joined(separator: ", ")
        return ["ok": .string("terminate: \(list)")]
    }

    /// Tells the store what came from a client that only broadcasts: workers that are not there now respect it as well, and whoever
    /// waits for such a task hears of it. Neither is needed for the revocation itself.
    private func keep(_ ids: [String], terminate: Bool, signal: String, exceptResultsOf affected: Set<String>) async {
        let expires = Timestamp.now.advanced(by: RevokedTasks.life)
        do throws(TransportError) {
            if let store = pipeline.transport.revocations {
                let known = try await store.revoked(among: ids)
                let new = ids.filter { !known.contains($0) }
                try await store.revoke(
                    new.map { Revocation(taskID: $0, terminate: terminate, signal: signal, expires: expires) }
                )
            }
            try await storeRevoked(ids.filter { !affected.contains($0) })
        } catch {
            logger.warning("revoked tasks could not be kept in the store; this worker knows them: \(error)")
        }
    }

    /// REVOKED for all that still wait, so that nobody waits for them. Not of those that a worker has: their own end is stored by
    /// that worker, and may be on its way now. Source: `_revoke` of Celery 5.7.
    private func storeRevoked(_ waiting: [String]) async throws(TransportError) {
        let settings = app.settings
        guard !waiting.isEmpty else { return }
        let known = try await pipeline.backend.fetch(waiting, timeout: settings.brokerTimeout)
        let open = waiting.filter { [.pending, .received, .retry, .rejected].contains(known[$0]?.state ?? .pending) }
        guard !open.isEmpty else { return }
        let results = open.map { id in
            var meta = TaskMeta(taskID: id, state: .revoked, outcome: .exception(.revoked("revoked")))
            meta.dateDone = Timestamp.now.iso8601
            return StoredResult(meta, expires: settings.resultExpires(in: .revoked))
        }
        try await pipeline.backend.store(results, timeout: settings.brokerTimeout)
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
