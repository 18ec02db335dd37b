//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Where a number lies in the text.
struct JSONNumber {
    var start: Int
    var end: Int
    /// No fraction and no exponent.
    var isInteger: Bool
}

extension JSONReader {
    /// Whether a number, `NaN` or an infinity begins with this byte.
    @inline(__always)
    static func beginsNumber(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
            || byte == UInt8(ascii: "N") || byte == UInt8(ascii: "I")
    }

    @inline(__always)
    private func digits(from: Int) -> Int {
        var at = from
        while at < bytes.count, bytes[at] &- UInt8(ascii: "0") < 10 { at += 1 }
        return at
    }

    /// Reads a number of JSON's own; the next byte is a digit or a minus sign.
    @inline(__always)
    mutating func scanNumber() throws(WireError) -> JSONNumber {
        let start = position
        var at = start
        if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
        let whole = at
        at = digits(from: at)
        guard at > whole else { throw malformed("expected a number") }
        guard at == whole + 1 || bytes[whole] != UInt8(ascii: "0") else {
            throw malformed("number with a leading zero")
        }
        var isInteger = true
        if at + 1 < bytes.count, bytes[at] == UInt8(ascii: ".") {
            let fraction = digits(from: at + 1)
            guard fraction > at + 1 else { throw malformed("number without digits after the point") }
            at = fraction
            isInteger = false
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            var exponent = at + 1
            if exponent < bytes.count, bytes[exponent] == UInt8(ascii: "+") || bytes[exponent] == UInt8(ascii: "-") {
                exponent += 1
            }
            let end = digits(from: exponent)
            guard end > exponent else { throw malformed("number without digits in its exponent") }
            at = end
            isInteger = false
        }
        guard !isInteger || at - whole <= maxDigits else {
            throw WireError(.limitExceeded, "integer longer than integerDigits \(maxDigits) allows", offset: start)
        }
        position = at
        return JSONNumber(start: start, end: at, isInteger: isInteger)
    }

    /// `NaN`, `Infinity` and `-Infinity`, if one of them comes next.
    mutating func readNonFinite() -> Double? {
        let left = bytes.count - position
        if left >= 3, matches("NaN", at: position) {
            position += 3
            return .nan
        }
        if left >= 8, matches("Infinity", at: position) {
            position += 8
            return .infinity
        }
        if left >= 9, matches("-Infinity", at: position) {
            position += 9
            return -.infinity
        }
        return nil
    }

    /// The value of an integer, nil when it does not fit into 64 bits.
    @inline(__always)
    func int(_ number: JSONNumber) -> Int? {
        let negative = bytes[number.start] == UInt8(ascii: "-")
        var at = number.start + (negative ? 1 : 0)
        if number.end - at <= 18 {
            var value = 0
            while at < number.end {
                value = value &* 10 &+ Int(bytes[at] &- UInt8(ascii: "0"))
                at &+= 1
            }
            return negative ? 0 &- value : value
        }
        return Int(text(number))
    }

    /// The number as it is written.
    func text(_ number: JSONNumber) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: bytes[number.start..<number.end]), as: UTF8.self)
    }

    /// The nearest double. Beyond the range it is an infinity, as in Python.
    func double(_ number: JSONNumber) -> Double {
        if let short = shortDouble(number) { return short }
        return Double(text(number)) ?? .nan
    }

    /// The exact way for at most 15 digits and small exponents: one correctly rounded operation on exact numbers.
    private func shortDouble(_ number: JSONNumber) -> Double? {
        guard number.end - number.start <= 20 else { return nil }
        var at = number.start
        let negative = bytes[at] == UInt8(ascii: "-")
        if negative { at += 1 }
        var mantissa = 0
        var scale = 0
        var digits = 0
        var inFraction = false
        while at < number.end {
            let byte = bytes[at]
            if byte == UInt8(ascii: ".") {
                inFraction = true
            } else if byte | 0x20 == UInt8(ascii: "e") {
                return nil
            } else {
                mantissa = mantissa &* 10 &+ Int(byte &- UInt8(ascii: "0"))
                digits += 1
                if inFraction { scale += 1 }
            }
            at += 1
        }
        guard digits <= 15 else { return nil }
        let value = Double(mantissa) / Self.powersOfTen[scale]
        return negative ? -value : value
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]
}
