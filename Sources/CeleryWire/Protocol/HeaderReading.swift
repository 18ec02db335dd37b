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
    /// Where the id stands, which other parts of a message repeat.
    var idText: JSONText?
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
        if reader.skip("\"lang\": ") {
            first = false
            try read(0, &reader, &headers)
            try readInOrder(&reader, &headers)
        }
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

    /// Reads what comes in Celery's own order and spelling, which is all of most messages. A null leaves what empty
    /// headers have.
    private mutating func readInOrder(_ reader: inout JSONReader, _ headers: inout TaskHeaders) throws(WireError) {
        if reader.skip(", \"task\": ") { try read(1, &reader, &headers) }
        if reader.skip(", \"id\": ") { try read(2, &reader, &headers) }
        if reader.comes(", \"shadow\": ") { try read(3, &reader, &headers) }
        if reader.comes(", \"eta\": ") { try read(4, &reader, &headers) }
        if reader.comes(", \"expires\": ") { try read(5, &reader, &headers) }
        if reader.comes(", \"group\": ") { try read(6, &reader, &headers) }
        if reader.comes(", \"group_index\": ") { try read(7, &reader, &headers) }
        if reader.comes(", \"retries\": ") { try read(8, &reader, &headers) }
        if reader.comes(", \"timelimit\": ") { try read(9, &reader, &headers) }
        if reader.comes(", \"root_id\": ") { try read(10, &reader, &headers) }
        if reader.comes(", \"parent_id\": ") { try read(11, &reader, &headers) }
        if reader.comes(", \"argsrepr\": ") { try readLater(12, &reader, &headers) }
        if reader.comes(", \"kwargsrepr\": ") { try readLater(13, &reader, &headers) }
        if reader.comes(", \"origin\": ") { try readLater(14, &reader, &headers) }
        if reader.comes(", \"ignore_result\": ") { try readLater(15, &reader, &headers) }
        if reader.comes(", \"replaced_task_nesting\": ") { try readLater(16, &reader, &headers) }
        if reader.comes(", \"stamped_headers\": ") { try readLater(17, &reader, &headers) }
        if reader.comes(", \"stamps\": "), !reader.skip("{}") { try readLater(18, &reader, &headers) }
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
            reader.skipSpace()
            let start = reader.position
            let id = try reader.readStringOrNull("header id")
            hasID = id != nil
            headers.id = id ?? ""
            idText = reader.quoted(from: start)
        case 3: headers.shadow = try reader.readStringOrNull("header shadow")
        case 4: headers.eta = try reader.readStringOrNull("header eta")
        case 5: headers.expires = try reader.readStringOrNull("header expires")
        case 6: headers.group = try reader.readStringOrNull("header group")
        case 7: headers.groupIndex = try reader.readIntOrNull("header group_index")
        case 8: headers.retries = try reader.readIntOrNull("header retries") ?? 0
        case 9: headers.timeLimit = try TimeLimits(from: &reader)
        case 10: headers.rootID = try reader.readStringOrNull("header root_id", repeating: idText, headers.id)
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
        if reader.skip("[null, null]") { return }
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
