//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What is left to do once all members of an envelope were seen.
struct EnvelopeParts {
    private var hasTask = false
    private var hasID = false
    private var redelivered = false
    private var idText: JSONText?
    private var headersStart: Int?
    private var hasProperties = false
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
        if reader.skip("\"body\": ") {
            first = false
            try readBody(&reader)
            try readInOrder(&reader, &message)
        }
        while let key = try reader.nextKey(&first) {
            switch reader.place(of: key, in: Self.names, expecting: &expected) {
            case 0: try readBody(&reader)
            case 1: message.contentEncoding = try reader.readStringOrNull("content-encoding") ?? "utf-8"
            case 2: message.contentType = try reader.readStringOrNull("content-type") ?? "application/json"
            case 3: try readHeaders(&reader, &message)
            case 4: try readProperties(&reader, &message)
            default: try reader.skipValue()
            }
        }
    }

    /// Reads what follows the body in kombu's own order and spelling, which is all of most messages.
    @inline(__always)
    private mutating func readInOrder(_ reader: inout JSONReader, _ message: inout Message) throws(WireError) {
        // The usual values are those that the message has already.
        if !reader.skip(", \"content-encoding\": \"utf-8\""), reader.comes(", \"content-encoding\": ") {
            message.contentEncoding = try reader.readStringOrNull("content-encoding") ?? "utf-8"
        }
        if !reader.skip(", \"content-type\": \"application/json\""), reader.comes(", \"content-type\": ") {
            message.contentType = try reader.readStringOrNull("content-type") ?? "application/json"
        }
        if reader.comes(", \"headers\": ") { try readHeaders(&reader, &message) }
        if reader.comes(", \"properties\": ") { try readProperties(&reader, &message) }
    }

    @inline(__always)
    private mutating func readBody(_ reader: inout JSONReader) throws(WireError) {
        if try reader.peek() == UInt8(ascii: "\"") {
            bodyText = try reader.scanString()
            bodyRange = nil
        } else {
            bodyRange = try reader.sliceValue()
            bodyText = nil
        }
    }

    private mutating func readHeaders(_ reader: inout JSONReader, _ message: inout Message) throws(WireError) {
        reader.skipSpace()
        if headersStart != nil { message.headers = HeaderReading.empty }
        headersStart = reader.position
        let reading = try HeaderReading(from: &reader, into: &message.headers)
        hasTask = reading.hasTask
        hasID = reading.hasID
        idText = reading.idText
        redelivered = reading.redelivered
    }

    private mutating func readProperties(_ reader: inout JSONReader, _ message: inout Message) throws(WireError) {
        if hasProperties {
            message.properties = MessageProperties(priority: nil)
            bodyIsBase64 = false
        }
        hasProperties = true
        let id = idText.map { ($0, message.headers.id) }
        try message.properties.read(from: &reader, bodyIsBase64: &bodyIsBase64, id: id)
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
