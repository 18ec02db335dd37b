//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Writes JSON text exactly as Python's `json.dumps` does: ASCII, `", "` and `": "` as separators.
struct JSONWriter {
    var bytes: [UInt8] = []

    init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    @inline(__always)
    mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A quoted key that needs no escapes, with its colon, behind a comma unless it is the first.
    @inline(__always)
    mutating func key(_ quoted: StaticString, first: Bool = false) {
        if !first { raw(", ") }
        raw(quoted)
        raw(": ")
    }

    /// Any key with its colon, behind a comma unless it is the first.
    mutating func key(_ name: String, first: Bool) {
        if !first { raw(", ") }
        string(name)
        raw(": ")
    }

    mutating func null() { raw("null") }

    mutating func bool(_ value: Bool) { value ? raw("true") : raw("false") }

    @inline(__always)
    mutating func int(_ value: Int) {
        if value >= 0, value < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value))
            return
        }
        decimal(value.magnitude, negative: value < 0)
    }

    mutating func decimal(_ magnitude: UInt, negative: Bool) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { digits in
            var at = 24
            var rest = magnitude
            repeat {
                at -= 1
                digits[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if negative {
                at -= 1
                digits[at] = UInt8(ascii: "-")
            }
            bytes.append(contentsOf: digits[at...])
        }
    }

    mutating func double(_ value: Double) {
        if value.isFinite {
            bytes.append(contentsOf: PythonFloat.repr(value).utf8)
        } else if value.isNaN {
            raw("NaN")
        } else {
            value < 0 ? raw("-Infinity") : raw("Infinity")
        }
    }

    @inline(__always)
    mutating func string(_ value: String?) {
        guard var value else { return null() }
        value.withUTF8 { string($0) }
    }

    /// A quoted string of valid UTF-8, escaped to ASCII.
    mutating func string(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        var clean = 0
        var at = 0
        while true {
            at = Self.skipClean(text, at)
            guard at < text.count else { break }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[clean..<at]))
            at += escape(text, at)
            clean = at
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[clean..<at]))
        bytes.append(UInt8(ascii: "\""))
    }

    /// The index of the next byte that needs an escape; the text's length when there is none.
    @inline(__always)
    private static func skipClean(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var at = start
        if let base = text.baseAddress {
            while at &+ 8 <= text.count {
                let word = UnsafeRawPointer(base).loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian
                let stops = JSONReader.stops(in: word) | deletes(in: word)
                guard stops == 0 else { return at &+ stops.trailingZeroBitCount >> 3 }
                at &+= 8
            }
        }
        while at < text.count {
            let byte = text[at]
            guard byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { return at }
            at &+= 1
        }
        return at
    }

    /// A mask as ``JSONReader/stops(in:)`` gives it: of DEL, which Python escapes, and takes unescaped.
    @inline(__always)
    private static func deletes(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let delete = word ^ (ones &* 0x7F)
        return (delete &- ones) & ~delete & (ones &* 0x80)
    }

    /// Writes the escape of the character that begins here and returns its length in UTF-8.
    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int {
        let byte = text[at]
        switch byte {
        case UInt8(ascii: "\""): raw("\\\"")
        case UInt8(ascii: "\\"): raw("\\\\")
        case UInt8(ascii: "\n"): raw("\\n")
        case UInt8(ascii: "\r"): raw("\\r")
        case UInt8(ascii: "\t"): raw("\\t")
        case 0x08: raw("\\b")
        case 0x0C: raw("\\f")
        case 0..<0x80: unicode(UInt32(byte))
        default: return escapeScalar(text, at)
        }
        return 1
    }

    private mutating func escapeScalar(_ text: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int {
        let length = text[at] >= 0xF0 ? 4 : text[at] >= 0xE0 ? 3 : 2
        var scalar = UInt32(text[at]) & (0xFF >> UInt32(length + 1))
        for index in (at + 1)..<min(at + length, text.count) { scalar = scalar << 6 | UInt32(text[index] & 0x3F) }
        if scalar >= 0x10000 {
            unicode(0xD800 + (scalar - 0x10000) >> 10)
            unicode(0xDC00 + scalar & 0x3FF)
        } else {
            unicode(scalar)
        }
        return length
    }

    private mutating func unicode(_ unit: UInt32) {
        raw("\\u")
        for shift in [12, 8, 4, 0] as [UInt32] { bytes.append(Hex.digit(UInt8(unit >> shift & 15))) }
    }
}
