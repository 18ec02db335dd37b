//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryCore
package import CeleryWire
import Logging

/// What is to be sent when a task ends: its callbacks and the next step of its chain, or its errbacks.
///
/// The ids of what it sends derive from the task's own, so that an attempt repeated after a crash sends nothing under a
/// new name. Source: `celery/app/trace.py`, `celery/backends/base.py`.
package struct Continuations: Sendable {
    let app: CeleryApp
    let message: Message
    let body: TaskBody

    package init(app: CeleryApp, message: Message, body: TaskBody) {
        self.app = app
        self.message = message
        self.body = body
    }

    /// Callbacks and the next chain step, with the result before their own arguments unless they are immutable.
    func onSuccess(_ result: EncodedValue, context: TaskContext) -> [OutgoingMessage] {
        guard !body.embed.callbacks.isEmpty || body.embed.chain?.isEmpty == false else { return [] }
        var outgoing: [OutgoingMessage] = []
        for (index, callback) in body.embed.callbacks.enumerated() {
            outgoing.append(contentsOf: build(callback, prepending: result, salt: "callback/\(index)"))
        }
        if var chain = body.embed.chain, let next = chain.popLast() {
            outgoing.append(contentsOf: build(next, prepending: result, salt: "chain", chain: chain))
        }
        for message in outgoing { context.addChild(message.message.headers.id) }
        return outgoing
    }

    /// Errbacks, in the form for tasks that live anywhere: called with the failed task's id.
    package func onFailure() -> [OutgoingMessage] {
        let id = EncodedValue(.string(message.headers.id))
        return body.embed.errbacks.enumerated()
            .flatMap { index, errback in
                build(errback, prepending: id, salt: "errback/\(index)")
            }
    }

    /// A signature that cannot be sent is logged and left out: it must not take the task's own outcome with it.
    private func build(
        _ signature: Signature,
        prepending value: EncodedValue,
        salt: String,
        chain: [Signature]? = nil
    ) -> [OutgoingMessage] {
        let options = signature.options
        do {
            let sendOptions = SendOptions(
                taskID: options["task_id"]?.text ?? TaskID.derived(from: message.headers.id, salt: salt),
                countdown: options["countdown"]?.number.map { .seconds($0) },
                eta: options["eta"]?.text.flatMap { Timestamp(iso8601: $0) },
                expires: options["expires"]?.number.map { .seconds($0) },
                expiresAt: options["expires"]?.text.flatMap { Timestamp(iso8601: $0) },
                queue: options["queue"]?.text,
                exchange: options["exchange"]?.text,
                routingKey: options["routing_key"]?.text,
                priority: options["priority"]?.number.map { Int($0) },
                serializer: options["serializer"]?.text,
                compression: options["compression"]?.text,
                timeLimit: options["time_limit"]?.number.map { .seconds($0) },
                softTimeLimit: options["soft_time_limit"]?.number.map { .seconds($0) },
                ignoreResult: options["ignore_result"]?.flag,
                shadow: options["shadow"]?.text,
                parentID: message.headers.id,
                rootID: message.headers.rootID ?? message.headers.id,
                groupID: options["group_id"]?.text,
                groupIndex: options["group_index"]?.number.map { Int($0) },
                replyTo: options["reply_to"]?.text
            )
            let embed = TaskBody.Embed(
                callbacks: try Signature.list(options["link"]),
                errbacks: try Signature.list(options["link_error"]),
                chain: chain
            )
            let arguments = signature.immutable ? signature.arguments : [value] + signature.arguments
            return [
                try app.sender.build(
                    task: signature.task,
                    body: TaskBody(arguments: arguments, keywords: signature.keywords, embed: embed),
                    taskOptions: app.options(of: signature.task),
                    options: sendOptions
                )
            ]
        } catch {
            app.logger.error(
                "callback cannot be sent",
                metadata: ["celery.task.name": "\(signature.task)", "error": "\(error)"]
            )
            return []
        }
    }
}

extension CeleryValue {
    var text: String? { if case .string(let text) = self { text } else { nil } }
    var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }
}

extension Signature {
    /// One signature or a list of them, from a plain value.
    static func list(_ value: CeleryValue?) throws(WireError) -> [Signature] {
        switch value {
        case nil, .null?: return []
        case .array(let values)?:
            var list: [Signature] = []
            for value in values { list.append(try Signature(value)) }
            return list
        case let value?: return [try Signature(value)]
        }
    }
}
