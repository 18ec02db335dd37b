//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire

/// Replies of workers for people, laid out as Celery lays them out.
struct ReplyText: Sendable {
    var terminal: Terminal
    var isQuiet: Bool

    /// `->  node: OK`, and below it what the worker answered.
    func text(_ reply: ControlReply, showsBody: Bool) -> String {
        let (status, body) = pretty(reply.value)
        let arrow = isQuiet ? "" : "-> "
        let hostname = terminal.isTerminal ? ScreenText.clean(reply.hostname) : reply.hostname
        let head = "\(arrow) \(terminal.paint("\(hostname): ", .cyan))\(status)"
        // Names and results are anybody's.
        return showsBody && !body.isEmpty ? head + "\n" + Self.indent(terminal.safe(body)) : head
    }

    /// `2 nodes online.`
    static func count(_ count: Int) -> String { "\n\(count) \(count == 1 ? "node" : "nodes") online." }

    private var ok: String { terminal.paint("OK", .green) }

    private func pretty(_ value: CeleryValue) -> (status: String, body: String) {
        switch value {
        case .array(let values): return (ok, list(values))
        case .string(let text): return (ok, text)
        case .object(let object):
            if let inner = object["ok"] { return (ok, Self.indent(pretty(inner).body)) }
            if let inner = object["error"] { return (terminal.paint("ERROR", .red), Self.indent(pretty(inner).body)) }
            return (ok, Self.json(value, depth: 0))
        default: return (ok, PythonRepr.describe(value))
        }
    }

    private func list(_ values: [CeleryValue]) -> String {
        guard !values.isEmpty else { return "- empty -" }
        return values.map { "* \($0.text ?? PythonRepr.describe($0))" }.joined(separator: "\n")
    }

    static func indent(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }.joined(separator: "\n")
    }

    /// Sorted by key, four spaces a level.
    static func json(_ value: CeleryValue, depth: Int) -> String {
        let pad = String(repeating: "    ", count: depth + 1)
        let end = String(repeating: "    ", count: depth)
        switch value {
        case .object(let object) where !object.isEmpty:
            let lines = object.members.sorted { $0.key < $1.key }
                .map { "\(pad)\(CeleryValue.string($0.key).settingJSON): \(json($0.value, depth: depth + 1))" }
            return "{\n\(lines.joined(separator: ",\n"))\n\(end)}"
        case .array(let values) where !values.isEmpty:
            return "[\n\(values.map { pad + json($0, depth: depth + 1) }.joined(separator: ",\n"))\n\(end)]"
        case .double(let number) where !number.isFinite:
            return number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
        default: return value.settingJSON
        }
    }
}
