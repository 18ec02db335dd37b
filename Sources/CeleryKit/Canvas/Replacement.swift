//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// Thrown by a task to let a workflow run in its place; made by `TaskContext.replace(with:)`.
public struct Replacement: Error, Sendable {
    var node: CanvasNode
    let failure: CeleryError?
    /// Given to its first tasks.
    var input: EncodedValue?
    /// Whether it is what a task stood for that was no step of its own, as ``ChainRest`` is.
    var isStandIn = false
}

extension TaskContext {
    /// Makes the error that lets a workflow run in this task's place: `throw context.replace(with: add.s(2, 3))`.
    ///
    /// What the workflow comes to is this task's result, under this task's id; what followed this task follows it. A group gives
    /// the array of its members' results.
    public func replace<Input: WorkflowStart, Output>(with workflow: Workflow<Input, Output>) -> Replacement {
        Replacement(node: workflow.node, failure: workflow.failure)
    }

    /// As ``replace(with:)``, for a group.
    public func replace<Input: WorkflowStart, Element>(with group: GroupWorkflow<Input, Element>) -> Replacement {
        replace(with: group.workflow)
    }

    /// Adds a part to the chord that this task is a part of: its body is given one result more, beside this task's.
    ///
    /// What a task adds when it runs again after its worker's death takes the place of what it has added before, in the same order: it
    /// counts once. Another retry adds anew, as in Celery.
    ///
    /// One that cannot be written or routed adds nothing. When the broker fails, nobody knows whether the part was sent: the chord waits
    /// for it until this task has failed, be it by the death of its process; then it counts as failed too. A task that is acknowledged late
    /// should be given back (``Reject`` with `requeue`) instead, to send it again.
    ///
    /// - Throws: ``CeleryError``: `.misconfigured` when the task is no part of a chord; as ``Workflow/applyAsync(_:)``.
    @discardableResult
    public func addToChord<Input: WorkflowStart, Output>(
        _ workflow: Workflow<Input, Output>
    ) async throws -> AsyncResult<Output> {
        if let failure = workflow.failure { throw failure }
        guard let chord = body.embed.chord, let groupID else {
            throw CeleryError(.misconfigured, "task \(task)[\(id)] is no part of a chord: nothing can be added to it")
        }
        var place = CanvasNode.Continuation()
        place.chord = chord
        place.groupID = groupID
        place.groupIndex = groupIndex
        var node = try workflow.node.attaching(place)
        if let session = EagerSession.current {
            session.chords.extend(groupID, by: node.size)
            return try await app.sender.runEagerly(node)
        }
        let number = nextAddition()
        // An id that it was given is kept.
        _ = node.freeze(CanvasOrigin.derivedIDs(from: id, salt: "add/\(retries)/\(number)"))
        let parts = try node.pushed().calls
            .filter { $0.continuation.chord != nil && $0.continuation.groupID == groupID }
            .compactMap { call in call.id.map { ChordAddition.Part(taskID: $0, index: call.continuation.groupIndex) } }
        let addition = ChordAddition(adder: id, attempt: retries, number: number, parts: parts).text
        // The chord waits for nothing that could not be built.
        return try await app.sender.send(node, options: SendOptions(), isRepeated: redelivered || attempt > 1) {
            try await extend(groupID, by: node.size, as: addition)
        }
    }

    private func extend(_ groupID: String, by count: Int, as addition: String) async throws {
        do {
            let backend = try await app.resultBackend()
            guard let store = backend.chords else {
                throw TransportError(.unsupported, "\(backend.location) cannot count the parts of a chord")
            }
            try await store.extend(groupID, by: count, as: addition, timeout: app.settings.brokerTimeout)
        } catch let error as TransportError {
            throw SendingErrors.backend(error, id: id)
        }
    }
}

extension Continuations {
    /// The workflow that runs in the task's place: it ends under the task's id, and is followed by what followed the task.
    ///
    /// - Throws: ``ImproperReplacement`` for one that would end nothing, and for one that has a place in a chord already.
    func replacing(with replacement: Replacement) throws -> CanvasPlan {
        if let failure = replacement.failure { throw failure }
        var node = replacement.node
        if !replacement.isStandIn, node.continuation.chord != nil {
            throw ImproperReplacement(reason: "what replaces a task must not be a part of a chord")
        }
        if node.endsInGroup {
            var gather = Signature(task: "celery.accumulate")
            gather.keywords = [TaskBody.Keyword("index", EncodedValue(.int(0)))]
            node = .chain([node, CanvasNode(call: gather)])
        }
        let nothing = ImproperReplacement(reason: "a task cannot be replaced by an empty chain: nothing would end it")
        guard node.size > 0 else { throw nothing }
        node.last(is: message.headers.id)
        var following = CanvasNode.Continuation()
        following.chain = body.embed.chain
        following.chord = body.embed.chord
        following.groupID = message.headers.group
        following.groupIndex = message.headers.groupIndex
        following.callbacks = body.embed.callbacks
        following.errbacks = body.embed.errbacks
        var origin = origin(salt: "replace/\(message.headers.replacedTaskNesting)")
        origin.input = replacement.input
        if replacement.isStandIn { origin.parentID = message.headers.parentID ?? origin.parentID }
        origin.options.replacedTaskNesting = message.headers.replacedTaskNesting.next
        let plan = try canvas.plan(try node.attaching(following), from: origin).plan
        guard !plan.messages.isEmpty else { throw nothing }
        return plan
    }
}

/// A task asked to be replaced by what cannot take its place.
struct ImproperReplacement: CeleryErrorConvertible {
    var reason: String

    var exceptionInfo: ExceptionInfo {
        ExceptionInfo(type: "ImproperlyConfigured", arguments: [.string(reason)], module: "celery.exceptions")
    }
}
