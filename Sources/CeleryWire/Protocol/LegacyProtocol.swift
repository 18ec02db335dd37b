//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Protocol 1, where everything is in the body, and the hybrid of it with the headers of protocol 2.
///
/// Source: Celery's message protocol, "Version 1", and what its workers accept. `utc` is not kept: a naive time
/// means UTC here.
enum LegacyProtocol {
    /// Whether a message with headers of protocol 2 may have a body of protocol 1: its body begins as an object.
    static func mayBeHybrid(_ message: Message) -> Bool {
        guard message.headers.compression == nil else { return false }
        switch message.contentType {
        case JSONSerializer.contentType:
            let first = message.body.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
            return first == UInt8(ascii: "{")
        case MessagePackSerializer.contentType:
            guard let first = message.body.first else { return false }
            return first & 0xF0 == 0x80 || first == 0xDE || first == 0xDF
        default: return false
        }
    }

    /// Turns the message into one of protocol 2.
    ///
    /// - Throws: `.missingValue` when the body has no `task` and `id`, `.unsupported` when it is of a serializer or
    ///   compression that is not built in.
    static func convert(
        _ message: inout Message,
        headers: CeleryObject,
        hasTask: Bool,
        limits: WireLimits
    ) throws(WireError) {
        guard case .object(let body) = try decodeBody(of: message, limits: limits) else {
            throw WireError(.missingValue, "message without a task header, and its body is no object of protocol 1")
        }
        guard hasTask || (body["task"] != nil && body["id"] != nil) else {
            throw WireError(.missingValue, "neither the headers nor the body name a task and its id")
        }
        let converted = try TaskBody(
            .array([body["args"] ?? .array([]), body["kwargs"] ?? .object([:]), embed(body)])
        )
        var merged = legacyHeaders(body)
        for (key, value) in headers.members { merged[key] = value }
        merged["compression"] = nil
        let redelivered = message.properties.redelivered
        try message.setHeaders(merged, limits: limits)
        message.properties.redelivered = redelivered || message.properties.redelivered
        if message.contentType == MessagePackSerializer.contentType {
            message.body = try MessagePackSerializer().encode(converted)
        } else {
            message.body = try JSONSerializer().encode(converted)
        }
    }

    private static func decodeBody(of message: Message, limits: WireLimits) throws(WireError) -> CeleryValue {
        var bytes = message.body
        if let compression = message.headers.compression {
            guard compression == ZlibCompression.contentType || ZlibCompression().names.contains(compression) else {
                throw WireError(.unsupported, "message of protocol 1 with compression '\(compression.prefix(60))'")
            }
            bytes = try ZlibCompression().decompress(bytes, limit: limits.decompressedSize)
        }
        switch message.contentType {
        case JSONSerializer.contentType: return try JSONSerializer().decodeValue(bytes, limits: limits)
        case MessagePackSerializer.contentType: return try MessagePackSerializer().decodeValue(bytes, limits: limits)
        default:
            throw WireError(
                .unsupported,
                "message without a task header, body of content type '\(message.contentType.prefix(60))'"
            )
        }
    }

    private static func embed(_ body: CeleryObject) -> CeleryValue {
        [
            "callbacks": body["callbacks"] ?? .null, "errbacks": body["errbacks"] ?? .null, "chain": .null,
            "chord": body["chord"] ?? .null,
        ]
    }

    private static let sharedKeys = [
        "lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id",
        "parent_id", "argsrepr", "kwargsrepr", "origin",
    ]

    private static func legacyHeaders(_ body: CeleryObject) -> CeleryObject {
        var headers = CeleryObject()
        for key in sharedKeys { if let value = body[key] { headers[key] = value } }
        if headers["group"] == nil || headers["group"] == .null { headers["group"] = body["taskset"] }
        if headers["argsrepr"] == nil, case .array(let values)? = body["args"] {
            headers["argsrepr"] = .string(PythonRepr.arguments(values.map { EncodedValue($0) }))
        }
        if headers["kwargsrepr"] == nil, case .object(let values)? = body["kwargs"] {
            headers["kwargsrepr"] = .string(PythonRepr.keywords(TaskBody.keywords(values)))
        }
        return headers
    }
}

extension Message {
    /// A message from a table of headers, as AMQP has it. A message of protocol 1 is converted.
    ///
    /// - Throws: ``WireError`` as ``Envelope/decode(_:limits:)`` does.
    public init(
        headerTable: CeleryObject,
        properties: MessageProperties = MessageProperties(),
        contentType: String = "application/json",
        contentEncoding: String = "utf-8",
        body: [UInt8],
        limits: WireLimits = .standard
    ) throws(WireError) {
        self.init(
            headers: TaskHeaders(task: "", id: ""),
            properties: properties,
            contentType: contentType,
            contentEncoding: contentEncoding,
            body: body
        )
        let hasTask = headerTable["task"] != nil
        if hasTask {
            try setHeaders(headerTable, limits: limits)
            guard LegacyProtocol.mayBeHybrid(self) else { return }
        } else if case .string(let compression)? = headerTable["compression"] {
            headers.compression = compression
        }
        try LegacyProtocol.convert(&self, headers: headerTable, hasTask: hasTask, limits: limits)
    }

    /// Reads a table of headers by way of its JSON text, so that one reader knows the headers.
    mutating func setHeaders(_ table: CeleryObject, limits: WireLimits) throws(WireError) {
        var writer = JSONWriter(capacity: 1024)
        writer.object(table)
        var read = HeaderReading.empty
        let reading = try writer.bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in
            var reader = try JSONReader(buffer, limits: limits)
            return try HeaderReading(from: &reader, into: &read)
        }
        try read.checkIdentity(hasID: reading.hasID)
        headers = read
        if reading.redelivered { properties.redelivered = true }
    }
}

extension TaskHeaders {
    /// The headers as a table in Celery's order, as AMQP sends it.
    public var table: CeleryObject {
        var writer = JSONWriter(capacity: 1024)
        write(to: &writer, redelivered: false)
        let value = try? JSONSerializer().decodeValue(writer.bytes, limits: .standard)
        guard case .object(let table)? = value else { return [:] }
        return table
    }
}
