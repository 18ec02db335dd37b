//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Synchronization

/// The workflows that have a name.
final class WorkflowRegistry: Sendable {
    private let makers = Mutex<[String: @Sendable () throws -> WorkflowGraph]>([:])

    var names: [String] { makers.withLock { $0.keys.sorted() } }

    func graph(of name: String) throws -> WorkflowGraph? { try makers.withLock { $0[name] }?() }

    func register(_ name: String, _ make: @escaping @Sendable () throws -> WorkflowGraph) {
        makers.withLock { $0[name] = make }
    }
}

extension CeleryApp {
    /// Gives a workflow a name, under which `celery graph workflow NAME` draws it. A later one of the same name takes its place.
    public func workflow<Input, Output>(
        _ name: String,
        _ make: @escaping @Sendable () throws -> Workflow<Input, Output>
    ) { workflows.register(name) { try make().graph() } }

    /// Gives a workflow that ends in a group a name; see ``workflow(_:_:)``.
    public func workflow<Input, Element>(
        _ name: String,
        _ make: @escaping @Sendable () throws -> GroupWorkflow<Input, Element>
    ) { workflows.register(name) { try make().graph() } }

    /// Names of the workflows that have one, sorted.
    public var namedWorkflows: [String] { workflows.names }

    /// The picture of a workflow that has a name; nil when there is none of that name.
    ///
    /// - Throws: As ``Workflow/graph()``, and what the closure throws.
    public func graph(ofWorkflow name: String) throws -> WorkflowGraph? { try workflows.graph(of: name) }
}
