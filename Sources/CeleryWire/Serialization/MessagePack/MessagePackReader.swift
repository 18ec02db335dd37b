//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Reads MessagePack, bounds-checked. `bin` gives bytes, `ext` -1 (timestamp) a UTC datetime, other `ext` are refused.
struct MessagePackReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    let maxDepth: Int
    var depth = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: WireLimits) throws(WireError) {
        guard bytes.count <= limits.messageSize else {
            throw WireError(.limitExceeded, "\(bytes.count) bytes of msgpack; messageSize allows \(limits.messageSize)")
        }
        self.bytes = bytes
        maxDepth = min(limits.nestingDepth, JSONReader.deepest)
    }

    mutating func end() throws(WireError) {
        guard position == bytes.count else {
            throw WireError(.malformed, "extra data after the msgpack value", offset: position)
        }
    }

    private mutating func take(_ count: Int) throws(WireError) -> Int {
        guard count >= 0, bytes.count - position >= count else {
            throw WireError(.malformed, "msgpack ends inside a value", offset: position)
        }
        defer { position += count }
        return position
    }

    /// A big-endian number of 1, 2, 4 or 8 bytes.
    private mutating func unsigned(_ size: Int) throws(WireError) -> UInt64 {
        let start = try take(size)
        var value: UInt64 = 0
        for index in start..<(start + size) { value = value << 8 | UInt64(bytes[index]) }
        return value
    }

    private mutating func signed(_ size: Int) throws(WireError) -> CeleryValue {
        let shift = UInt64(64 - size * 8)
        return .int(Int(Int64(bitPattern: try unsigned(size) << shift) >> Int64(shift)))
    }

    private mutating func length(_ size: Int) throws(WireError) -> Int { Int(truncatingIfNeeded: try unsigned(size)) }

    mutating func readValue() throws(WireError) -> CeleryValue {
        let start = position
        let tag = bytes[try take(1)]
        switch tag {
        case 0x00...0x7F: return .int(Int(tag))
        case 0x80...0x8F: return try map(Int(tag & 0x0F))
        case 0x90...0x9F: return try array(Int(tag & 0x0F))
        case 0xA0...0xBF: return try string(Int(tag & 0x1F))
        case 0xC0: return .null
        case 0xC2: return .bool(false)
        case 0xC3: return .bool(true)
        case 0xC4...0xC6: return .bytes(try slice(length(1 << Int(tag - 0xC4))))
        case 0xC7...0xC9: return try ext(length(1 << Int(tag - 0xC7)), start)
        case 0xCA: return .double(Double(Float(bitPattern: UInt32(truncatingIfNeeded: try unsigned(4)))))
        case 0xCB: return .double(Double(bitPattern: try unsigned(8)))
        case 0xCC...0xCF:
            let value = try unsigned(1 << Int(tag - 0xCC))
            return Int(exactly: value).map { .int($0) } ?? .bigInteger(String(value))
        case 0xD0...0xD3: return try signed(1 << Int(tag - 0xD0))
        case 0xD4...0xD8: return try ext(1 << Int(tag - 0xD4), start)
        case 0xD9...0xDB: return try string(length(1 << Int(tag - 0xD9)))
        case 0xDC, 0xDD: return try array(length(tag == 0xDC ? 2 : 4))
        case 0xDE, 0xDF: return try map(length(tag == 0xDE ? 2 : 4))
        case 0xE0...0xFF: return .int(Int(Int8(bitPattern: tag)))
        default: throw WireError(.malformed, "msgpack byte 0xc1 begins no value", offset: start)
        }
    }

    private mutating func slice(_ count: Int) throws(WireError) -> [UInt8] {
        let start = try take(count)
        return Array(bytes[start..<(start + count)])
    }

    private mutating func string(_ count: Int) throws(WireError) -> CeleryValue {
        let start = try take(count)
        guard let text = String(validating: bytes[start..<(start + count)], as: UTF8.self) else {
            throw WireError(.malformed, "msgpack string is not UTF-8", offset: start)
        }
        return .string(text)
    }

    private mutating func descend() throws(WireError) {
        depth += 1
        guard depth <= maxDepth else {
            throw WireError(.limitExceeded, "nested deeper than nestingDepth \(maxDepth) allows", offset: position)
        }
    }

    /// A claimed length is believed only as far as there are bytes for it.
    private mutating func array(_ count: Int) throws(WireError) -> CeleryValue {
        try descend()
        guard count <= bytes.count - position else {
            throw WireError(.malformed, "msgpack array of \(count) elements is cut short", offset: position)
        }
        var elements: [CeleryValue] = []
        for _ in 0..<count { elements.append(try readValue()) }
        depth -= 1
        return .array(elements)
    }

    private mutating func map(_ count: Int) throws(WireError) -> CeleryValue {
        try descend()
        guard count <= (bytes.count - position) / 2 else {
            throw WireError(.malformed, "msgpack map of \(count) members is cut short", offset: position)
        }
        var builder = CeleryObject.Builder()
        for _ in 0..<count {
            let start = position
            let key = try readValue()
            guard let name = key.asKey else {
                throw WireError(.malformed, "\(key.kind) as key of a msgpack map", offset: start)
            }
            builder.set(name, try readValue())
        }
        depth -= 1
        return .taggedOrObject(builder.object)
    }

    private mutating func ext(_ count: Int, _ start: Int) throws(WireError) -> CeleryValue {
        let type = Int8(bitPattern: bytes[try take(1)])
        guard type == -1 else {
            throw WireError(.malformed, "msgpack extension \(type) is not known; only -1 (timestamp) is", offset: start)
        }
        let nanoseconds: UInt64
        let seconds: Int64
        switch count {
        case 4:
            nanoseconds = 0
            seconds = Int64(try unsigned(4))
        case 8:
            let both = try unsigned(8)
            nanoseconds = both >> 34
            seconds = Int64(both & 0x3_FFFF_FFFF)
        case 12:
            nanoseconds = try unsigned(4)
            seconds = Int64(bitPattern: try unsigned(8))
        default: throw WireError(.malformed, "msgpack timestamp of \(count) bytes", offset: start)
        }
        guard nanoseconds < 1_000_000_000, (-62_135_596_800...253_402_300_799).contains(seconds) else {
            throw WireError(.malformed, "msgpack timestamp out of range", offset: start)
        }
        return .datetime(Timestamp(microseconds: seconds * 1_000_000 + Int64(nanoseconds / 1000)).iso8601)
    }
}

extension CeleryValue {
    /// The key that JSON in Python would make of it; nil for what cannot be one.
    package var asKey: String? {
        switch self {
        case .string(let text): text
        case .int(let value): String(value)
        case .bigInteger(let digits): digits
        case .bool(let value): value ? "true" : "false"
        case .null: "null"
        case .double(let value): PythonFloat.jsonText(value)
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
        case .datetime(let text), .date(let text), .time(let text), .decimal(let text), .uuid(let text): text
        case .array, .object: nil
        }
    }
}
