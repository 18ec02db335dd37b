//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Where a string's content lies in the text: between the quotes, escapes not resolved.
struct JSONText {
    var start: Int
    var end: Int
    /// Whether it holds a backslash.
    var escaped: Bool
}

extension JSONReader {
    /// Reads a string and checks it: escapes, control characters, UTF-8.
    @inline(__always)
    mutating func scanString() throws(WireError) -> JSONText {
        let start = position + 1
        var at = start
        var escaped = false
        while true {
            // Eight bytes at once: stops at the first quote, backslash, control character or non-ASCII byte.
            while at &+ 8 <= bytes.count {
                let word = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped)
                    .loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian
                let stops = Self.stops(in: word)
                if stops != 0 {
                    at &+= stops.trailingZeroBitCount >> 3
                    break
                }
                at &+= 8
            }
            guard at < bytes.count else { throw malformed("string without end", at: start - 1) }
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                position = at + 1
                return JSONText(start: start, end: at, escaped: escaped)
            }
            if byte == UInt8(ascii: "\\") {
                escaped = true
                at = try checkEscape(at)
            } else if byte < 0x20 {
                throw malformed("control character in a string", at: at)
            } else if byte >= 0x80 {
                at += try UTF8Check.sequenceLength(bytes, at)
            } else {
                at += 1
            }
        }
    }

    /// A mask with the high bit of every byte that ends the fast scan; exact up to and including the lowest.
    @inline(__always)
    static func stops(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let hits = (quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- ones &* 0x20) & ~word | word
        return hits & highs
    }

    /// Checks the escape that begins at the backslash and returns the index behind it.
    private func checkEscape(_ at: Int) throws(WireError) -> Int {
        guard at + 1 < bytes.count else { throw malformed("string without end", at: at) }
        switch bytes[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return at + 2
        case UInt8(ascii: "u"):
            guard at + 6 <= bytes.count, hex4(at + 2) != nil else { throw malformed("bad \\u escape", at: at) }
            return at + 6
        default: throw malformed("bad escape in a string", at: at)
        }
    }

    /// Four hexadecimal digits; the caller has checked that four bytes are there.
    private func hex4(_ at: Int) -> UInt32? {
        var value: UInt32 = 0
        for index in at..<(at + 4) {
            guard let digit = Hex.value(bytes[index]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Reads a string as a value. A lone surrogate becomes U+FFFD, since a `String` cannot hold it.
    @inline(__always)
    mutating func readString() throws(WireError) -> String {
        string(try scanExpectedString())
    }

    /// Moves behind a string and the white space before it.
    mutating func scanExpectedString() throws(WireError) -> JSONText {
        guard try peek() == UInt8(ascii: "\"") else { throw malformed("expected a string") }
        return try scanString()
    }

    /// The content of a string that was scanned.
    @inline(__always)
    func string(_ text: JSONText) -> String {
        if text.escaped { return unescaped(text) }
        return String(decoding: UnsafeBufferPointer(rebasing: bytes[text.start..<text.end]), as: UTF8.self)
    }

    /// Whether the scanned string is this text.
    @inline(__always)
    func equals(_ text: JSONText, _ other: StaticString) -> Bool {
        if text.escaped { return unescaped(text) == "\(other)" }
        return text.end - text.start == other.utf8CodeUnitCount && matches(other, at: text.start)
    }

    /// The place of a key among names, `names.count` for another.
    ///
    /// The name expected next is tried first, since peers write keys in one order, some left out.
    @inline(__always)
    func place(of key: JSONText, in names: [StaticString], expecting expected: inout Int) -> Int {
        if expected < names.count, equals(key, names[expected]) {
            expected += 1
            return expected - 1
        }
        return search(key, names, &expected)
    }

    private func search(_ key: JSONText, _ names: [StaticString], _ expected: inout Int) -> Int {
        for place in names.indices where equals(key, names[place]) {
            expected = place + 1
            return place
        }
        return names.count
    }

    /// The content with its escapes resolved.
    func unescaped(_ text: JSONText) -> String {
        // An escape is never shorter than what it stands for.
        String(unsafeUninitializedCapacity: text.end - text.start) { output in
            var count = 0
            var at = text.start
            while at < text.end {
                let byte = bytes[at]
                guard byte == UInt8(ascii: "\\") else {
                    output[count] = byte
                    count += 1
                    at += 1
                    continue
                }
                for unit in UTF8.encode(resolveEscape(&at, end: text.end)) ?? UTF8.encodedReplacementCharacter {
                    output[count] = unit
                    count += 1
                }
            }
            return count
        }
    }

    /// The scalar of a checked escape; moves behind it, and behind the second half of a surrogate pair.
    private func resolveEscape(_ at: inout Int, end: Int) -> Unicode.Scalar {
        let kind = bytes[at + 1]
        guard kind == UInt8(ascii: "u") else {
            at += 2
            switch kind {
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{C}"
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "t"): return "\t"
            default: return Unicode.Scalar(kind)
            }
        }
        let first = hex4(at + 2) ?? 0xFFFD
        at += 6
        if first & 0xFC00 == 0xD800, at + 6 <= end, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u"),
            let second = hex4(at + 2), second & 0xFC00 == 0xDC00
        {
            at += 6
            return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF) ?? "\u{FFFD}"
        }
        return Unicode.Scalar(first) ?? "\u{FFFD}"
    }
}

/// Hexadecimal digits.
enum Hex {
    @inline(__always)
    static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The digit of a number below 16, lower case.
    @inline(__always)
    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + (value - 10)
    }
}
