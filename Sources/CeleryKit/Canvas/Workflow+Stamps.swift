//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// A part of a workflow that is about to be stamped; see `stamp` of ``Workflow``.
public struct StampedPart: Sendable {
    /// What it is.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        public let description: String

        /// One call. What is returned for it is on this task only.
        public static let task = Kind(description: "task")
        /// What is returned for it is on all its steps.
        public static let chain = Kind(description: "chain")
        /// What is returned for it is on all its members.
        public static let group = Kind(description: "group")
        /// What is returned for it is on all parts of the header and on the body.
        public static let chordHeader = Kind(description: "chord header")
        public static let chordBody = Kind(description: "chord body")
        public static let callback = Kind(description: "callback")
        public static let errback = Kind(description: "errback")
    }

    public let kind: Kind
    /// Of a call, callback or errback: the task's name. `celery.chain`, `celery.group` or `celery.chord` of the others.
    public let task: String
    /// Stamps of the parts around it, which it is given too.
    public let stamps: CeleryObject
}

extension Workflow {
    /// The same with stamps on every task in it, callbacks, errbacks and bodies included: headers under names of one's own that the
    /// tasks, the result store (with `result_extended`) and tools can see.
    ///
    /// A stamp replaces one of the same name, or with `append` makes a list with it. It must not be called like an option of
    /// sending, since it travels beside them: that is reported when it is sent. Celery leaves bodies of chords unstamped unless it is
    /// given a visitor.
    public func stamp(append: Bool = false, _ stamps: CeleryObject) -> Workflow {
        with { $0 = try Stamping(append: append) { _ in [:] }.stamped($0, stamps) }
    }

    /// The same with stamps that depend on the part: Celery's `StampingVisitor`. What is returned for a part is also on all that it is
    /// made of.
    public func stamp(append: Bool = false, _ visit: (StampedPart) throws -> CeleryObject) -> Workflow {
        with { node in
            node = try withoutActuallyEscaping(visit) { try Stamping(append: append, visit: $0).stamped(node, [:]) }
        }
    }
}

extension GroupWorkflow {
    /// As `stamp` of ``Workflow``.
    public func stamp(append: Bool = false, _ stamps: CeleryObject) -> GroupWorkflow {
        GroupWorkflow(workflow.stamp(append: append, stamps))
    }

    /// As `stamp` of ``Workflow``.
    public func stamp(append: Bool = false, _ visit: (StampedPart) throws -> CeleryObject) -> GroupWorkflow {
        GroupWorkflow(workflow.stamp(append: append, visit))
    }
}

/// Goes through a workflow from the outside in.
///
/// Source: `celery/canvas.py` (`stamp`, `stamp_links`).
private struct Stamping {
    let append: Bool
    let visit: (StampedPart) throws -> CeleryObject

    func stamped(_ node: CanvasNode, _ outer: CeleryObject) throws -> CanvasNode {
        var node = node
        let stamps: CeleryObject
        switch node.shape {
        case .call:
            stamps = try with(outer, .task, node)
            node.signature.options = try put(stamps, into: node.signature.options)
            // The links of a call get what is around it, not its own.
            try stampLinks(of: &node, outer)
            return node
        case .chain(let steps):
            stamps = try with(outer, .chain, node)
            node.shape = .chain(try steps.map { try stamped($0, stamps) })
        case .group(let members):
            stamps = try with(outer, .group, node)
            node.shape = .group(try members.map { try stamped($0, stamps) })
        case .chord(let header, let body):
            stamps = try with(outer, .chordHeader, node)
            let bodyStamps = try with(stamps, .chordBody, body)
            node.shape = .chord(header: try stamped(header, stamps), body: try stamped(body, bodyStamps))
        }
        try stampLinks(of: &node, stamps)
        return node
    }

    private func stampLinks(of node: inout CanvasNode, _ outer: CeleryObject) throws {
        node.continuation.callbacks = try node.continuation.callbacks.map { try link($0, .callback, outer) }
        node.continuation.errbacks = try node.continuation.errbacks.map { try link($0, .errback, outer) }
    }

    private func link(_ signature: Signature, _ kind: StampedPart.Kind, _ outer: CeleryObject) throws -> Signature {
        let node = try CanvasNode(signature)
        return try stamped(node, try with(outer, kind, node)).wire()
    }

    /// What is around a part, and what the closure says of it.
    private func with(_ outer: CeleryObject, _ kind: StampedPart.Kind, _ node: CanvasNode) throws -> CeleryObject {
        var stamps = outer
        let part = StampedPart(kind: kind, task: node.signature.task, stamps: outer)
        for (name, value) in try visit(part).members { stamps[name] = merged(stamps[name], value) }
        return stamps
    }

    private func put(_ stamps: CeleryObject, into options: CeleryObject) throws -> CeleryObject {
        guard !stamps.isEmpty else { return options }
        var options = options
        var names: [String] = []
        if case .array(let before)? = options["stamped_headers"] { names = before.compactMap(\.text) }
        for (name, value) in stamps.members {
            guard !StampNames.reserved.contains(name) else {
                throw CeleryError(.misconfigured, "a stamp cannot be called '\(name)': that is an option of sending")
            }
            options[name] = merged(names.contains(name) ? options[name] : nil, value)
            if !names.contains(name) { names.append(name) }
        }
        options["stamped_headers"] = .array(names.map { .string($0) })
        return options
    }

    private func merged(_ old: CeleryValue?, _ new: CeleryValue) -> CeleryValue {
        guard append, let old else { return new }
        var values: [CeleryValue] = []
        for value in [old, new] {
            if case .array(let list) = value { values += list } else { values.append(value) }
        }
        return .array(values)
    }
}

/// Names of stamps.
enum StampNames {
    /// What a signature's options already mean something by.
    static let reserved: Set<String> = [
        "task_id", "countdown", "eta", "expires", "queue", "exchange", "routing_key", "priority", "serializer",
        "compression",
        "delivery_mode", "time_limit", "soft_time_limit", "ignore_result", "shadow", "reply_to", "root_id", "parent_id",
        "replaced_task_nesting", "headers", "link", "link_error", "chain", "chord", "group_id", "group_index",
        "stamped_headers", "stamps", "retries", "add_to_parent", "connection", "producer", "publisher",
    ]
}
