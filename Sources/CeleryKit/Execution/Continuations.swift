//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire
import Logging

/// What follows a task when it ends: its callbacks and the next step of its chain, or its errbacks.
///
/// The ids of what it sends derive from the task's own, so that an attempt repeated after a crash sends nothing under a
/// new name. Source: `celery/app/trace.py`, `celery/backends/base.py`.
package struct Continuations: Sendable {
    let app: CeleryApp
    package let message: Message
    let body: TaskBody
    /// Whether they run in this process instead of being sent.
    var isEager = false

    package init(app: CeleryApp, message: Message, body: TaskBody) {
        self.app = app
        self.message = message
        self.body = body
    }

    /// Callbacks and the next chain step, with the result before their own arguments unless they are immutable.
    ///
    /// - Throws: Whatever keeps the next step from being sent. Nothing would ever end those that wait for the chain: the task has to
    ///   fail with it.
    func onSuccess(_ result: EncodedValue, context: TaskContext) throws -> CanvasPlan {
        let next = try nextStep(given: result)
        var plan = CanvasPlan()
        for (index, callback) in body.embed.callbacks.enumerated() {
            send(callback, input: result, salt: "callback/\(index)", context, into: &plan)
        }
        if let next {
            plan.append(next.plan)
            for child in next.result.asChildren { context.addChild(child) }
        }
        return plan
    }

    private func nextStep(given result: EncodedValue) throws -> (plan: CanvasPlan, result: ResultTree)? {
        guard var chain = body.embed.chain, let next = try chain.popNext() else { return nil }
        var following = CanvasNode.Continuation()
        following.chain = chain
        var origin = self.origin(salt: "chain")
        origin.input = result
        return try canvas.plan(try CanvasNode(next).attaching(following), from: origin)
    }

    /// Errbacks, in the form for tasks that live anywhere: called with the failed task's id. For a task that did not fail in this process;
    /// see ``onFailure(_:error:)``.
    package func onFailure() -> CanvasPlan { errbacks(body.embed.errbacks, of: message.headers.id) }

    /// Errbacks of a task that is not this one: of a chord's body, when its header has failed.
    package func errbacks(_ errbacks: [Signature], of id: String) -> CanvasPlan {
        var plan = CanvasPlan()
        for (index, errback) in errbacks.enumerated() {
            let input = EncodedValue(.string(id))
            send(errback, input: input, salt: "errback/\(id)/\(index)", nil, into: &plan)
        }
        return plan
    }

    /// The body of a chord whose parts have all succeeded; this task's was the last.
    ///
    /// - Throws: Whatever keeps it from being sent.
    package func chordBody(_ signature: Signature, groupID: String, results: EncodedValue) throws -> CanvasPlan {
        var origin = self.origin(salt: "body/\(groupID)")
        origin.input = results
        return try canvas.plan(CanvasNode(signature), from: origin).plan
    }

    /// The calls that will never run because this task failed: all that its chain still had to do.
    package func abandoned() -> [CanvasNode] {
        ((try? body.embed.chain?.signatures()) ?? []).reversed().flatMap { CanvasNode.calls(of: $0) }
    }

    /// A callback or errback that cannot be sent is logged and left out: it must not take the task's own outcome with it.
    private func send(
        _ signature: Signature,
        input: EncodedValue,
        salt: String,
        _ context: TaskContext?,
        into plan: inout CanvasPlan
    ) {
        var origin = self.origin(salt: salt)
        origin.input = input
        do {
            let (added, result) = try canvas.plan(try CanvasNode(signature), from: origin)
            plan.append(added)
            for child in result.asChildren { context?.addChild(child) }
        } catch {
            app.logger.error(
                "callback cannot be sent",
                metadata: ["celery.task.name": "\(signature.task)", "error": "\(error)"]
            )
        }
    }

    /// What runs in this process counts its chords itself.
    var canvas: CanvasSender {
        CanvasSender(app: app, polls: isEager || EagerSession.current != nil ? false : nil)
    }

    func origin(salt: String) -> CanvasOrigin {
        let id = message.headers.id
        return CanvasOrigin(
            parentID: id,
            rootID: message.headers.rootID ?? id,
            makeID: CanvasOrigin.derivedIDs(from: id, salt: salt)
        )
    }
}
