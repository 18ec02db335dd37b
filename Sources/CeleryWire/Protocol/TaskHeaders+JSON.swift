//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Headers as read, before it is known which protocol the message speaks.
struct HeaderReading {
    var headers = TaskHeaders(task: "", id: "", lang: "", ignoreResult: nil)
    var hasTask = false
    var hasID = false
    var redelivered = false
    var others = CeleryObject.Builder()
}

extension HeaderReading {
    /// Reads the headers of any message.
    init(from reader: inout JSONReader) throws(WireError) {
        if try reader.readNull() { return }
        guard reader.bytes[reader.position] == UInt8(ascii: "{") else {
            throw reader.malformed("headers is not an object")
        }
        try reader.openObject()
        var first = true
        while let key = try reader.nextKey(&first) { try read(key, &reader) }
        headers.custom = others.object
    }

    private mutating func read(_ key: JSONText, _ reader: inout JSONReader) throws(WireError) {
        if reader.equals(key, "lang") {
            headers.lang = try reader.readStringOrNull("header lang") ?? ""
        } else if reader.equals(key, "task") {
            hasTask = true
            headers.task = try reader.readStringOrNull("header task") ?? ""
        } else if reader.equals(key, "id") {
            let id = try reader.readStringOrNull("header id")
            hasID = id != nil
            headers.id = id ?? ""
        } else if reader.equals(key, "shadow") {
            headers.shadow = try reader.readStringOrNull("header shadow")
        } else if reader.equals(key, "eta") {
            headers.eta = try reader.readStringOrNull("header eta")
        } else if reader.equals(key, "expires") {
            headers.expires = try reader.readStringOrNull("header expires")
        } else if reader.equals(key, "group") {
            headers.group = try reader.readStringOrNull("header group")
        } else if reader.equals(key, "group_index") {
            headers.groupIndex = try reader.readIntOrNull("header group_index")
        } else if reader.equals(key, "retries") {
            headers.retries = try reader.readIntOrNull("header retries") ?? 0
        } else if reader.equals(key, "timelimit") {
            headers.timeLimit = try TimeLimits(from: &reader)
        } else if reader.equals(key, "root_id") {
            headers.rootID = try reader.readStringOrNull("header root_id")
        } else if reader.equals(key, "parent_id") {
            headers.parentID = try reader.readStringOrNull("header parent_id")
        } else {
            try readLater(key, &reader)
        }
    }

    private mutating func readLater(_ key: JSONText, _ reader: inout JSONReader) throws(WireError) {
        if reader.equals(key, "argsrepr") {
            headers.argsRepr = try reader.readStringOrNull("header argsrepr")
        } else if reader.equals(key, "kwargsrepr") {
            headers.kwargsRepr = try reader.readStringOrNull("header kwargsrepr")
        } else if reader.equals(key, "origin") {
            headers.origin = try reader.readStringOrNull("header origin")
        } else if reader.equals(key, "ignore_result") {
            headers.ignoreResult = try reader.readBoolOrNull()
        } else if reader.equals(key, "replaced_task_nesting") {
            headers.replacedTaskNesting = try reader.readIntOrNull("header replaced_task_nesting") ?? 0
        } else if reader.equals(key, "stamped_headers") {
            headers.stampedHeaders = try reader.readStringsOrNull("header stamped_headers")
        } else if reader.equals(key, "stamps") {
            headers.stamps = try reader.readObjectOrNull("header stamps") ?? [:]
        } else if reader.equals(key, "compression") {
            headers.compression = try reader.readStringOrNull("header compression")
        } else if reader.equals(key, "redelivered") {
            redelivered = try reader.readBoolOrNull() ?? false
        } else {
            let name = reader.string(key)
            others.set(name, try reader.readValue())
        }
    }
}

extension TimeLimits {
    /// `[hard, soft]`, either may be null or missing.
    init(from reader: inout JSONReader) throws(WireError) {
        self.init()
        if try reader.readNull() { return }
        guard reader.bytes[reader.position] == UInt8(ascii: "[") else {
            throw reader.malformed("header timelimit is not [hard, soft]")
        }
        try reader.openArray()
        var first = true
        guard try reader.nextElement(&first) else { return }
        hard = try reader.readDoubleOrNull("hard time limit")
        guard try reader.nextElement(&first) else { return }
        soft = try reader.readDoubleOrNull("soft time limit")
        guard try !reader.nextElement(&first) else { throw reader.malformed("header timelimit is not [hard, soft]") }
    }
}

extension TaskHeaders {
    /// Writes the headers in Celery's order.
    func write(to writer: inout JSONWriter, redelivered: Bool) {
        writer.raw("{\"lang\": ")
        writer.string(lang)
        writer.raw(", \"task\": ")
        writer.string(task)
        writer.raw(", \"id\": ")
        writer.string(id)
        writer.raw(", \"shadow\": ")
        writer.string(shadow)
        writer.raw(", \"eta\": ")
        writer.string(eta)
        writer.raw(", \"expires\": ")
        writer.string(expires)
        writer.raw(", \"group\": ")
        writer.string(group)
        writer.raw(", \"group_index\": ")
        if let groupIndex { writer.int(groupIndex) } else { writer.null() }
        writer.raw(", \"retries\": ")
        writer.int(retries)
        writer.raw(", \"timelimit\": [")
        writer.seconds(timeLimit.hard)
        writer.raw(", ")
        writer.seconds(timeLimit.soft)
        writer.raw("], \"root_id\": ")
        writer.string(rootID)
        writer.raw(", \"parent_id\": ")
        writer.string(parentID)
        writer.raw(", \"argsrepr\": ")
        writer.string(argsRepr)
        writer.raw(", \"kwargsrepr\": ")
        writer.string(kwargsRepr)
        writer.raw(", \"origin\": ")
        writer.string(origin)
        writer.raw(", \"ignore_result\": ")
        if let ignoreResult { writer.bool(ignoreResult) } else { writer.null() }
        writer.raw(", \"replaced_task_nesting\": ")
        writer.int(replacedTaskNesting)
        writer.raw(", \"stamped_headers\": ")
        if let stampedHeaders { writer.array(stampedHeaders.map { .string($0) }) } else { writer.null() }
        writer.raw(", \"stamps\": ")
        writer.object(stamps)
        for (name, value) in custom.members {
            writer.key(name, first: false)
            writer.value(value)
        }
        if let compression {
            writer.raw(", \"compression\": ")
            writer.string(compression)
        }
        if redelivered { writer.raw(", \"redelivered\": true") }
        writer.raw("}")
    }
}

extension JSONWriter {
    /// A time limit: a whole number as integer, as callers give them.
    mutating func seconds(_ value: Double?) {
        guard let value else { return null() }
        if let whole = Int(exactly: value) { int(whole) } else { double(value) }
    }
}
