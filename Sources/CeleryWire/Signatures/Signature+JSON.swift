//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension Signature {
    /// Reads a signature; only `task` is required.
    init(from reader: inout JSONReader, source: ArraySlice<UInt8>) throws(WireError) {
        guard try reader.peek() == UInt8(ascii: "{") else { throw reader.malformed("a signature is not an object") }
        let start = reader.position
        self.init(task: "")
        var hasTask = false
        var others = CeleryObject.Builder()
        try reader.openObject()
        var first = true
        while let key = try reader.nextKey(&first) {
            if reader.equals(key, "task") {
                task = try reader.readString()
                hasTask = true
            } else if reader.equals(key, "args") {
                arguments = try reader.readNull() ? [] : reader.readArguments(source)
            } else if reader.equals(key, "kwargs") {
                keywords = try reader.readNull() ? [] : reader.readKeywords(source)
            } else if reader.equals(key, "options") {
                options = try reader.readObjectOrNull("options of a signature") ?? [:]
            } else if reader.equals(key, "subtask_type") {
                subtaskType = try reader.readStringOrNull("subtask_type")
            } else if reader.equals(key, "immutable") {
                immutable = try reader.readBoolOrNull() ?? false
            } else {
                let name = reader.string(key)
                others.set(name, try reader.readValue())
            }
        }
        guard hasTask else { throw WireError(.missingValue, "a signature has no task", offset: start) }
        custom = others.object
    }

    /// Reads one that stands alone.
    init(json text: ArraySlice<UInt8>, limits: WireLimits) throws(WireError) {
        self = try text.withUnsafeBufferPointer { (buffer) throws(WireError) in
            var reader = try JSONReader(buffer, limits: limits)
            let signature = try Signature(from: &reader, source: text)
            try reader.end()
            return signature
        }
    }

    /// Moves behind one that ``init(from:source:)`` would read, and throws what it would throw.
    static func check(_ reader: inout JSONReader) throws(WireError) {
        guard try reader.peek() == UInt8(ascii: "{") else { throw reader.malformed("a signature is not an object") }
        let start = reader.position
        var hasTask = false
        try reader.openObject()
        var first = true
        while let key = try reader.nextKey(&first) {
            if reader.equals(key, "task") {
                _ = try reader.scanExpectedString()
                hasTask = true
            } else if reader.equals(key, "args") {
                try reader.check("args is neither an array nor a string", UInt8(ascii: "["), UInt8(ascii: "\""))
            } else if reader.equals(key, "kwargs") {
                try reader.check("kwargs is not an object", UInt8(ascii: "{"))
            } else if reader.equals(key, "options") {
                try reader.check("options of a signature is not an object or null", UInt8(ascii: "{"))
            } else if reader.equals(key, "subtask_type") {
                _ = try reader.readStringOrNull("subtask_type")
            } else if reader.equals(key, "immutable") {
                _ = try reader.readBoolOrNull()
            } else {
                try reader.skipValue()
            }
        }
        guard hasTask else { throw WireError(.missingValue, "a signature has no task", offset: start) }
    }

    func write(to writer: inout JSONWriter) throws(WireError) {
        writer.raw("{\"task\": ")
        writer.string(task)
        writer.raw(", \"args\": ")
        try writer.arguments(arguments)
        writer.raw(", \"kwargs\": ")
        try writer.keywords(keywords)
        writer.raw(", \"options\": ")
        writer.object(options)
        writer.raw(", \"subtask_type\": ")
        writer.string(subtaskType)
        writer.raw(", \"immutable\": ")
        writer.bool(immutable)
        for (name, value) in custom.members {
            writer.key(name, first: false)
            writer.value(value)
        }
        writer.raw("}")
    }
}

extension JSONReader {
    /// Moves behind null, or a value that begins with one of the bytes.
    fileprivate mutating func check(
        _ what: StaticString,
        _ byte: UInt8,
        _ other: UInt8? = nil
    ) throws(WireError) {
        let found = try peek()
        guard found == byte || found == other || found == UInt8(ascii: "n") else { throw malformed("\(what)") }
        try skipValue()
    }
}
