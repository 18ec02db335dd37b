//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

extension Workflow {
    /// What it is made of, before it is sent.
    ///
    /// - Throws: ``CeleryError`` `.encoding` for an argument that has no form on the wire.
    public func graph() throws -> WorkflowGraph {
        if let failure { throw failure }
        return try SendingErrors.encoding("workflow") { () throws(WireError) in try WorkflowGraph(node) }
    }
}

extension GroupWorkflow {
    /// What it is made of, before it is sent; see ``Workflow/graph()``.
    public func graph() throws -> WorkflowGraph { try workflow.graph() }
}

extension WorkflowGraph {
    /// - Throws: ``WireError`` for a part that is no signature.
    init(_ node: CanvasNode) throws(WireError) {
        var builder = WorkflowGraphBuilder()
        _ = try builder.add(try node.pushed(), in: nil)
        self = builder.graph
    }
}

/// Draws a workflow part by part.
private struct WorkflowGraphBuilder {
    var graph = WorkflowGraph()
    /// Errbacks that are drawn: the same one, given to every step, is drawn once.
    private var errbacks: [(signature: Signature, entries: [String])] = []

    /// Where a part begins and ends.
    struct Ends {
        var entries: [String] = []
        var exits: [String] = []
    }

    mutating func add(_ node: CanvasNode, in group: String?) throws(WireError) -> Ends {
        switch node.shape {
        case .call: return try addCall(node, in: group)
        case .chain(let steps):
            var ends = Ends()
            for step in steps {
                let next = try add(try step.pushed(), in: group)
                ends = follow(ends, next, in: group)
            }
            return ends
        case .group(let members): return try add(members, as: "group", in: group)
        case .chord(let header, let body):
            let parts: Ends
            if case .group(let members) = header.shape {
                parts = try add(members, as: "header", in: group)
            } else {
                parts = try add(header, in: group)
            }
            return follow(parts, try add(try body.pushed(), in: group), in: group)
        }
    }

    private mutating func add(_ members: [CanvasNode], as label: String, in group: String?) throws(WireError) -> Ends {
        let id = graph.addGroup(label, in: group)
        var ends = Ends()
        for member in members {
            let part = try add(try member.pushed(), in: id)
            ends.entries += part.entries
            ends.exits += part.exits
        }
        return ends
    }

    private mutating func follow(_ first: Ends, _ second: Ends, in group: String?) -> Ends {
        // An empty group is passed through.
        if first.entries.isEmpty { return second }
        if second.entries.isEmpty { return first }
        graph.connect(first.exits, second.entries, group: group)
        return Ends(entries: first.entries, exits: second.exits)
    }

    private mutating func addCall(_ node: CanvasNode, in group: String?) throws(WireError) -> Ends {
        let id = graph.addNode(node.signature.call, taskID: node.id, group: group)
        for callback in node.continuation.callbacks {
            let called = try add(try CanvasNode(callback).pushed(), in: group)
            graph.connect([id], called.entries, .onSuccess)
        }
        for errback in node.continuation.errbacks {
            graph.connect([id], try entries(of: errback, in: group), .onError)
        }
        var ends = Ends(entries: [id], exits: [id])
        for signature in try (node.continuation.chain ?? []).signatures().reversed() {
            ends = follow(ends, try add(try CanvasNode(signature).pushed(), in: group), in: group)
        }
        return ends
    }

    private mutating func entries(of errback: Signature, in group: String?) throws(WireError) -> [String] {
        if let drawn = errbacks.first(where: { $0.signature == errback }) { return drawn.entries }
        let entries = try add(try CanvasNode(errback).pushed(), in: nil).entries
        errbacks.append((errback, entries))
        return entries
    }
}

extension Signature {
    /// As one would write it, shortened: `proj.add(2, y=3)`.
    fileprivate var call: String {
        let limit = 60
        var parts = arguments.map(\.repr)
        parts += keywords.map { "\($0.name)=\($0.value.repr)" }
        let text = parts.joined(separator: ", ")
        return "\(task)(\(text.count > limit ? text.prefix(limit) + "…" : text))"
    }
}
