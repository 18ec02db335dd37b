//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// How Foundation's value types travel: as kombu's tagged values.
enum FoundationValues {
    /// Whether the type is one of those handled here, or one that is kept as it is.
    @inline(__always)
    static func handles(_ type: Any.Type) -> Bool {
        type == Date.self || type == Data.self || type == UUID.self || type == Decimal.self || type == URL.self
            || type == CeleryValue.self || type == EncodedValue.self
    }

    /// The dynamic form of a value of one of these types; nil for any other.
    static func value(_ any: Any) throws(WireError) -> CeleryValue? {
        switch any {
        case let value as CeleryValue: return value
        case let value as EncodedValue: return try value.value()
        case let date as Date: return .datetime(Timestamp(unixSeconds: date.timeIntervalSince1970).iso8601)
        case let data as Data: return .bytes(Array(data))
        case let uuid as UUID: return .uuid(hex(uuid))
        case let url as URL: return .string(url.absoluteString)
        case let decimal as Decimal: return .decimal(decimal.isNaN ? "NaN" : decimal.description)
        default: return nil
        }
    }

    private static func hex(_ uuid: UUID) -> String {
        withUnsafeBytes(of: uuid.uuid) { bytes in
            String(decoding: bytes.flatMap { [Hex.digit($0 >> 4), Hex.digit($0 & 15)] }, as: UTF8.self)
        }
    }

    /// A value of the type from its dynamic form; nil when it cannot be one.
    static func make(_ type: Any.Type, from value: CeleryValue) -> Any? {
        if type == CeleryValue.self { return value }
        if type == EncodedValue.self { return EncodedValue(value) }
        if type == Date.self { return date(value) }
        if type == Data.self { return data(value) }
        if type == UUID.self { return uuid(value) }
        if type == Decimal.self { return decimal(value) }
        if type == URL.self, case .string(let text) = value { return URL(string: text) }
        return nil
    }

    /// From a tagged datetime or date (naive means UTC), from ISO 8601 text, or from a number of Unix seconds.
    private static func date(_ value: CeleryValue) -> Date? {
        switch value {
        case .datetime(let text), .date(let text), .string(let text):
            PythonDateTime(text).map { Date(timeIntervalSince1970: Double($0.microseconds) / 1e6) }
        case .int(let seconds): Date(timeIntervalSince1970: Double(seconds))
        case .double(let seconds): seconds.isFinite ? Date(timeIntervalSince1970: seconds) : nil
        default: nil
        }
    }

    /// From tagged bytes, or from the base64 text that other coders write.
    private static func data(_ value: CeleryValue) -> Data? {
        switch value {
        case .bytes(let bytes): Data(bytes)
        case .string(let text): Base64.decode(text).map { Data($0) }
        default: nil
        }
    }

    private static func uuid(_ value: CeleryValue) -> UUID? {
        guard let text = value.uuidText else { return nil }
        return TaggedValue.hexDigits(ofUUID: text).flatMap { UUID(uuidString: dashed($0)) }
    }

    private static func dashed(_ hex: String) -> String {
        var text = ""
        for (index, digit) in hex.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(digit)
        }
        return text
    }

    /// Never rounded: nil for more digits than `Decimal` has, and for infinities.
    private static func decimal(_ value: CeleryValue) -> Decimal? {
        let text: String
        switch value {
        case .decimal(let digits), .bigInteger(let digits): text = digits
        case .int(let number): return Decimal(number)
        case .double(let number): text = PythonFloat.jsonText(number)
        default: return nil
        }
        if text.lowercased().hasSuffix("nan") { return Decimal.nan }
        let significand = text.utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }
        let digits = significand.filter { $0 &- UInt8(ascii: "0") < 10 }.drop { $0 == UInt8(ascii: "0") }
        return digits.count <= 38 ? Decimal(string: text) : nil
    }
}

extension CeleryValue {
    /// The text of a UUID, tagged or plain.
    var uuidText: String? {
        switch self {
        case .uuid(let text), .string(let text): text
        default: nil
        }
    }
}
