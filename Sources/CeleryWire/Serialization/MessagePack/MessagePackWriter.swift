//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Writes MessagePack as Python's `msgpack.packb(use_bin_type=True)` does: the shortest form of everything.
struct MessagePackWriter {
    var bytes: [UInt8] = []

    private mutating func big(_ value: UInt64, _ size: Int) {
        for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64((size - 1 - index) * 8))) }
    }

    private mutating func tagged(_ tag: UInt8, _ value: UInt64, _ size: Int) {
        bytes.append(tag)
        big(value, size)
    }

    /// - Throws: `.limitExceeded` for more than 2^32 - 1 bytes or elements.
    mutating func value(_ value: CeleryValue) throws(WireError) {
        switch value {
        case .null: bytes.append(0xC0)
        case .bool(let flag): bytes.append(flag ? 0xC3 : 0xC2)
        case .int(let number): int(number)
        case .bigInteger(let digits): try bigInteger(digits)
        case .double(let number): tagged(0xCB, number.bitPattern, 8)
        case .string(let text): try string(text)
        case .bytes(let data):
            try header(data.count, short: nil, 0xC4, 0xC5, 0xC6)
            bytes.append(contentsOf: data)
        case .array(let elements):
            try header(elements.count, short: (0x90, 16), nil, 0xDC, 0xDD)
            for element in elements { try self.value(element) }
        case .object(let object): try self.object(object)
        // kombu refuses to pack these; they go as JSON's tagged objects.
        case .datetime, .date, .time, .decimal, .uuid: try object(value.taggedObject ?? [:])
        }
    }

    private mutating func object(_ object: CeleryObject) throws(WireError) {
        try header(object.count, short: (0x80, 16), nil, 0xDE, 0xDF)
        for (key, member) in object.members {
            try string(key)
            try value(member)
        }
    }

    private mutating func int(_ value: Int) {
        switch value {
        case 0..<0x80: bytes.append(UInt8(value))
        case -32..<0: bytes.append(UInt8(bitPattern: Int8(value)))
        case 0x80..<0x100: tagged(0xCC, UInt64(value), 1)
        case 0x100..<0x1_0000: tagged(0xCD, UInt64(value), 2)
        case 0x1_0000..<0x1_0000_0000: tagged(0xCE, UInt64(value), 4)
        case 0x1_0000_0000...: tagged(0xCF, UInt64(value), 8)
        case -0x80..<0: tagged(0xD0, UInt64(bitPattern: Int64(value)), 1)
        case -0x8000..<0: tagged(0xD1, UInt64(bitPattern: Int64(value)), 2)
        case -0x8000_0000..<0: tagged(0xD2, UInt64(bitPattern: Int64(value)), 4)
        default: tagged(0xD3, UInt64(bitPattern: Int64(value)), 8)
        }
    }

    private mutating func bigInteger(_ digits: String) throws(WireError) {
        guard let value = UInt64(digits) else {
            throw WireError(
                .unencodable,
                "integer \(digits.prefix(40)) has more than 64 bits, which msgpack cannot hold"
            )
        }
        tagged(0xCF, value, 8)
    }

    private mutating func string(_ text: String) throws(WireError) {
        try header(text.utf8.count, short: (0xA0, 32), 0xD9, 0xDA, 0xDB)
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func header(
        _ count: Int,
        short: (tag: UInt8, below: Int)?,
        _ one: UInt8?,
        _ two: UInt8,
        _ four: UInt8
    ) throws(WireError) {
        if let short, count < short.below {
            bytes.append(short.tag | UInt8(count))
        } else if let one, count < 0x100 {
            tagged(one, UInt64(count), 1)
        } else if count < 0x1_0000 {
            tagged(two, UInt64(count), 2)
        } else if count <= 0xFFFF_FFFF {
            tagged(four, UInt64(count), 4)
        } else {
            throw WireError(.limitExceeded, "\(count) bytes or elements are more than msgpack can hold")
        }
    }
}
