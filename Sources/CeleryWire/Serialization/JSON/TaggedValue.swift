//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Kombu's tagged values: an object of exactly `__type__` and `__value__`.
enum TaggedValue {
    /// The value of a tag. An unknown type or an unreadable value makes the whole text undecodable, as in Python.
    static func resolve(type: CeleryValue, value: CeleryValue, at offset: Int?) throws(WireError) -> CeleryValue {
        guard case .string(let type) = type else {
            throw WireError(.malformed, "__type__ of a tagged value is not a string", offset: offset)
        }
        guard let resolved = try resolve(type, value, offset) else {
            throw WireError(.malformed, "unreadable __value__ of a tagged \(type.prefix(40))", offset: offset)
        }
        return resolved
    }

    /// Nil when the value is not one of its type.
    private static func resolve(
        _ type: String,
        _ value: CeleryValue,
        _ offset: Int?
    ) throws(WireError) -> CeleryValue? {
        if type == "uuid" { return uuid(value) }
        guard case .string(let text) = value else {
            guard ["bytes", "base64", "datetime", "date", "time", "decimal"].contains(type) else {
                throw unknown(type, offset)
            }
            return nil
        }
        switch type {
        case "bytes": return .bytes(Array(text.utf8))
        case "base64": return Base64.decode(text).map { .bytes($0) }
        case "datetime": return PythonDateTime(text) != nil ? .datetime(text) : nil
        case "date": return PythonDateTime(text).map { .date($0.dateText) }
        case "time": return PythonTime(text) != nil ? .time(text) : nil
        case "decimal": return PythonDecimal.isValid(text) ? .decimal(text) : nil
        default: throw unknown(type, offset)
        }
    }

    private static func unknown(_ type: String, _ offset: Int?) -> WireError {
        WireError(
            .malformed,
            "unknown __type__ '\(type.prefix(40))' of a tagged value; known are base64, bytes, date, datetime, decimal, time, uuid",
            offset: offset
        )
    }

    /// `{"hex": …}` with any of the spellings that Python's `UUID` takes.
    private static func uuid(_ value: CeleryValue) -> CeleryValue? {
        guard case .object(let object) = value, object.count == 1, case .string(let text)? = object["hex"] else {
            return nil
        }
        let digits = hexDigits(ofUUID: text)
        return digits.map { .uuid($0) }
    }

    /// The 32 lower-case digits of a UUID in any usual spelling.
    static func hexDigits(ofUUID text: String) -> String? {
        var rest = Substring(text)
        if rest.hasPrefix("urn:") { rest = rest.dropFirst(4) }
        if rest.hasPrefix("uuid:") { rest = rest.dropFirst(5) }
        var digits: [UInt8] = []
        for byte in rest.utf8 where byte != UInt8(ascii: "-") && byte != UInt8(ascii: "{") && byte != UInt8(ascii: "}")
        {
            guard digits.count < 32, let value = Hex.value(byte) else { return nil }
            digits.append(Hex.digit(value))
        }
        return digits.count == 32 ? String(decoding: digits, as: UTF8.self) : nil
    }
}

/// The grammar of Python's `Decimal`.
enum PythonDecimal {
    /// Whether `Decimal(text)` would take it.
    static func isValid(_ text: String) -> Bool {
        var rest = Substring(text)[...]
        if let sign = rest.first, sign == "-" || sign == "+" { rest = rest.dropFirst() }
        let lower = rest.lowercased()
        if lower == "inf" || lower == "infinity" { return true }
        for prefix in ["nan", "snan"] where lower.hasPrefix(prefix) {
            return lower.dropFirst(prefix.count).utf8.allSatisfy { isDigit($0) }
        }
        return isNumber(Array(rest.utf8))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static func isNumber(_ bytes: [UInt8]) -> Bool {
        var at = 0
        var digits = 0
        var seenPoint = false
        while at < bytes.count {
            if isDigit(bytes[at]) {
                digits += 1
            } else if bytes[at] == UInt8(ascii: "."), !seenPoint {
                seenPoint = true
            } else {
                break
            }
            at += 1
        }
        guard digits > 0 else { return false }
        guard at < bytes.count else { return true }
        guard bytes[at] | 0x20 == UInt8(ascii: "e") else { return false }
        at += 1
        if at < bytes.count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") { at += 1 }
        return at < bytes.count && bytes[at...].allSatisfy { isDigit($0) }
    }
}
