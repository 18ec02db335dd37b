//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A message that is no task: an event, a control command or the reply to one. Nobody stores it for long.
public struct BroadcastMessage: Sendable, Equatable {
    /// Exchange that it is published to.
    public var exchange: String
    public var routingKey: String
    public var headers: CeleryObject
    /// For example `application/json`.
    public var contentType: String
    public var contentEncoding: String
    /// 1 transient, 2 persistent; only a mark, since nothing of it is kept.
    public var deliveryMode: Int
    /// The body as serialized, and compressed when the header `compression` says so.
    public var body: [UInt8]

    public init(
        exchange: String,
        routingKey: String,
        headers: CeleryObject = [:],
        contentType: String = "application/json",
        contentEncoding: String = "utf-8",
        deliveryMode: Int = 1,
        body: [UInt8]
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.headers = headers
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.deliveryMode = deliveryMode
        self.body = body
    }
}

extension BroadcastMessage {
    /// Kombu's envelope of it, as virtual transports (Redis, SQLite, memory) carry it.
    public func envelope() -> [UInt8] {
        var writer = JSONWriter(capacity: Base64.encodedCount(body.count) + 512)
        writer.raw("{\"body\": \"")
        Base64.encode(body, into: &writer.bytes)
        writer.raw("\", \"content-encoding\": ")
        writer.string(contentEncoding)
        writer.raw(", \"content-type\": ")
        writer.string(contentType)
        writer.raw(", \"headers\": ")
        writer.object(headers)
        writer.raw(", \"properties\": {\"delivery_mode\": ")
        writer.int(deliveryMode)
        writer.raw(", \"delivery_info\": {\"exchange\": ")
        writer.string(exchange)
        writer.raw(", \"routing_key\": ")
        writer.string(routingKey)
        writer.raw("}, \"priority\": 0, \"body_encoding\": \"base64\", \"delivery_tag\": ")
        writer.string(TaskID.random())
        writer.raw("}}")
        return writer.bytes
    }

    /// Reads an envelope.
    ///
    /// - Throws: ``WireError`` `.malformed` for what is no envelope, `.missingValue` without a body, `.limitExceeded`.
    public init(envelope bytes: [UInt8], limits: WireLimits = .standard) throws(WireError) {
        guard case .object(let parts) = try JSONSerializer().decodeValue(bytes, limits: limits) else {
            throw WireError(.malformed, "an envelope is a JSON object")
        }
        var properties = CeleryObject()
        if case .object(let object)? = parts["properties"] { properties = object }
        var info = CeleryObject()
        if case .object(let object)? = properties["delivery_info"] { info = object }
        exchange = info["exchange"]?.text ?? ""
        routingKey = info["routing_key"]?.text ?? ""
        headers = [:]
        if case .object(let object)? = parts["headers"] { headers = object }
        contentType = parts["content-type"]?.text ?? "application/json"
        contentEncoding = parts["content-encoding"]?.text ?? "utf-8"
        deliveryMode = 1
        if case .int(let mode)? = properties["delivery_mode"] { deliveryMode = mode }
        guard case .string(let text)? = parts["body"] else {
            throw WireError(.missingValue, "an envelope without a body")
        }
        guard properties["body_encoding"]?.text == "base64" else {
            body = Array(text.utf8)
            return
        }
        guard let decoded = Base64.decode(text) else {
            throw WireError(.malformed, "body of the envelope is not base64")
        }
        body = decoded
    }
}

extension CeleryValue {
    /// The text of a string; nil of anything else.
    package var text: String? { if case .string(let text) = self { text } else { nil } }

    /// A number of either kind.
    package var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// A whole number, also when it is written as 3.0.
    package var whole: Int? {
        switch self {
        case .int(let value): value
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }
}

extension WireCodec {
    /// The value in a message's body.
    ///
    /// - Throws: ``WireError`` `.contentDisallowed`, `.unsupported`, `.malformed`, `.limitExceeded`, as for tasks.
    public func decodeValue(of message: BroadcastMessage) throws(WireError) -> CeleryValue {
        let serializer = try accepted(message.contentType)
        guard let compression = message.headers["compression"]?.text else {
            return try serializer.decodeValue(message.body, limits: limits)
        }
        let bytes = try self.compression(compression).decompress(message.body, limit: limits.decompressedSize)
        return try serializer.decodeValue(bytes, limits: bodyLimits)
    }

    /// Puts a value into a message's body.
    ///
    /// - Throws: ``WireError`` `.unsupported` for an unknown serializer, or what it cannot express.
    public func encode(
        _ value: CeleryValue,
        into message: inout BroadcastMessage,
        serializer: String = "json"
    ) throws(WireError) {
        let serializer = try self.serializer(serializer)
        message.contentType = serializer.contentType
        message.contentEncoding = serializer.contentEncoding
        message.body = try serializer.encode(value)
    }
}
