//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire
import Logging

/// Asks workers of either language what they do: `app.inspect.active()`.
///
/// Everything comes by node name. Workers that do not answer in time are missing, and so are those that answer with an error,
/// which is logged. What it throws: see ``Control``.
public struct Inspect: Sendable {
    public let control: Control

    /// The answers as they are, errors among them; of two under one node name the later counts.
    public func request(_ command: String, _ arguments: CeleryObject = [:]) async throws -> [String: CeleryValue] {
        let replies = try await control.request(command, arguments)
        return Dictionary(replies.map { ($0.hostname, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// Node names of the workers that answer.
    public func ping() async throws -> [String] {
        try await values("ping") { _ in true }.keys.sorted()
    }

    /// Tasks that run.
    ///
    /// - Parameter safe: Arguments come as text in Python's notation, shortened.
    public func active(safe: Bool = false) async throws -> [String: [TaskInfo]] {
        try await values("active", ["safe": .bool(safe)], read: Self.tasks)
    }

    /// Tasks that wait in the worker.
    public func reserved() async throws -> [String: [TaskInfo]] { try await values("reserved", read: Self.tasks) }

    /// Tasks that wait for their time. Swift workers leave them with the broker, and each answers what waits in its queues.
    public func scheduled() async throws -> [String: [ScheduledTask]] {
        try await values("scheduled") { Self.list($0)?.compactMap { ScheduledTask($0) } }
    }

    /// Ids of tasks that are not to run.
    public func revoked() async throws -> [String: [String]] { try await values("revoked", read: Self.texts) }

    /// Registered tasks with some of their attributes: `tasks.add [rate_limit=10/m]`.
    public func registered(_ attributes: [String] = []) async throws -> [String: [String]] {
        let items = CeleryValue.array(attributes.map { .string($0) })
        return try await values("registered", attributes.isEmpty ? [:] : ["taskinfoitems": items], read: Self.texts)
    }

    /// Queues that are taken from, as kombu describes them.
    public func activeQueues() async throws -> [String: [CeleryObject]] {
        try await values("active_queues") { Self.list($0)?.compactMap(Self.object) }
    }

    public func stats() async throws -> [String: CeleryObject] { try await values("stats", read: Self.object) }

    /// Settings; secrets are masked.
    public func conf(withDefaults: Bool = false) async throws -> [String: CeleryObject] {
        try await values("conf", ["with_defaults": .bool(withDefaults)], read: Self.object)
    }

    /// The report for a bug report.
    public func report() async throws -> [String: String] {
        try await values("report") { Self.object($0)?["ok"]?.text }
    }

    /// Logical clocks.
    public func clock() async throws -> [String: Int] {
        try await values("clock") { Self.object($0)?["clock"]?.whole }
    }

    /// Where tasks are: `active`, `reserved`, `scheduled` or `ready`, and what is known of them.
    public func queryTask(_ ids: [String]) async throws -> [String: [String: (state: String, task: TaskInfo)]] {
        try await values("query_task", ["ids": .array(ids.map { .string($0) })]) { value in
            guard let object = Self.object(value) else { return nil }
            var found: [String: (state: String, task: TaskInfo)] = [:]
            for (id, pair) in object.members {
                guard let pair = Self.list(pair), pair.count == 2, let state = pair[0].text,
                    let task = TaskInfo(pair[1])
                else { continue }
                found[id] = (state, task)
            }
            return found
        }
    }

    private func values<Value>(
        _ command: String,
        _ arguments: CeleryObject = [:],
        read: (CeleryValue) -> Value?
    ) async throws -> [String: Value] {
        var found: [String: Value] = [:]
        for (hostname, value) in try await request(command, arguments) {
            if let error = ControlReply(hostname: hostname, value: value).error {
                control.app.logger.warning("\(hostname) cannot answer \(command): \(error)")
            } else if let value = read(value) {
                found[hostname] = value
            }
        }
        return found
    }

    private static func object(_ value: CeleryValue) -> CeleryObject? {
        if case .object(let object) = value { object } else { nil }
    }

    private static func list(_ value: CeleryValue) -> [CeleryValue]? {
        if case .array(let values) = value { values } else { nil }
    }

    private static func tasks(_ value: CeleryValue) -> [TaskInfo]? { list(value)?.compactMap { TaskInfo($0) } }

    /// `revoked` is an object in 5.6's `hello`, a list elsewhere.
    private static func texts(_ value: CeleryValue) -> [String]? { list(value)?.compactMap(\.text) }
}
