//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

extension Workflow {
    /// The same with an id for each of its tasks and groups, and the result that it is going to have: Celery's `freeze`.
    ///
    /// So ids can be stored, or shown in a picture, before anything is sent. Ids that it has already are kept, and sending keeps them
    /// all, here and from its ``signature()`` elsewhere. Send it once: a second time would run under the same ids. What runs in this
    /// process (`task_always_eager`) is known only to the result that sending returns.
    ///
    /// ```swift
    /// let (album, result) = try group(urls) { download.s($0) }.then(publish.s("holiday")).frozen()
    /// try await store(result.tuple)
    /// try await album.delay()
    /// ```
    /// - Throws: ``CeleryError`` `.encoding` for an argument that has no form on the wire.
    public func frozen() throws -> (workflow: Workflow, result: AsyncResult<Output>) {
        if let failure { throw failure }
        var frozen = self
        let tree = frozen.node.freeze(TaskID.random)
        return (frozen, AsyncResult(tree: tree, app: app))
    }
}

extension GroupWorkflow {
    /// As ``Workflow/frozen()``, with the results of its members.
    public func frozen() throws -> (workflow: GroupWorkflow, result: GroupResult<Element>) {
        let frozen = try workflow.frozen()
        return (GroupWorkflow(frozen.workflow), GroupResult(result: frozen.result))
    }
}

extension Workflow where Input: WorkflowStart {
    /// The same, taking nothing from the step before it, so that it may follow any: Celery's `set_immutable`.
    ///
    /// Of a chain it is the first step that takes nothing, of a group or chord each member.
    public func setImmutable() -> Workflow<Independent, Output> {
        var immutable = Workflow<Independent, Output>(app: app, node: node, failure: failure)
        immutable.node.setImmutable()
        return immutable
    }
}

extension GroupWorkflow where Input: WorkflowStart {
    /// As ``Workflow/setImmutable()``.
    public func setImmutable() -> GroupWorkflow<Independent, Element> {
        GroupWorkflow<Independent, Element>(workflow.setImmutable())
    }
}

extension CanvasNode {
    /// Lets those take nothing that would take the result of the step before.
    ///
    /// It is said of them and not of what they are a part of, since that may become a part of something else.
    mutating func setImmutable() {
        switch shape {
        case .call: signature.immutable = true
        case .chain(var steps):
            guard !steps.isEmpty else { return }
            steps[0].setImmutable()
            shape = .chain(steps)
        case .group(var members):
            for index in members.indices { members[index].setImmutable() }
            shape = .group(members)
        case .chord(var header, let body):
            header.setImmutable()
            shape = .chord(header: header, body: body)
        }
    }
}
