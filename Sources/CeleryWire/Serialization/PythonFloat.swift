//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Python's text form of floats.
enum PythonFloat {
    /// `repr` of a finite float: the shortest digits that read back, with an exponent below 1e-4 and from 1e16 on.
    static func repr(_ value: Double) -> String {
        if let whole = Int32(exactly: value), whole != 0 { return "\(whole).0" }
        // Swift's text has the same shortest digits, only its exponents begin elsewhere.
        let text = value.description
        var digits: [UInt8] = []
        var negative = false
        var point: Int?
        var exponent = 0
        var rest = Substring(text).utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "-"): negative = true
            case UInt8(ascii: "."): point = digits.count
            case UInt8(ascii: "e"):
                exponent = Int(Substring(rest)) ?? 0
                rest = rest.suffix(0)
            default: digits.append(byte)
            }
        }
        return layOut(digits, place: (point ?? digits.count) + exponent, negative: negative)
    }

    /// Any float as `json.dumps` writes it: `NaN`, `Infinity` and `-Infinity` for what is not finite.
    static func jsonText(_ value: Double) -> String {
        value.isFinite ? repr(value) : value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
    }

    /// `place` digits stand before the point.
    private static func layOut(_ raw: [UInt8], place: Int, negative: Bool) -> String {
        let leading = raw.prefix { $0 == UInt8(ascii: "0") }.count
        var digits = Array(raw.dropFirst(leading))
        let place = place - leading
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        var output: [UInt8] = negative ? [UInt8(ascii: "-")] : []
        if digits.isEmpty {
            output.append(contentsOf: "0.0".utf8)
        } else if place > 16 || place < -3 {
            output.append(digits[0])
            if digits.count > 1 {
                output.append(UInt8(ascii: "."))
                output.append(contentsOf: digits.dropFirst())
            }
            let exponent = place - 1
            output.append(contentsOf: exponent < 0 ? "e-".utf8 : "e+".utf8)
            if abs(exponent) < 10 { output.append(UInt8(ascii: "0")) }
            output.append(contentsOf: "\(abs(exponent))".utf8)
        } else if place <= 0 {
            output.append(contentsOf: "0.".utf8)
            output.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -place))
            output.append(contentsOf: digits)
        } else {
            output.append(contentsOf: digits.prefix(place))
            output.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, place - digits.count)))
            output.append(UInt8(ascii: "."))
            output.append(contentsOf: digits.count > place ? digits[place...] : [UInt8(ascii: "0")])
        }
        return String(decoding: output, as: UTF8.self)
    }
}
