//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// A workflow as a picture: what calls what, and how far it has come.
///
/// Made of a workflow that is not sent yet (``Workflow/graph()``), or of results (``AsyncResult/graph()``); written down with
/// ``graphviz`` or ``mermaid``.
public struct WorkflowGraph: Sendable, Equatable {
    /// A task, or a point in which the parts of a group meet.
    public struct Node: Sendable, Equatable, Identifiable {
        /// Unique in the graph: `n1`, `n2`, …
        public let id: String
        /// The call as one would write it, `proj.add(2, 3)`; of a result whose task's name is not stored, the task's id. Empty for a
        /// point in which parts meet.
        public var label: String
        /// Nil while it has none.
        public var taskID: String?
        /// Nil when nobody has looked. PENDING also when nothing is known of the task.
        public var state: TaskState?
        /// The group that it is a member of.
        public var groupID: String?
        /// Whether it stands for no task, but joins the parts of one group with those of the next.
        public var isJoint: Bool { label.isEmpty }
    }

    /// A group, drawn as a frame around its members.
    public struct Group: Sendable, Equatable, Identifiable {
        /// Unique in the graph: `g1`, `g2`, …
        public let id: String
        /// `group`, or `header` of a chord.
        public var label: String
        /// The group that it lies in.
        public var parentID: String?
    }

    /// What lets one node follow another.
    public struct EdgeKind: Sendable, Hashable {
        enum Kind { case follows, success, failure }
        let kind: Kind

        /// A step of a chain, a body after its header, a task that was sent by another.
        public static let follows = EdgeKind(kind: .follows)
        /// A callback.
        public static let onSuccess = EdgeKind(kind: .success)
        /// An errback.
        public static let onError = EdgeKind(kind: .failure)
    }

    /// One node that follows another.
    public struct Edge: Sendable, Equatable {
        public var from: String
        public var to: String
        public var kind: EdgeKind
    }

    /// In the order in which they may start.
    public internal(set) var nodes: [Node] = []
    /// Outer ones before those in them.
    public internal(set) var groups: [Group] = []
    public internal(set) var edges: [Edge] = []
    private var known: Set<Arc> = []

    private struct Arc: Hashable {
        var from: String
        var to: String
    }

    public static func == (left: WorkflowGraph, right: WorkflowGraph) -> Bool {
        left.nodes == right.nodes && left.groups == right.groups && left.edges == right.edges
    }

    mutating func addNode(_ label: String, taskID: String? = nil, group: String?) -> String {
        let id = "n\(nodes.count + 1)"
        nodes.append(Node(id: id, label: label, taskID: taskID, groupID: group))
        return id
    }

    mutating func addGroup(_ label: String, in parent: String?) -> String {
        let id = "g\(groups.count + 1)"
        groups.append(Group(id: id, label: label, parentID: parent))
        return id
    }

    /// Adds an edge from each to each, through a joint when there are several on both sides. One between two nodes is kept once.
    mutating func connect(_ exits: [String], _ entries: [String], _ kind: EdgeKind = .follows, group: String? = nil) {
        if exits.count > 1, entries.count > 1 {
            let joint = addNode("", group: group)
            connect(exits, [joint], kind)
            connect([joint], entries, kind)
            return
        }
        for from in exits {
            for to in entries where from != to && known.insert(Arc(from: from, to: to)).inserted {
                edges.append(Edge(from: from, to: to, kind: kind))
            }
        }
    }
}
