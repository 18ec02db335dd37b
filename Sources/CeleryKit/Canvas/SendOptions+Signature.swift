//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

extension SendOptions {
    /// The options of a signature under Celery's names. What `overriding` says comes before them, but for the task's id.
    package init(_ options: CeleryObject, overriding: SendOptions = SendOptions()) {
        self = overriding
        guard !options.isEmpty else { return }
        for (name, value) in options.members { set(name, value) }
        guard case .array(let names)? = options["stamped_headers"] else { return }
        for case .string(let name) in names { stamps[name] = options[name] ?? stamps[name] }
    }

    /// The options as a signature has them, under Celery's names. What a signature cannot say is left out: how publishing is
    /// tried again, further properties, what the worker fills in.
    var signatureOptions: CeleryObject {
        var options = CeleryObject()
        func put(_ name: String, _ value: CeleryValue?) { if let value { options[name] = value } }
        put("task_id", taskID.map { .string($0) })
        put("countdown", countdown.map { .double($0.inSeconds) })
        put("eta", eta.map { .string($0.iso8601) })
        put("expires", expires.map { .double($0.inSeconds) } ?? expiresAt.map { .string($0.iso8601) })
        for (name, text) in [
            ("queue", queue), ("exchange", exchange), ("routing_key", routingKey), ("serializer", serializer),
            ("compression", compression), ("shadow", shadow), ("reply_to", replyTo), ("root_id", rootID),
            ("parent_id", parentID),
        ] { put(name, text.map { .string($0) }) }
        put("priority", priority.map { .int($0) })
        put("delivery_mode", deliveryMode.map { .int($0) })
        put("time_limit", timeLimit.map { .double($0.inSeconds) })
        put("soft_time_limit", softTimeLimit.map { .double($0.inSeconds) })
        put("ignore_result", ignoreResult.map { .bool($0) })
        if !headers.isEmpty { options["headers"] = .object(headers) }
        if !stamps.isEmpty {
            for (name, value) in stamps.members { options[name] = value }
            options["stamped_headers"] = .array(stamps.members.map { .string($0.0) })
        }
        return options
    }

    private mutating func set(_ name: String, _ value: CeleryValue) {
        switch name {
        case "task_id": taskID = value.text ?? taskID
        case "countdown": countdown = countdown ?? value.number.map { .bounded(seconds: $0) }
        case "eta": eta = eta ?? value.time
        case "expires":
            expires = expires ?? value.number.map { .bounded(seconds: $0) }
            expiresAt = expiresAt ?? value.time
        case "queue": queue = queue ?? value.text
        case "exchange": exchange = exchange ?? value.text
        case "routing_key": routingKey = routingKey ?? value.text
        case "priority": priority = priority ?? value.number.flatMap { Int(whole: $0) }
        case "serializer": serializer = serializer ?? value.text
        case "compression": compression = compression ?? value.text
        case "delivery_mode": deliveryMode = deliveryMode ?? value.number.flatMap { Int(whole: $0) }
        case "time_limit": timeLimit = timeLimit ?? value.number.map { .bounded(seconds: $0) }
        case "soft_time_limit": softTimeLimit = softTimeLimit ?? value.number.map { .bounded(seconds: $0) }
        case "ignore_result": ignoreResult = ignoreResult ?? value.flag
        case "shadow": shadow = shadow ?? value.text
        case "reply_to": replyTo = replyTo ?? value.text
        case "root_id": rootID = rootID ?? value.text
        case "parent_id": parentID = parentID ?? value.text
        case "replaced_task_nesting":
            replacedTaskNesting = value.number.flatMap { Int(whole: $0) } ?? replacedTaskNesting
        case "headers":
            if case .object(let object) = value {
                for (key, value) in object.members where headers[key] == nil { headers[key] = value }
            }
        default: break
        }
    }
}

extension CeleryValue {
    /// A text that names a time, or one that came tagged as one.
    fileprivate var time: Timestamp? {
        switch self {
        case .string(let text), .datetime(let text): Timestamp(iso8601: text)
        default: nil
        }
    }
    var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }
}
