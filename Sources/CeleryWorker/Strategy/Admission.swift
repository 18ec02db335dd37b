//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

/// Decides about one delivery before it reaches the pool. Pure: everything it needs is passed in.
///
/// Source: `celery/worker/strategy.py` and `request.py`.
struct Admission {
    /// What becomes of a delivery.
    enum Decision {
        /// It may run.
        case run(AdmittedTask)
        /// It goes back to its queue until then.
        case postpone(Message, Timestamp)
        /// It ends here.
        case end(Ending)
    }

    let app: CeleryApp
    let codec: WireCodec
    let settings: CelerySettings
    let hostname: String
    let canDelay: Bool
    /// How those are acknowledged that may start without a mark.
    var starts: AcknowledgementMode?

    func decide(_ delivery: Delivery, isRevoked: Bool, now: Timestamp) -> Decision {
        let message: Message
        switch delivery.content {
        case .message(let decoded): message = decoded
        case .malformed(_, let error):
            return .end(Ending(nil, .deadLetter(DeadLetterReason("malformed", error.description))))
        }
        let headers = message.headers
        let task = app.registeredTask(headers.task)
        let policy = TaskPolicy(options: task?.options ?? TaskOptions(), headers: headers, settings: settings)
        // Before it is asked who knows the task: whoever is left hears of a death, and what began is not to begin again.
        if delivery.kind == .obituary {
            let text = "Worker exited prematurely: it died while the task ran (acknowledged early)."
            return .end(Ending(message, .acknowledge, .workerLost(text), policy: policy))
        }
        guard task != nil else {
            let known = app.registeredTaskNames.joined(separator: ", ")
            let detail = "no task \"\(headers.task)\" is registered; there are: \(known)"
            return .end(
                Ending(message, .deadLetter(DeadLetterReason("unregistered", detail)), .notRegistered(headers.task))
            )
        }
        if delivery.deaths >= settings.taskMaxWorkerDeaths {
            let text = "Worker exited prematurely \(delivery.deaths) times while the task ran."
            return .end(
                Ending(message, .deadLetter(DeadLetterReason("poison", text)), .workerLost(text), policy: policy)
            )
        }
        if let ending = contentProblem(message, policy) { return .end(ending) }
        if isRevoked { return .end(Ending(message, .acknowledge, revoked: "revoked", policy: policy)) }
        switch expiry(headers, now: now) {
        case .invalid(let text):
            return .end(Ending(message, .deadLetter(DeadLetterReason("invalid", text)), .invalid(text), policy: policy))
        case .passed: return .end(Ending(message, .acknowledge, revoked: "expired", policy: policy))
        case .open: break
        }
        if let eta = headers.eta {
            guard let due = Timestamp(iso8601: eta) else {
                let text = "the header eta is \"\(eta)\", which is not an ISO 8601 time"
                return .end(
                    Ending(message, .deadLetter(DeadLetterReason("invalid", text)), .invalid(text), policy: policy)
                )
            }
            if due > now, canDelay { return .postpone(message, due) }
        }
        let request = TaskRequest(
            message: message,
            queue: delivery.queue,
            redelivered: delivery.redelivered,
            attempt: delivery.attempt,
            hostname: hostname
        )
        return .run(
            AdmittedTask(
                tag: delivery.tag,
                request: request,
                policy: policy,
                deaths: delivery.deaths,
                isPermitted: delivery.isPermitted && starts == policy.mode
            )
        )
    }

    private func contentProblem(_ message: Message, _ policy: TaskPolicy) -> Ending? {
        guard !codec.accepts(contentType: message.contentType) else { return nil }
        let accepted = codec.acceptContent.joined(separator: ", ")
        let text = "content type \"\(message.contentType)\" is not accepted (accept_content: \(accepted))"
        return Ending(
            message,
            .deadLetter(DeadLetterReason("content-disallowed", text)),
            ExceptionInfo(type: "ContentDisallowed", arguments: [.string(text)], module: "kombu.exceptions"),
            policy: policy
        )
    }

    private enum Expiry {
        case open
        case passed
        case invalid(String)
    }

    private func expiry(_ headers: TaskHeaders, now: Timestamp) -> Expiry {
        guard let expires = headers.expires else { return .open }
        guard let moment = Timestamp(iso8601: expires) else {
            return .invalid("the header expires is \"\(expires)\", which is not an ISO 8601 time")
        }
        return moment < now ? .passed : .open
    }
}

extension ExceptionInfo {
    static func invalid(_ text: String) -> ExceptionInfo {
        ExceptionInfo(type: "InvalidTaskError", arguments: [.string(text)], module: "celery.exceptions")
    }
}

/// A task that may run, waiting for a slot. A class: it passes through several queues, and a message is large to copy.
final class AdmittedTask: Sendable {
    let tag: DeliveryTag
    let request: TaskRequest
    let policy: TaskPolicy
    let deaths: Int
    /// Whether the store knows that it may start: to start it takes no mark.
    let isPermitted: Bool

    init(tag: DeliveryTag, request: TaskRequest, policy: TaskPolicy, deaths: Int, isPermitted: Bool = false) {
        self.isPermitted = isPermitted
        self.tag = tag
        self.request = request
        self.policy = policy
        self.deaths = deaths
    }

    /// The same, to be started with a mark: it was refused a start without.
    var withoutPermit: AdmittedTask {
        isPermitted ? AdmittedTask(tag: tag, request: request, policy: policy, deaths: deaths) : self
    }
}

/// A delivery that ends without a run.
struct Ending: Sendable {
    /// Nil when no message could be made of the bytes.
    var message: Message?
    var disposition: Settlement.Disposition
    /// FAILURE is stored with this.
    var failure: ExceptionInfo?
    /// REVOKED is stored with this reason.
    var revoked: String?
    var policy: TaskPolicy?

    init(
        _ message: Message?,
        _ disposition: Settlement.Disposition,
        _ failure: ExceptionInfo? = nil,
        revoked: String? = nil,
        policy: TaskPolicy? = nil
    ) {
        self.message = message
        self.disposition = disposition
        self.failure = failure
        self.revoked = revoked
        self.policy = policy
    }

    /// Whether there is nothing more to it: the task has succeeded before.
    var isDone: Bool { disposition == .acknowledge && failure == nil && revoked == nil }
}

extension WireCodec {
    /// Whether a body of that content type may be decoded: its serializer is known and in `accept_content`.
    func accepts(contentType: String) -> Bool {
        serializers.contains { serializer in
            serializer.contentType == contentType
                && (acceptContent.contains(serializer.name) || acceptContent.contains(contentType))
        }
    }
}
