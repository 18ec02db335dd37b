//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

extension WorkflowGraph {
    /// As a digraph in Graphviz's language, for `dot -Tsvg`.
    public var graphviz: String {
        var lines = [
            "digraph workflow {", "    rankdir=LR;", "    compound=true;",
            "    node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\"];",
            "    edge [fontname=\"Helvetica\", fontsize=10];",
        ]
        lines += graphvizMembers(of: nil, indent: "    ")
        for edge in edges { lines.append("    \(edge.from) -> \(edge.to)\(edge.kind.graphviz);") }
        return (lines + ["}"]).joined(separator: "\n") + "\n"
    }

    private func graphvizMembers(of group: String?, indent: String) -> [String] {
        var lines = nodes.filter { $0.groupID == group }.map { indent + $0.graphviz }
        for inner in groups where inner.parentID == group {
            lines.append("\(indent)subgraph cluster_\(inner.id) {")
            lines.append("\(indent)    label=\(Self.quoted(inner.label)); style=rounded; color=gray;")
            lines += graphvizMembers(of: inner.id, indent: indent + "    ")
            lines.append("\(indent)}")
        }
        return lines
    }

    fileprivate static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case let scalar where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension WorkflowGraph.Node {
    /// The label, and the state when it is known.
    fileprivate var text: String { state.map { "\(label)\n\($0.rawValue)" } ?? label }

    fileprivate var graphviz: String {
        if isJoint { return "\(id) [shape=point, label=\"\"];" }
        let colour = state.map { ", fillcolor=\"\(StateColour($0).hex)\"" } ?? ""
        return "\(id) [label=\(WorkflowGraph.quoted(text))\(colour)];"
    }
}

extension WorkflowGraph.EdgeKind {
    fileprivate var graphviz: String {
        switch kind {
        case .follows: ""
        case .success: " [style=dashed, label=\"success\"]"
        case .failure: " [style=dashed, color=red, label=\"error\"]"
        }
    }
}

/// How a state is painted. It is always written down too: colours are not for everybody.
struct StateColour {
    var name: String
    var hex: String

    init(_ state: TaskState) {
        (name, hex) =
            switch state {
            case .success: ("success", "#b7e4c7")
            case .failure: ("failure", "#f4a6a6")
            case .revoked, .rejected, .ignored: ("ended", "#d3d3d3")
            case .retry: ("retry", "#ffd8a8")
            case .pending: ("pending", "#ffffff")
            default: ("running", "#a5d8ff")
            }
    }
}
