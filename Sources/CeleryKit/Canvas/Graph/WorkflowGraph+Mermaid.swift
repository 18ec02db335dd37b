//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

extension WorkflowGraph {
    /// As a flowchart in Mermaid's language, which Markdown viewers draw.
    public var mermaid: String {
        var lines = ["flowchart LR"]
        lines += mermaidMembers(of: nil, indent: "    ")
        for edge in edges { lines.append("    \(edge.from) \(edge.kind.mermaid) \(edge.to)") }
        var painted: [(colour: StateColour, nodes: [String])] = []
        for node in nodes {
            guard let colour = node.state.map(StateColour.init) else { continue }
            if let index = painted.firstIndex(where: { $0.colour.name == colour.name }) {
                painted[index].nodes.append(node.id)
            } else {
                painted.append((colour, [node.id]))
            }
        }
        for (colour, nodes) in painted {
            lines.append("    classDef \(colour.name) fill:\(colour.hex),stroke:#555,color:#000")
            lines.append("    class \(nodes.joined(separator: ",")) \(colour.name)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func mermaidMembers(of group: String?, indent: String) -> [String] {
        var lines = nodes.filter { $0.groupID == group }.map { indent + $0.mermaid }
        for inner in groups where inner.parentID == group {
            lines.append("\(indent)subgraph \(inner.id)[\"\(inner.label)\"]")
            lines += mermaidMembers(of: inner.id, indent: indent + "    ")
            lines.append("\(indent)end")
        }
        return lines
    }
}

extension WorkflowGraph.Node {
    fileprivate var mermaid: String {
        if isJoint { return "\(id)((\" \"))" }
        let text = Self.escaped(label) + (state.map { "<br/>\($0.rawValue)" } ?? "")
        return "\(id)[\"\(text)\"]"
    }

    /// Mermaid has no backslashes: what means something is written by its number.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "#", "<", ">", "&", "`", ";": escaped += "#\(scalar.value);"
            case let scalar where scalar.value < 0x20: escaped += " "
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension WorkflowGraph.EdgeKind {
    fileprivate var mermaid: String {
        switch kind {
        case .follows: "-->"
        case .success: "-. success .->"
        case .failure: "-. error .->"
        }
    }
}
