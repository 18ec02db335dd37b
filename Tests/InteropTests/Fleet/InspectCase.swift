//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire

/// A question to workers, and where the answers may differ.
struct InspectCase: Sendable, CustomStringConvertible {
    var words: [String]
    /// Paths with values that change from one call to the next.
    var changing: Set<String>
    /// Paths with values of the worker's own process, of the same types.
    var own: Set<String>
    /// Paths where a Swift worker answers something else than a Python worker, and why.
    var differing: [String: String]
    /// Why Python's command line cannot print the answer as text; nil where it can.
    var isNoText: String?

    init(
        _ words: String...,
        changing: Set<String> = [],
        own: Set<String> = [],
        differing: [String: String] = [:],
        isNoText: String? = nil
    ) {
        (self.words, self.changing, self.own) = (words, changing, own)
        (self.differing, self.isNoText) = (differing, isNoText)
    }

    var description: String { words.joined(separator: " ") }

    /// A reply without what two workers of one language would not have in common either: their names, and what belongs to one of
    /// the two apps.
    func comparable(_ reply: CeleryValue, of worker: MixedFleet.Language) -> CeleryValue {
        switch (words[0], reply) {
        case ("registered", _): .array(reply.items.filter(Self.isShared))
        case ("conf", .object(let settings)): .object(Self.shared(settings))
        case ("report", _): Self.outline(reply.at("ok").text ?? "")
        default: Self.neutral(reply, worker)
        }
    }

    /// Tasks that both apps have.
    private static func isShared(_ task: CeleryValue) -> Bool {
        let name = task.text?.split(separator: " ").first ?? ""
        return ["add", "fail", "hold", "mark", "sleep"].contains { name == "interop.\($0)" }
    }

    /// Settings that there are here, but for those that the two apps set to something else in their code.
    private static func shared(_ settings: CeleryObject) -> CeleryObject {
        let own: Set = [
            "accept_content", "result_accept_content", "task_queues", "include", "broker_connection_retry_on_startup",
        ]
        let known = Set(CelerySettings().describe(withDefaults: true).keys).subtracting(own)
        return settings.members.filter { known.contains($0.key) }
            .reduce(into: CeleryObject()) { $0[$1.key] = $1.value }
    }

    /// What the lines of a report are about, but for Python's loader, and the settings that both workers were started with.
    private static func outline(_ report: String) -> CeleryValue {
        let settings = ["result_backend", "task_track_started", "worker_pool_restarts"]
        let lines = report.split(separator: "\n").map(String.init)
        let heads = lines.filter { $0.contains(" -> ") }.compactMap { $0.split(separator: " ").first.map(String.init) }
        let values = lines.filter { line in settings.contains { line.hasPrefix("\($0): ") } }
        return .array((heads.filter { $0 != "loader" } + values.sorted()).map { .string($0) })
    }

    /// With `x` for the language where a name, a queue or an id begins with it.
    private static func neutral(_ value: CeleryValue, _ worker: MixedFleet.Language) -> CeleryValue {
        func name(_ text: String) -> String {
            text.hasPrefix(worker.rawValue) ? "x" + text.dropFirst(worker.rawValue.count) : text
        }
        switch value {
        case .string(let text): return .string(name(text))
        case .array(let items): return .array(items.map { neutral($0, worker) })
        case .object(let object):
            return .object(object.members.reduce(into: CeleryObject()) { $0[name($1.key)] = neutral($1.value, worker) })
        default: return value
        }
    }
}
