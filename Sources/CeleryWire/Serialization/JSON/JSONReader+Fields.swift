//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Reading of single members whose type is known, for headers, properties and signatures.
extension JSONReader {
    /// A string or null. Not inlined: of its many callers most find the null themselves.
    @inline(never)
    mutating func readStringOrNull(_ name: StaticString) throws(WireError) -> String? {
        let byte = try peek()
        if byte == UInt8(ascii: "\"") { return string(try scanString()) }
        if byte == UInt8(ascii: "n") {
            try skipNull()
            return nil
        }
        return try readTextLike(name)
    }

    /// A string or null; one that repeats a string read before shares its storage.
    @inline(__always)
    mutating func readStringOrNull(
        _ name: StaticString,
        repeating text: JSONText?,
        _ value: String
    ) throws(WireError) -> String? {
        if let text, skip(repeated: text) { return value }
        return try readStringOrNull(name)
    }

    /// A tagged date in place of its text, or a number in place of its digits, as lenient peers send them.
    private mutating func readTextLike(_ name: StaticString) throws(WireError) -> String? {
        let start = position
        switch try readValue() {
        case .datetime(let text), .date(let text), .decimal(let text), .uuid(let text): return text
        case .int(let value): return String(value)
        case let value: throw WireError(.malformed, "\(name) is \(value.kind), not a string or null", offset: start)
        }
    }

    /// An integer or null; a float that is a whole number counts as one.
    @inline(__always)
    mutating func readIntOrNull(_ name: StaticString) throws(WireError) -> Int? {
        if let digit = readDigit() { return digit }
        return try readAnyIntOrNull(name)
    }

    /// A number of one digit, if one comes next and its end is plain to see.
    @inline(__always)
    private mutating func readDigit() -> Int? {
        guard bytes.count &- position >= 2 else { return nil }
        let digit = bytes[position] &- UInt8(ascii: "0")
        let after = bytes[position &+ 1]
        guard digit < 10, after == UInt8(ascii: ",") || after == UInt8(ascii: "}") else { return nil }
        position &+= 1
        return Int(digit)
    }

    private mutating func readAnyIntOrNull(_ name: StaticString) throws(WireError) -> Int? {
        let byte = try peek()
        if byte == UInt8(ascii: "n") {
            try skipNull()
            return nil
        }
        let start = position
        if byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "-"), readNonFinite() == nil {
            let number = try scanNumber()
            if number.isInteger ? int(number) != nil : Int(exactly: double(number)) != nil {
                return number.isInteger ? int(number) : Int(exactly: double(number))
            }
        }
        throw WireError(.malformed, "\(name) is not an integer of 64 bits or null", offset: start)
    }

    /// A number or null.
    mutating func readDoubleOrNull(_ name: StaticString) throws(WireError) -> Double? {
        if try readNull() { return nil }
        guard Self.beginsNumber(bytes[position]) else { throw malformed("\(name) is not a number or null") }
        if let value = readNonFinite() { return value }
        return double(try scanNumber())
    }

    /// true, false or null.
    @inline(__always)
    mutating func readBoolOrNull() throws(WireError) -> Bool? {
        if try readNull() { return nil }
        return try readBool()
    }

    /// An object or null.
    mutating func readObjectOrNull(_ name: StaticString) throws(WireError) -> CeleryObject? {
        if try readNull() { return nil }
        guard bytes[position] == UInt8(ascii: "{") else { throw malformed("\(name) is not an object or null") }
        return try readObject()
    }

    /// An array of strings or null; a single string counts as an array of one.
    mutating func readStringsOrNull(_ name: StaticString) throws(WireError) -> [String]? {
        if try readNull() { return nil }
        if bytes[position] == UInt8(ascii: "\"") { return [string(try scanString())] }
        guard bytes[position] == UInt8(ascii: "[") else { throw malformed("\(name) is not an array or null") }
        try openArray()
        var strings: [String] = []
        var first = true
        while try nextElement(&first) { strings.append(try readString()) }
        return strings
    }
}

extension CeleryValue {
    /// What it is, for error messages.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .int, .bigInteger: "an integer"
        case .double: "a float"
        case .string: "a string"
        case .bytes: "bytes"
        case .array: "an array"
        case .object: "an object"
        case .datetime: "a datetime"
        case .date: "a date"
        case .time: "a time"
        case .decimal: "a decimal"
        case .uuid: "a UUID"
        }
    }
}
