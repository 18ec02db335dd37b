//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if YAML
internal import CeleryWire

/// The types of scalars, as the resolver of Python's `yaml.SafeLoader` (YAML 1.1) has them.
enum YAMLScalars {
    private static let prefix = "tag:yaml.org,2002:"

    static func isMerge(_ event: YAMLEvent) -> Bool {
        guard case .scalar(let scalar) = event, scalar.text == "<<" else { return false }
        return scalar.tag == prefix + "merge" || (scalar.tag == nil && scalar.isPlain)
    }

    static func value(of scalar: YAMLScalar, limits: WireLimits) throws(WireError) -> CeleryValue {
        guard let tag = scalar.tag, tag != "!" else {
            return scalar.isPlain && scalar.tag == nil ? try plain(scalar, limits) : .string(scalar.text)
        }
        guard tag.hasPrefix(prefix) else { throw notAllowed(tag, scalar) }
        let value: CeleryValue?
        switch tag.dropFirst(prefix.count) {
        case "str", "value", "merge": value = .string(scalar.text)
        case "null": value = .null
        case "bool": value = bool(scalar.text)
        case "int": value = try number(scalar, limits)
        case "float": value = float(scalar.text) ?? Double(scalar.text).map { .double($0) }
        case "timestamp": value = YAMLTimestamp.value(scalar.text)
        case "binary": value = CeleryValue.bytes(base64: scalar.text.filter { !$0.isWhitespace })
        default: throw notAllowed(tag, scalar)
        }
        guard let value else {
            throw WireError(
                .malformed,
                "'\(scalar.text.prefix(40))' is no YAML \(tag.suffix(9))",
                offset: scalar.offset
            )
        }
        return value
    }

    private static func notAllowed(_ tag: String, _ scalar: YAMLScalar) -> WireError {
        WireError(.malformed, "YAML tag '\(tag.prefix(60))' is not allowed", offset: scalar.offset)
    }

    private static func plain(_ scalar: YAMLScalar, _ limits: WireLimits) throws(WireError) -> CeleryValue {
        let text = scalar.text
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        default: break
        }
        guard let first = text.utf8.first else { return .null }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            if let value = YAMLTimestamp.value(text) { return value }
            return try number(scalar, limits) ?? float(text) ?? .string(text)
        case UInt8(ascii: "+"), UInt8(ascii: "-"): return try number(scalar, limits) ?? float(text) ?? .string(text)
        case UInt8(ascii: "."): return float(text) ?? .string(text)
        default: return bool(text) ?? .string(text)
        }
    }

    private static func bool(_ text: String) -> CeleryValue? {
        switch text {
        case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": .bool(true)
        case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": .bool(false)
        default: nil
        }
    }

    /// Decimal, `0b`, `0x`, octal with a leading zero, base 60 with colons; underscores are skipped.
    private static func number(_ scalar: YAMLScalar, _ limits: WireLimits) throws(WireError) -> CeleryValue? {
        guard let digits = YAMLInteger(scalar.text) else { return nil }
        guard digits.count <= limits.integerDigits else {
            throw WireError(
                .limitExceeded,
                "integer longer than integerDigits \(limits.integerDigits) allows",
                offset: scalar.offset
            )
        }
        guard let value = digits.value else {
            throw WireError(.limitExceeded, "integer beyond 64 bits that is not decimal", offset: scalar.offset)
        }
        return value
    }

    private static func float(_ text: String) -> CeleryValue? { YAMLFloat.value(text).map { .double($0) } }
}

/// An integer as YAML 1.1 writes it.
struct YAMLInteger {
    private var negative = false
    private var radix = 10
    private var digits: [UInt8] = []
    /// Places of base 60, most significant first; empty when there are no colons.
    private var sixties: [String] = []

    /// How many digits there are.
    var count: Int { digits.count + sixties.reduce(0) { $0 + $1.utf8.count } }

    /// Nil when the text is no integer.
    init?(_ text: String) {
        var rest = Substring(text).utf8[...]
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            negative = sign == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        guard let first = rest.first, Self.isDigit(first) else { return nil }
        if rest.contains(UInt8(ascii: ":")) {
            guard first != UInt8(ascii: "0"), readSixties(Substring(rest)) else { return nil }
            return
        }
        if first == UInt8(ascii: "0"), rest.count > 1 {
            rest = rest.dropFirst()
            switch rest.first {
            case UInt8(ascii: "b"):
                radix = 2
                rest = rest.dropFirst()
            case UInt8(ascii: "x"):
                radix = 16
                rest = rest.dropFirst()
            default: radix = 8
            }
        }
        for byte in rest where byte != UInt8(ascii: "_") {
            guard Self.value(byte) < radix else { return nil }
            digits.append(byte)
        }
        guard !digits.isEmpty || (radix == 8 && !rest.isEmpty) else { return nil }
    }

    private mutating func readSixties(_ text: Substring) -> Bool {
        for (index, place) in text.split(separator: ":", omittingEmptySubsequences: false).enumerated() {
            let digits = place.filter { $0 != "_" }
            guard !digits.isEmpty, digits.utf8.allSatisfy(Self.isDigit) else { return false }
            guard index == 0 || (digits.utf8.count <= 2 && (Int(digits) ?? 60) < 60) else { return false }
            sixties.append(String(digits))
        }
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static func value(_ byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: 99
        }
    }

