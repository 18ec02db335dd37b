//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
package import CeleryWire

/// The later part of a long chain, kept in the result backend once instead of in the messages of all that comes before it.
///
/// A call of `celery.chain_rest` stands for it at the end of what travels, under the id of what the chain comes to: where the chain
/// gets there, the task replaces itself by what is stored. See docs/decisions/0017-long-chains-by-reference.md.
package struct ChainRest {
    static let taskName = "celery.chain_rest"

    /// The id under which what follows is stored.
    package var block: String

    /// - Returns: Nil for every task but `celery.chain_rest`.
    package init?(task: String, arguments: [EncodedValue]) {
        guard task == Self.taskName, let block = try? arguments.last?.decode(as: String.self) else { return nil }
        self.block = block
    }

    /// - Returns: Nil for every call but one of `celery.chain_rest`.
    package init?(_ call: CanvasNode) {
        guard case .call = call.shape else { return nil }
        self.init(task: call.signature.task, arguments: call.signature.arguments)
    }

    /// What a result backend holds under ``block``.
    ///
    /// - Throws: ``WireError`` when it is no workflow.
    package static func workflow(in meta: TaskMeta) throws -> CanvasNode {
        guard case .value(let value) = meta.outcome else {
            throw WireError(.malformed, "the rest of a chain, \(meta.taskID), is not a workflow")
        }
        return try CanvasNode(Signature(value.value()))
    }

    /// `celery.chain_rest`: the workflow that runs in its place, given what the step before it returned.
    static func replacement(for body: TaskBody, _ context: TaskContext) async throws -> Replacement {
        guard let block = try body.arguments.last?.decode(as: String.self) else {
            throw ArgumentError("\(taskName)() missing 1 required argument: 'block'")
        }
        let metas: [String: TaskMeta]
        do {
            metas = try await context.app.resultBackend().fetch([block], timeout: context.app.settings.brokerTimeout)
        } catch let error as TransportError where error.isTransient {
            throw Retry(countdown: .seconds(1), maxRetries: .max, cause: error)
        }
        guard let meta = metas[block] else {
            throw CeleryError(
                .misconfigured,
                "the rest of the chain is not in the result store any more: it was kept there for result_expires; "
                    + "chains that take longer need a longer one, or task_chain_inline_limit = null"
            )
        }
        let input = body.arguments.count > 1 ? body.arguments[0] : nil
        return Replacement(node: try workflow(in: meta), failure: nil, input: input, isStandIn: true)
    }
}
