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
