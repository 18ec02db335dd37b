//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

/// The call that a task wants to be run as the next time.
struct RetriedCall: Sendable {
    var node: CanvasNode
    /// Why it cannot be: an argument has no form on the wire.
    var failure: CeleryError?
}

extension Retry {
    /// The message of the next run as the task wants it.
    ///
    /// - Throws: ``CeleryError`` `.queueNotFound`, `.misconfigured` for a call of another task, `.encoding`.
    func redirected(_ outgoing: OutgoingMessage, body: TaskBody, app: CeleryApp) throws -> OutgoingMessage {
        var outgoing = outgoing
        let task = outgoing.message.headers.task
        if let queue {
            do throws(RoutingError) {
                outgoing.message.properties.routingKey = try app.router.queue(named: queue, for: task).name
            } catch {
                throw CeleryError(.queueNotFound, error.message, taskName: task, cause: error)
            }
        }
        outgoing.message.properties.priority = priority ?? outgoing.message.properties.priority
        guard let call else { return outgoing }
        if let failure = call.failure { throw failure }
        guard call.node.isCall, call.node.signature.task == task else {
            throw CeleryError(
                .misconfigured,
                "\(task): a retry takes a call of the task itself, and this is one of \(call.node.signature.task)",
                taskName: task
            )
        }
        var body = body
        (body.arguments, body.keywords) = (call.node.signature.arguments, call.node.signature.keywords)
        let levels = app.settings.taskReprMaxLevels
        outgoing.message.headers.argsRepr = PythonRepr.arguments(body.arguments, maxLevels: levels)
        outgoing.message.headers.kwargsRepr = PythonRepr.keywords(body.keywords, maxLevels: levels)
        try SendingErrors.encoding(task) {
            try app.codec.encode(
                body,
                into: &outgoing.message,
                serializer: outgoing.message.contentType,
                compression: outgoing.message.headers.compression
            )
        }
        return outgoing
    }
}
