//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

extension Workflow {
    /// Adds a step that is given what this comes to, before the arguments of its own.
    public func then<Next>(_ step: Workflow<Output, Next>) -> Workflow<Input, Next> { joined(step) }

    /// Adds a step that takes nothing from this one.
    public func then<Other: FollowsAnything, Next>(_ step: Workflow<Other, Next>) -> Workflow<Input, Next> {
        joined(step)
    }

    /// Adds a group; each of its members is given what this comes to.
    public func then<Next>(_ step: GroupWorkflow<Output, Next>) -> GroupWorkflow<Input, Next> {
        GroupWorkflow(joined(step.workflow))
    }

    /// Adds a group whose members take nothing from this step.
    public func then<Other: FollowsAnything, Next>(_ step: GroupWorkflow<Other, Next>) -> GroupWorkflow<Input, Next> {
        GroupWorkflow(joined(step.workflow))
    }

    func joined<Step, Next>(_ step: Workflow<Step, Next>) -> Workflow<Input, Next> {
        Workflow<Input, Next>(
            app: app === CeleryApp.nowhere ? step.app : app,
            node: .chain([node, step.node]),
            failure: failure ?? step.failure
        )
    }

    /// Adds a task that is called with this one's result when it succeeds; of a chain its last step's, of a group its first
    /// member's.
    public func link<Next>(_ callback: Workflow<Output, Next>) -> Workflow { linking(callback) }

    /// Adds a task that is called, with nothing but its own arguments, when this succeeds.
    public func link<Other: FollowsAnything, Next>(_ callback: Workflow<Other, Next>) -> Workflow { linking(callback) }

    /// The same as `link(_:)`.
    public func onSuccess<Next>(_ callback: Workflow<Output, Next>) -> Workflow { linking(callback) }

    /// Adds a task that is called with the id of whatever task of this fails.
    public func linkError<Next>(_ errback: Workflow<String, Next>) -> Workflow { linkingError(errback) }

    /// Adds a task that is called, with nothing but its own arguments, when a task of this fails.
    public func linkError<Other: FollowsAnything, Next>(_ errback: Workflow<Other, Next>) -> Workflow {
        linkingError(errback)
    }

    /// Adds an errback that is given whatever task of this fails; see ``CeleryApp/errback(_:parameters:options:_:)``.
    public func linkError(_ errback: Workflow<FailedTask, NoOutput>) -> Workflow { linkingError(errback) }

    /// The same as `linkError(_:)`.
    public func onError<Next>(_ errback: Workflow<String, Next>) -> Workflow { linkingError(errback) }

    /// The same as `linkError(_:)`.
    public func onError(_ errback: Workflow<FailedTask, NoOutput>) -> Workflow { linkingError(errback) }

    /// The same as `linkError(_:)`.
    public func onError<Other: FollowsAnything, Next>(_ errback: Workflow<Other, Next>) -> Workflow {
        linkingError(errback)
    }

    private func linking<Step, Next>(_ callback: Workflow<Step, Next>) -> Workflow {
        with { node in
            var more = CanvasNode.Continuation()
            more.callbacks = [try callback.linkable()]
            node = try node.attaching(more)
        }
    }

    private func linkingError<Step, Next>(_ errback: Workflow<Step, Next>) -> Workflow {
        with { node in
            var more = CanvasNode.Continuation()
            more.errbacks = [try errback.linkable()]
            node = try node.attaching(
                more,
                errbacksOnHeader: app.configuration.settings.taskAllowErrorCallbackOnChordHeader
            )
        }
    }

    /// As a callback travels: with the queue that the task's options name, since nobody else knows them.
    func linkable() throws -> Signature {
        if let failure { throw failure }
        return try CanvasSender(app: app).routed(node).wire()
    }
}

extension GroupWorkflow {
    /// Adds a step that is given the array of the members' results, in the group's order: a chord.
    public func then<Next>(_ step: Workflow<[Element], Next>) -> Workflow<Input, Next> { workflow.joined(step) }

    /// Adds a step that begins when all members have succeeded.
    public func then<Other: FollowsAnything, Next>(_ step: Workflow<Other, Next>) -> Workflow<Input, Next> {
        workflow.joined(step)
    }

    /// Adds a group; each of its members is given the array of the results.
    public func then<Next>(_ step: GroupWorkflow<[Element], Next>) -> GroupWorkflow<Input, Next> {
        GroupWorkflow<Input, Next>(workflow.joined(step.workflow))
    }

    /// Adds a group that begins when all members have succeeded.
    public func then<Other: FollowsAnything, Next>(_ step: GroupWorkflow<Other, Next>) -> GroupWorkflow<Input, Next> {
        GroupWorkflow<Input, Next>(workflow.joined(step.workflow))
    }

    /// Adds a task that is called, with nothing but its own arguments, as soon as the first member succeeds; the others may not
    /// have ended then, or fail. As in Celery. For a task that is called when all have succeeded use `then(_:)`.
    public func link<Other: FollowsAnything, Next>(_ callback: Workflow<Other, Next>) -> GroupWorkflow {
        GroupWorkflow(workflow.link(callback))
    }

    /// Adds a task that is called, with nothing but its own arguments, for every member that fails.
    public func linkError<Other: FollowsAnything, Next>(_ errback: Workflow<Other, Next>) -> GroupWorkflow {
        GroupWorkflow(workflow.linkError(errback))
    }

    /// The same as `linkError(_:)`.
    public func onError<Other: FollowsAnything, Next>(_ errback: Workflow<Other, Next>) -> GroupWorkflow {
        linkError(errback)
    }

    /// Adds a task that is called with the id of whatever member fails.
    public func linkError<Next>(_ errback: Workflow<String, Next>) -> GroupWorkflow {
        GroupWorkflow(workflow.linkError(errback))
    }

    /// Adds an errback that is given whatever member fails.
    public func linkError(_ errback: Workflow<FailedTask, NoOutput>) -> GroupWorkflow {
        GroupWorkflow(workflow.linkError(errback))
    }

    /// The same as `linkError(_:)`.
    public func onError<Next>(_ errback: Workflow<String, Next>) -> GroupWorkflow { linkError(errback) }

    /// The same as `linkError(_:)`.
    public func onError(_ errback: Workflow<FailedTask, NoOutput>) -> GroupWorkflow { linkError(errback) }
}
