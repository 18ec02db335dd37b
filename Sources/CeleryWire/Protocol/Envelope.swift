//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Kombu's JSON envelope, the form in which virtual transports (Redis, SQS, SQLite, memory) keep a message.
///
/// **Shape:** `{"body", "content-encoding", "content-type", "headers", "properties"}`, body in base64.
/// A message of protocol 1 (no `task` header) is converted while decoding.
public enum Envelope {
    /// The bytes that Python would read; the body goes as base64 (`properties.body_encoding`).
    public static func encode(_ message: Message) -> [UInt8] {
        var writer = JSONWriter(capacity: Base64.encodedCount(message.body.count) + 1024)
        writer.raw("{\"body\": \"")
        Base64.encode(message.body, into: &writer.bytes)
        writer.raw("\", \"content-encoding\": ")
        writer.string(message.contentEncoding)
        writer.raw(", \"content-type\": ")
        writer.string(message.contentType)
        writer.raw(", \"headers\": ")
        message.headers.write(to: &writer, redelivered: message.properties.redelivered)
        writer.raw(", \"properties\": ")
        message.properties.write(to: &writer)
        writer.raw("}")
        return writer.bytes
    }

    /// Reads an envelope. Missing parts get kombu's defaults where it has them.
    ///
    /// - Throws: ``WireError`` `.malformed` for what is no envelope or has unreadable headers, `.missingValue` when
    ///   no task name or id is to be found in either protocol, `.limitExceeded` for a message over the limits.
    public static func decode(_ bytes: [UInt8], limits: WireLimits = .standard) throws(WireError) -> Message {
        var message = Message(
            headers: HeaderReading.empty,
            properties: MessageProperties(priority: nil),
            body: []
        )
        try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in
            var reader = try JSONReader(buffer, limits: limits)
            let parts = try EnvelopeParts(from: &reader, into: &message)
            try reader.end()
            try parts.finish(&message, reader, limits: limits)
        }
        return message
    }
}

/// What is left to do once all members of an envelope were seen.
struct EnvelopeParts {
    private var hasTask = false
    private var hasID = false
    private var redelivered = false
    private var headersStart: Int?
    private var bodyIsBase64 = false
    private var bodyText: JSONText?
    /// A body that is JSON itself, not text.
    private var bodyRange: Range<Int>?
    private var expected = 0

    private static let names: [StaticString] = ["body", "content-encoding", "content-type", "headers", "properties"]

    init(from reader: inout JSONReader, into message: inout Message) throws(WireError) {
        guard try reader.peek() == UInt8(ascii: "{") else { throw reader.malformed("an envelope is a JSON object") }
        try reader.openObject()
        var first = true
        while let key = try reader.nextKey(&first) {
            switch reader.place(of: key, in: Self.names, expecting: &expected) {
            case 0:
                if try reader.peek() == UInt8(ascii: "\"") {
                    bodyText = try reader.scanString()
                } else {
                    bodyRange = try reader.sliceValue()
                }
            case 1: message.contentEncoding = try reader.readStringOrNull("content-encoding") ?? "utf-8"
            case 2: message.contentType = try reader.readStringOrNull("content-type") ?? "application/json"
            case 3:
                reader.skipSpace()
                if headersStart != nil { message.headers = HeaderReading.empty }
                headersStart = reader.position
                let reading = try HeaderReading(from: &reader, into: &message.headers)
                hasTask = reading.hasTask
                hasID = reading.hasID
                redelivered = reading.redelivered
            case 4: try message.properties.read(from: &reader, bodyIsBase64: &bodyIsBase64)
            default: try reader.skipValue()
            }
        }
    }

    func finish(_ message: inout Message, _ reader: JSONReader, limits: WireLimits) throws(WireError) {
        message.body = try body(reader)
        if redelivered { message.properties.redelivered = true }
        if hasTask, !LegacyProtocol.mayBeHybrid(message) {
            return try message.headers.checkIdentity(hasID: hasID)
        }
        var headers = CeleryObject()
        if let headersStart {
            var again = reader
            again.position = headersStart
            headers = try again.readObjectOrNull("headers") ?? [:]
        }
        try LegacyProtocol.convert(&message, headers: headers, hasTask: hasTask, limits: limits)
    }

    private func body(_ reader: JSONReader) throws(WireError) -> [UInt8] {
        if let text = bodyText {
            let raw = UnsafeBufferPointer(rebasing: reader.bytes[text.start..<text.end])
            guard bodyIsBase64 else { return text.escaped ? Array(reader.string(text).utf8) : Array(raw) }
            guard let body = text.escaped ? Base64.decode(reader.string(text)) : Base64.decode(raw) else {
                throw WireError(.malformed, "body of the envelope is not base64", offset: text.start)
            }
            return body
        }
        guard let range = bodyRange else { throw WireError(.missingValue, "an envelope without a body") }
        return Array(reader.bytes[range])
    }
}

extension TaskHeaders {
    /// A task without a name or an id cannot be run.
    func checkIdentity(hasID: Bool) throws(WireError) {
        guard !task.isEmpty else { throw WireError(.malformed, "header task is empty or null") }
        guard hasID, !id.isEmpty else { throw WireError(.missingValue, "message of task '\(task)' has no id") }
    }
}
