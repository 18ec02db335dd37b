//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A pull reader over the bytes of one JSON text, as Python's `json.loads` accepts it.
///
/// Total: every read checks the bounds and throws ``WireError`` on what it cannot read. It is strict about control
/// characters, leading zeros and UTF-8, and takes `NaN`, `Infinity`, `-Infinity` and lone surrogates, as Python does.
/// It points into memory that it does not own: never let one escape the closure that lends it.
struct JSONReader {
    let bytes: UnsafeBufferPointer<UInt8>
    /// Index of the next byte.
    var position = 0
    let maxDepth: Int
    let maxDigits: Int
    var depth = 0

    /// Nesting beyond this is refused whatever the limits say: values are built recursively.
    static let deepest = 512

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: WireLimits) throws(WireError) {
        guard bytes.count <= limits.messageSize else {
            throw WireError(
                .limitExceeded,
                "JSON text of \(bytes.count) bytes; messageSize allows \(limits.messageSize)"
            )
        }
        self.bytes = bytes
        maxDepth = min(limits.nestingDepth, Self.deepest)
        maxDigits = limits.integerDigits
    }

    func malformed(_ what: String, at offset: Int? = nil) -> WireError {
        WireError(.malformed, what, offset: offset ?? position)
    }

    @inline(__always)
    mutating func skipSpace() {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || (byte <= 0x0D && (byte == 0x0A || byte == 0x0D || byte == 0x09)) else { return }
            position += 1
        }
    }

    /// The first byte of the next token, which stays unread.
    @inline(__always)
    mutating func peek() throws(WireError) -> UInt8 {
        skipSpace()
        guard position < bytes.count else { throw malformed("JSON text ends where a value is expected") }
        return bytes[position]
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(WireError) {
        guard try peek() == byte else {
            throw malformed("expected \(Self.name(byte)), found \(Self.name(bytes[position]))")
        }
        position += 1
    }

    static func name(_ byte: UInt8) -> String {
        byte >= 0x20 && byte < 0x7F ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    }

    /// Nothing but white space may follow.
    mutating func end() throws(WireError) {
        skipSpace()
        guard position == bytes.count else { throw malformed("extra data after the JSON value") }
    }

    // MARK: Containers

    mutating func descend() throws(WireError) {
        depth += 1
        guard depth <= maxDepth else {
            throw WireError(.limitExceeded, "nested deeper than nestingDepth \(maxDepth) allows", offset: position)
        }
    }

    @inline(__always)
    mutating func openObject() throws(WireError) {
        try expect(UInt8(ascii: "{"))
        try descend()
    }

    /// The next key, with the colon behind it read; nil when the object ends.
    @inline(__always)
    mutating func nextKey(_ first: inout Bool) throws(WireError) -> JSONText? {
        var byte = try peek()
        if byte == UInt8(ascii: "}") {
            position += 1
            depth -= 1
            return nil
        }
        if first {
            first = false
        } else {
            guard byte == UInt8(ascii: ",") else { throw malformed("expected ',' or '}' in an object") }
            position += 1
            byte = try peek()
        }
        guard byte == UInt8(ascii: "\"") else { throw malformed("expected a string as key of an object") }
        let key = try scanString()
        try expect(UInt8(ascii: ":"))
        return key
    }

    @inline(__always)
    mutating func openArray() throws(WireError) {
        try expect(UInt8(ascii: "["))
        try descend()
    }

    /// Whether another element follows; false when the array has ended.
    @inline(__always)
    mutating func nextElement(_ first: inout Bool) throws(WireError) -> Bool {
        let byte = try peek()
        if byte == UInt8(ascii: "]") {
            position += 1
            depth -= 1
            return false
        }
        if first {
            first = false
        } else {
            guard byte == UInt8(ascii: ",") else { throw malformed("expected ',' or ']' in an array") }
            position += 1
            guard try peek() != UInt8(ascii: "]") else { throw malformed("',' before ']'") }
        }
        return true
    }

    // MARK: Literals

    /// Reads `null` if that is what comes next.
    @inline(__always)
    mutating func readNull() throws(WireError) -> Bool {
        guard try peek() == UInt8(ascii: "n") else { return false }
        try skipNull()
        return true
    }

    /// Reads `null`; the next byte is an `n`.
    @inline(__always)
    mutating func skipNull() throws(WireError) {
        guard skip("null") else { throw malformed("unknown literal where a JSON value is expected") }
    }

    mutating func readBool() throws(WireError) -> Bool {
        let byte = try peek()
        if byte == UInt8(ascii: "t") {
            try literal("true")
            return true
        }
        guard byte == UInt8(ascii: "f") else { throw malformed("expected true or false") }
        try literal("false")
        return false
    }

    @inline(__always)
    mutating func literal(_ text: StaticString) throws(WireError) {
        guard skip(text) else { throw malformed("unknown literal where a JSON value is expected") }
    }
}
