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

    package init(app: CeleryApp, message: Message, body: TaskBody) {
        self.app = app
        self.message = message
        self.body = body
    }

    /// Callbacks and the next chain step, with the result before their own arguments unless they are immutable.
    func onSuccess(_ result: EncodedValue, context: TaskContext) -> CanvasPlan {
        var plan = CanvasPlan()
        for (index, callback) in body.embed.callbacks.enumerated() {
            send(callback, following: nil, input: result, salt: "callback/\(index)", context, into: &plan)
        }
        if var chain = body.embed.chain {
            do {
                guard let next = try chain.popNext() else { return plan }
                send(next, following: chain, input: result, salt: "chain", context, into: &plan)
            } catch {
                logCannotSend("the next step of a chain", error)
            }
        }
        return plan
    }

    /// Errbacks, in the form for tasks that live anywhere: called with the failed task's id. For a task that did not fail in this process;
    /// see ``onFailure(_:error:)``.
    package func onFailure() -> CanvasPlan { errbacks(body.embed.errbacks, of: message.headers.id) }

    /// Errbacks of a task that is not this one: of a chord's body, when its header has failed.
    package func errbacks(_ errbacks: [Signature], of id: String) -> CanvasPlan {
        var plan = CanvasPlan()
        for (index, errback) in errbacks.enumerated() {
            let input = EncodedValue(.string(id))
            send(errback, following: nil, input: input, salt: "errback/\(id)/\(index)", nil, into: &plan)
        }
        return plan
    }

    /// The body of a chord whose parts have all succeeded; this task's was the last.
    ///
    /// - Throws: Whatever keeps it from being sent.
    package func chordBody(_ signature: Signature, groupID: String, results: EncodedValue) throws -> CanvasPlan {
        var origin = self.origin(salt: "body/\(groupID)")
        origin.input = results
        return try CanvasSender(app: app).plan(CanvasNode(signature), from: origin).plan
    }

    /// The calls that will never run because this task failed: all that its chain still had to do.
    package func abandoned() -> [CanvasNode] {
        ((try? body.embed.chain?.signatures()) ?? []).reversed().flatMap { (try? CanvasNode($0).pushed())?.calls ?? [] }
    }

    /// A signature that cannot be sent is logged and left out: it must not take the task's own outcome with it.
    private func send(
        _ signature: Signature,
        following: ChainSteps?,
        input: EncodedValue,
        salt: String,
        _ context: TaskContext?,
        into plan: inout CanvasPlan
    ) {
        var origin = self.origin(salt: salt)
        origin.input = input
        do {
            var node = try CanvasNode(signature)
            if let following {
                var more = CanvasNode.Continuation()
                more.chain = following
                node = try node.attaching(more)
            }
            let (added, result) = try CanvasSender(app: app).plan(node, from: origin)
            plan.append(added)
            for child in result.asChildren { context?.addChild(child) }
        } catch {
            logCannotSend(signature.task, error)
        }
    }

    private func logCannotSend(_ task: String, _ error: any Error) {
        app.logger.error("callback cannot be sent", metadata: ["celery.task.name": "\(task)", "error": "\(error)"])
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
