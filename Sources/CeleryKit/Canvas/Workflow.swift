//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

public import CeleryWire

/// Stands for the input of a workflow that is complete and can be sent, but not follow another step.
public enum Complete: Sendable, WorkflowStart {}

/// Stands for the input of a complete workflow that may follow any step, whose result it ignores.
public enum Independent: Sendable, WorkflowStart, FollowsAnything {}

/// Stands for the input of a task that lives elsewhere, of which nobody here knows what it takes.
public enum Unchecked: Sendable, WorkflowStart, FollowsAnything {}

/// An input without which a workflow can be sent: ``Complete``, ``Independent`` or ``Unchecked``.
public protocol WorkflowStart {}

/// An input of workflows that may follow any step: ``Independent`` or ``Unchecked``.
public protocol FollowsAnything {}

/// A complete call of one task.
public typealias TaskSignature<Output: Codable & Sendable> = Workflow<Complete, Output>

/// One call of a task, or several joined together, as a value: it can be kept, sent many times, or joined with others.
///
/// `Input` is what it takes from the step before it: that step's result; ``Complete`` when nothing is missing, as in
/// `add.s(2, 3)`; ``Independent`` when it takes nothing, as in `add.si(2, 3)`. `Output` is what it comes to.
public struct Workflow<Input, Output: Codable & Sendable>: Sendable {
    let app: CeleryApp
    package var node: CanvasNode
    /// Why it cannot be sent: an argument has no form on the wire. Thrown when it is sent.
    let failure: CeleryError?

    init(app: CeleryApp, node: CanvasNode, failure: CeleryError? = nil) {
        self.app = app
        self.node = node
        self.failure = failure
    }

    /// As it travels inside the messages of others, under Celery's names.
    ///
    /// - Throws: ``CeleryError`` `.encoding` for an argument that has no form on the wire.
    public func signature() throws -> Signature {
        if let failure { throw failure }
        return try SendingErrors.encoding("workflow") { () throws(WireError) in try node.wire() }
    }

    /// The same with something changed in each of its options, for Celery's `set`.
    func with(_ change: (inout CanvasNode) throws -> Void) -> Workflow {
        var copy = self
        do {
            try change(&copy.node)
            return copy
        } catch {
            let failure =
                error as? CeleryError
                ?? CeleryError(.encoding, "the workflow cannot be written: \(error)", cause: error)
            return Workflow(app: app, node: node, failure: self.failure ?? failure)
        }
    }
}

/// A workflow whose last step is a group: its result is an array, and may be looked at member by member.
///
/// What follows it is given the array, so that it becomes a chord.
public struct GroupWorkflow<Input, Element: Codable & Sendable>: Sendable {
    /// The same as any other workflow.
    public internal(set) var workflow: Workflow<Input, [Element]>

    init(_ workflow: Workflow<Input, [Element]>) { self.workflow = workflow }
}