    /// Nil for integers of other bases than ten beyond 64 bits.
    var value: CeleryValue? {
        let sign = negative ? "-" : ""
        if !sixties.isEmpty {
            var total = 0
            for place in sixties {
                let (product, over) = total.multipliedReportingOverflow(by: 60)
                let (sum, overSum) = product.addingReportingOverflow(Int(place) ?? .max)
                if over || overSum { return nil }
                total = sum
            }
            return .int(negative ? -total : total)
        }
        let text = sign + (digits.isEmpty ? "0" : String(decoding: digits, as: UTF8.self))
        if let small = Int(text, radix: radix) { return .int(small) }
        return radix == 10 ? .bigInteger(text) : nil
    }
}

/// A float as YAML 1.1 in Python writes it: a point is required, and a sign in the exponent.
enum YAMLFloat {
    static func value(_ text: String) -> Double? {
        var rest = Substring(text)
        var sign = 1.0
        var isSigned = false
        if let first = rest.first, first == "-" || first == "+" {
            isSigned = true
            sign = first == "-" ? -1 : 1
            rest = rest.dropFirst()
        }
        switch rest {
        case ".inf", ".Inf", ".INF": return sign * .infinity
        case ".nan", ".NaN", ".NAN": return text == rest ? .nan : nil
        default: break
        }
        let bytes = rest.utf8.filter { $0 != UInt8(ascii: "_") }
        guard let point = bytes.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        if bytes[..<point].contains(UInt8(ascii: ":")) { return sixties(bytes, point).map { sign * $0 } }
        var at = point + 1
        while at < bytes.count, isDigit(bytes[at]) { at += 1 }
        let wholeDigits = bytes[..<point].allSatisfy(isDigit)
        guard wholeDigits, point > 0 || (at > 1 && !isSigned) else { return nil }
        if at < bytes.count {
            guard bytes[at] | 0x20 == UInt8(ascii: "e"), at + 2 < bytes.count,
                bytes[at + 1] == UInt8(ascii: "+") || bytes[at + 1] == UInt8(ascii: "-"),
                bytes[(at + 2)...].allSatisfy(isDigit)
            else { return nil }
        }
        var normal = bytes
        if at == point + 1 { normal.insert(UInt8(ascii: "0"), at: at) }
        if point == 0 { normal.insert(UInt8(ascii: "0"), at: 0) }
        return Double(String(decoding: normal, as: UTF8.self)).map { sign * $0 }
    }

    private static func sixties(_ bytes: [UInt8], _ point: Int) -> Double? {
        guard bytes[(point + 1)...].allSatisfy(isDigit) else { return nil }
        var total = 0.0
        for (index, place) in bytes[..<point].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            .enumerated()
        {
            let text = String(decoding: place, as: UTF8.self)
            guard let value = Double(text), place.allSatisfy(isDigit), index == 0 || (place.count <= 2 && value < 60)
            else { return nil }
            total = total * 60 + value
        }
        let fraction = "0." + String(decoding: bytes[(point + 1)...], as: UTF8.self) + "0"
        return Double(fraction).map { total + $0 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}

/// A timestamp as YAML 1.1 writes it: `2001-12-14`, `2001-12-14t21:59:43.10-05:00`, `2001-12-14 21:59:43.10 -5`.
enum YAMLTimestamp {
    /// A date or a datetime in Python's text form; nil when the text is neither.
    static func value(_ text: String) -> CeleryValue? {
        guard text.utf8.count >= 8, text.utf8.count <= 64 else { return nil }
        var scanner = Scanner(bytes: Array(text.utf8))
        guard let year = scanner.number(4...4), scanner.take("-"), let month = scanner.number(1...2),
            scanner.take("-"), let day = scanner.number(1...2)
        else { return nil }
        let date = "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))"
        if scanner.isAtEnd { return text.utf8.count == 10 ? CeleryValue.date(ifValid: date) : nil }
        guard scanner.take("T") || scanner.take("t") || scanner.skipSpace() else { return nil }
        guard let hour = scanner.number(1...2), scanner.take(":"), let minute = scanner.number(2...2),
            scanner.take(":"), let second = scanner.number(2...2)
        else { return nil }
        var time = "\(pad(hour, 2)):\(pad(minute, 2)):\(pad(second, 2))"
        if scanner.take(".") {
            let fraction = scanner.digits().prefix(6)
            if fraction.contains(where: { $0 != "0" }) {
                time += "." + fraction + String(repeating: "0", count: 6 - fraction.count)
            }
        }
        _ = scanner.skipSpace()
        guard let zone = scanner.zone() else { return nil }
        return CeleryValue.datetime(ifValid: "\(date)T\(time)\(zone)")
    }

    private static func pad(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        mutating func skipSpace() -> Bool {
            let start = position
            while take(" ") || take("\t") {}
            return position > start
        }

        mutating func digits() -> String {
            let start = position
            while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }

        mutating func number(_ lengths: ClosedRange<Int>) -> Int? {
            let text = digits()
            return lengths.contains(text.utf8.count) ? Int(text) : nil
        }

        /// `Z`, `+5`, `-05:30` as an ISO offset; nothing for naive; nil for anything else.
        mutating func zone() -> String? {
            if isAtEnd { return "" }
            if take("Z") { return isAtEnd ? "+00:00" : nil }
            let negative = take("-")
            guard negative || take("+"), let hours = number(1...2) else { return nil }
            var minutes = 0
            if take(":") {
                guard let value = number(2...2) else { return nil }
                minutes = value
            }
            return isAtEnd ? "\(negative ? "-" : "+")\(pad(hours, 2)):\(pad(minutes, 2))" : nil
        }
    }
}
#endif
