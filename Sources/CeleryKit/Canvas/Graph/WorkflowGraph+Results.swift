//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension AsyncResult {
    /// What is known of this result's workflow: the results before it, as far as this value knows them, and all that the tasks have
    /// sent, with their states. May be asked for while it runs.
    ///
    /// Tasks are named where the store knows their names (`result_extended`). From the result of a workflow's first task only what
    /// was sent by its tasks is found; of a chord that Python's workers end, this is not the body. From the result that sending gave
    /// (``tuple`` keeps it) all of it is.
    /// - Throws: ``CeleryError`` `.backendUnavailable`.
    public func graph() async throws -> WorkflowGraph {
        var builder = ResultGraphBuilder()
        var found: [(tree: ResultTree, sender: String?)] = [(tree ?? .task(id: id, parent: nil), nil)]
        while !found.isEmpty {
            let ids = found.flatMap { builder.add($0.tree, sentBy: $0.sender) }
            let metas = try await metas(of: ids)
            builder.describe(ids, metas)
            found = ids.flatMap { id in
                (metas[id]?.children ?? []).compactMap { try? ResultTree(tuple: $0) }.map { (tree: $0, sender: id) }
            }
        }
        return builder.graph
    }
}

extension GroupResult {
    /// As ``AsyncResult/graph()``.
    public func graph() async throws -> WorkflowGraph { try await result.graph() }
}

extension WorkflowGraph {
    /// The same with the states of the tasks that have ids, as a result store knows them now.
    ///
    /// - Throws: ``CeleryError`` `.backendUnavailable`.
    public func withStates(from app: CeleryApp) async throws -> WorkflowGraph {
        var graph = self
        let metas = try await app.metas(of: nodes.compactMap(\.taskID))
        for index in nodes.indices {
            guard let id = nodes[index].taskID else { continue }
            graph.nodes[index].state = metas[id]?.state ?? .pending
        }
        return graph
    }
}

extension CeleryApp {
    /// What the result store knows of these tasks.
    func metas(of ids: [String]) async throws -> [String: TaskMeta] {
        guard let first = ids.first else { return [:] }
        do {
            return try await resultBackend().fetch(ids, timeout: settings.brokerTimeout)
        } catch let error as TransportError {
            throw SendingErrors.backend(error, id: first)
        }
    }
}

/// Draws results as they are found.
private struct ResultGraphBuilder {
    var graph = WorkflowGraph()
    /// Nodes by their tasks' ids.
    private var nodes: [String: String] = [:]
    private var groups: Set<String> = []

    /// Adds what is new in it, behind the task that sent it. Returns the ids of the tasks that were not known before.
    mutating func add(_ tree: ResultTree, sentBy sender: String?) -> [String] {
        let new = add(tree, in: nil)
        guard let sender else { return new }
        var first = tree
        while let parent = first.parent { first = parent }
        graph.connect(names([sender]), names(entries(first)))
        return new
    }

    private mutating func add(_ tree: ResultTree, in group: String?) -> [String] {
        var new = tree.parent.map { add($0, in: group) } ?? []
        switch tree {
        case .task(let id, _):
            if nodes[id] == nil {
                nodes[id] = graph.addNode(id, taskID: id, group: group)
                new.append(id)
            }
        case .group(let id, _, let children):
            if groups.insert(id).inserted {
                let frame = graph.addGroup("group", in: group)
                for child in children { new += add(child, in: frame) }
            }
        }
        if let parent = tree.parent { graph.connect(names(parent.leaves), names(entries(tree)), group: group) }
        return new
    }

    /// The tasks with which it begins, apart from what is before it.
    private func entries(_ tree: ResultTree) -> [String] {
        guard case .group(_, _, let children) = tree else { return [tree.id] }
        return children.flatMap { child in
            var first = child
            while let parent = first.parent { first = parent }
            return entries(first)
        }
    }

    private func names(_ ids: [String]) -> [String] { ids.compactMap { nodes[$0] } }

    mutating func describe(_ ids: [String], _ metas: [String: TaskMeta]) {
        let described = Set(ids)
        for index in graph.nodes.indices {
            guard let id = graph.nodes[index].taskID, described.contains(id) else { continue }
            graph.nodes[index].state = metas[id]?.state ?? .pending
            if let name = metas[id]?.extended?.name { graph.nodes[index].label = name }
        }
    }
}
