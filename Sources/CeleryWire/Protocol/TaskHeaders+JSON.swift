//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What the reading of headers found beside the headers themselves.
struct HeaderReading {
    var hasTask = false
    var hasID = false
    var redelivered = false
    /// The place in ``names`` where the next key is looked for first.
    private var expected = 0

    /// The keys of protocol 2 in the order in which Celery writes them.
    private static let names: [StaticString] = [
        "lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id",
        "parent_id", "argsrepr", "kwargsrepr", "origin", "ignore_result", "replaced_task_nesting", "stamped_headers",
        "stamps", "compression", "redelivered",
    ]

    /// Headers with nothing in them.
    static var empty: TaskHeaders { TaskHeaders(task: "", id: "", lang: "", ignoreResult: nil) }

    /// Reads the headers of any message, of either protocol, into empty ones.
    init(from reader: inout JSONReader, into headers: inout TaskHeaders) throws(WireError) {
        if try reader.readNull() { return }
        guard reader.bytes[reader.position] == UInt8(ascii: "{") else {
            throw reader.malformed("headers is not an object")
        }
        var others: CeleryObject.Builder?
        try reader.openObject()
        var first = true
        while let key = try reader.nextKey(&first) {
            let place = reader.place(of: key, in: Self.names, expecting: &expected)
            if place < 12 {
                try read(place, &reader, &headers)
            } else if place < Self.names.count {
                try readLater(place, &reader, &headers)
            } else {
                let name = reader.string(key)
                var builder = others ?? CeleryObject.Builder()
                others = nil
                builder.set(name, try reader.readValue())
                others = builder
            }
        }
        if let others { headers.custom = others.object }
    }

    @inline(__always)
    private mutating func read(
        _ place: Int,
        _ reader: inout JSONReader,
        _ headers: inout TaskHeaders
    ) throws(WireError) {
        switch place {
        case 0: headers.lang = try reader.readStringOrNull("header lang") ?? ""
        case 1:
            hasTask = true
            headers.task = try reader.readStringOrNull("header task") ?? ""
        case 2:
            let id = try reader.readStringOrNull("header id")
            hasID = id != nil
            headers.id = id ?? ""
        case 3: headers.shadow = try reader.readStringOrNull("header shadow")
        case 4: headers.eta = try reader.readStringOrNull("header eta")
        case 5: headers.expires = try reader.readStringOrNull("header expires")
        case 6: headers.group = try reader.readStringOrNull("header group")
        case 7: headers.groupIndex = try reader.readIntOrNull("header group_index")
        case 8: headers.retries = try reader.readIntOrNull("header retries") ?? 0
        case 9: headers.timeLimit = try TimeLimits(from: &reader)
        case 10: headers.rootID = try reader.readStringOrNull("header root_id")
        default: headers.parentID = try reader.readStringOrNull("header parent_id")
        }
    }

    @inline(__always)
    private mutating func readLater(
        _ place: Int,
        _ reader: inout JSONReader,
        _ headers: inout TaskHeaders
    ) throws(WireError) {
        switch place {
        case 12: headers.argsRepr = try reader.readStringOrNull("header argsrepr")
        case 13: headers.kwargsRepr = try reader.readStringOrNull("header kwargsrepr")
        case 14: headers.origin = try reader.readStringOrNull("header origin")
        case 15: headers.ignoreResult = try reader.readBoolOrNull()
        case 16: headers.replacedTaskNesting = try reader.readIntOrNull("header replaced_task_nesting") ?? 0
        case 17: headers.stampedHeaders = try reader.readStringsOrNull("header stamped_headers")
        case 18: headers.stamps = try reader.readObjectOrNull("header stamps") ?? [:]
        case 19: headers.compression = try reader.readStringOrNull("header compression")
        default: redelivered = try reader.readBoolOrNull() ?? false
        }
    }
}

extension TimeLimits {
    /// `[hard, soft]`, either may be null or missing.
    init(from reader: inout JSONReader) throws(WireError) {
        self.init()
        if try reader.readNull() { return }
        if reader.bytes.count - reader.position >= 12, reader.matches("[null, null]", at: reader.position) {
            reader.position += 12
            return
        }
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
