//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire

extension FrameEncoder {
    mutating func message(_ message: Message) {
        headers(message.headers)
        properties(message.properties)
        string(message.contentType)
        string(message.contentEncoding)
        blob(message.body)
    }

    private mutating func headers(_ headers: TaskHeaders) {
        string(headers.task)
        string(headers.id)
        string(headers.lang)
        optional(headers.shadow)
        optional(headers.eta)
        optional(headers.expires)
        optional(headers.group)
        optional(headers.groupIndex) { $0.int($1) }
        int(headers.retries)
        optional(headers.timeLimit.hard) { $0.double($1) }
        optional(headers.timeLimit.soft) { $0.double($1) }
        optional(headers.rootID)
        optional(headers.parentID)
        optional(headers.argsRepr)
        optional(headers.kwargsRepr)
        optional(headers.origin)
        optional(headers.ignoreResult) { $0.bool($1) }
        int(headers.replacedTaskNesting)
        optional(headers.stampedHeaders) { $0.list($1) { $0.string($1) } }
        object(headers.stamps)
        optional(headers.compression)
        object(headers.custom)
    }

    private mutating func properties(_ properties: MessageProperties) {
        optional(properties.correlationID)
        optional(properties.replyTo)
        int(properties.deliveryMode)
        string(properties.exchange)
        string(properties.routingKey)
        optional(properties.priority) { $0.int($1) }
        optional(properties.expiration)
        optional(properties.deliveryTag)
        bool(properties.redelivered)
        object(properties.custom)
    }

    mutating func outgoing(_ outgoing: OutgoingMessage) {
        message(outgoing.message)
        optional(outgoing.notBefore) { $0.int($1.microseconds) }
    }

    mutating func ticket(_ ticket: StartTicket) {
        unsigned(UInt64(ticket.place))
        unsigned(ticket.tag.rawValue)
        unsigned(ticket.offer)
    }

    mutating func request(_ request: TaskRequest) {
        message(request.message)
        string(request.queue)
        bool(request.redelivered)
        int(request.attempt)
        string(request.hostname)
    }
}

extension FrameDecoder {
    mutating func message() throws(FrameError) -> Message {
        let headers = try headers()
        let properties = try properties()
        let contentType = try string()
        let contentEncoding = try string()
        return Message(
            headers: headers,
            properties: properties,
            contentType: contentType,
            contentEncoding: contentEncoding,
            body: try blob()
        )
    }

    private mutating func headers() throws(FrameError) -> TaskHeaders {
        let task = try string()
        var headers = TaskHeaders(task: task, id: try string())
        headers.lang = try string()
        headers.shadow = try optionalString()
        headers.eta = try optionalString()
        headers.expires = try optionalString()
        headers.group = try optionalString()
        headers.groupIndex = try optionalInt()
        headers.retries = try int()
        headers.timeLimit.hard = try bool() ? try double() : nil
        headers.timeLimit.soft = try bool() ? try double() : nil
        headers.rootID = try optionalString()
        headers.parentID = try optionalString()
        headers.argsRepr = try optionalString()
        headers.kwargsRepr = try optionalString()
        headers.origin = try optionalString()
        headers.ignoreResult = try bool() ? try bool() : nil
        headers.replacedTaskNesting = try int()
        headers.stampedHeaders = try bool() ? try strings() : nil
        headers.stamps = try object()
        headers.compression = try optionalString()
        headers.custom = try object()
        return headers
    }

    private mutating func properties() throws(FrameError) -> MessageProperties {
        var properties = MessageProperties()
        properties.correlationID = try optionalString()
        properties.replyTo = try optionalString()
        properties.deliveryMode = try int()
        properties.exchange = try string()
        properties.routingKey = try string()
        properties.priority = try optionalInt()
        properties.expiration = try optionalString()
        properties.deliveryTag = try optionalString()
        properties.redelivered = try bool()
        properties.custom = try object()
        return properties
    }

    private mutating func optionalInt() throws(FrameError) -> Int? { try bool() ? try int() : nil }

    mutating func outgoing() throws(FrameError) -> OutgoingMessage {
        let message = try message()
        return OutgoingMessage(message, notBefore: try bool() ? Timestamp(microseconds: try int64()) : nil)
    }

    mutating func ticket() throws(FrameError) -> StartTicket {
        let place = UInt32(truncatingIfNeeded: try unsigned())
        let tag = DeliveryTag(try unsigned())
        return StartTicket(place: place, tag: tag, offer: try unsigned())
    }

    mutating func request() throws(FrameError) -> TaskRequest {
        let message = try message()
        let queue = try string()
        let redelivered = try bool()
        let attempt = try int()
        return TaskRequest(
            message: message,
            queue: queue,
            redelivered: redelivered,
            attempt: attempt,
            hostname: try string()
        )
    }
}
