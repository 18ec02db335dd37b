//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Reading of scalars from the text of one value.
extension JSONReader {
    /// An integer, nil when the value is no integer or does not fit. A float that is a whole number counts as one.
    @inline(__always)
    mutating func scalarInt() throws(WireError) -> Int? {
        let byte = try peek()
        guard byte == UInt8(ascii: "-") || byte &- UInt8(ascii: "0") < 10, readNonFinite() == nil else { return nil }
        let number = try scanNumber()
        if number.isInteger { return int(number) }
        let value = double(number)
        // Beyond 2^53 a float no longer tells which integer was meant.
        return abs(value) <= 9_007_199_254_740_992 ? Int(exactly: value) : nil
    }

    /// An unsigned integer of 64 bits, nil when the value is none.
    mutating func scalarUInt64() throws(WireError) -> UInt64? {
        let start = position
        if let value = try scalarInt() { return UInt64(exactly: value) }
        position = start
        guard try peek() &- UInt8(ascii: "0") < 10 else { return nil }
        let number = try scanNumber()
        return number.isInteger ? UInt64(text(number)) : nil
    }

    /// A floating-point number: any number, rounded to the nearest one.
    mutating func scalarDouble() throws(WireError) -> Double? {
        guard Self.beginsNumber(try peek()) else { return nil }
        if let value = readNonFinite() { return value }
        return double(try scanNumber())
    }

    mutating func scalarBool() throws(WireError) -> Bool? {
        let byte = try peek()
        guard byte == UInt8(ascii: "t") || byte == UInt8(ascii: "f") else { return nil }
        return try readBool()
    }

    mutating func scalarString() throws(WireError) -> String? {
        guard try peek() == UInt8(ascii: "\"") else { return nil }
        return string(try scanString())
    }
}
