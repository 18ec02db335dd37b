//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension JSONWriter {
    /// Any dynamic value, tagged where JSON has no form of its own.
    mutating func value(_ value: CeleryValue) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .int(let value): int(value)
        case .bigInteger(let digits): number(digits)
        case .double(let value): double(value)
        case .string(let value): string(value)
        case .bytes(let value): taggedBytes(value)
        case .array(let elements): array(elements)
        case .object(let object): self.object(object)
        case .datetime(let text): tagged("\"datetime\"", text)
        case .date(let text): tagged("\"date\"", text)
        case .time(let text): tagged("\"time\"", text)
        case .decimal(let text): tagged("\"decimal\"", text)
        case .uuid(let hex): uuid(hex)
        }
    }

    mutating func array(_ elements: [CeleryValue]) {
        raw("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { raw(", ") }
            value(element)
        }
        raw("]")
    }

    mutating func object(_ object: CeleryObject) {
        raw("{")
        var first = true
        for (name, member) in object.members {
            key(name, first: first)
            value(member)
            first = false
        }
        raw("}")
    }

    /// A number given as digits; what is not a number is written as a string, so that the text stays valid.
    mutating func number(_ digits: String) {
        BigInteger.isValid(digits) ? bytes.append(contentsOf: digits.utf8) : string(digits)
    }

    mutating func tagged(_ type: StaticString, _ text: String) {
        raw("{\"__type__\": ")
        raw(type)
        raw(", \"__value__\": ")
        string(text)
        raw("}")
    }

    mutating func uuid(_ hex: String) {
        raw("{\"__type__\": \"uuid\", \"__value__\": {\"hex\": ")
        string(hex)
        raw("}}")
    }

    /// Bytes that are UTF-8 go as text, others as base64.
    mutating func taggedBytes(_ value: [UInt8]) {
        if let text = String(validating: value, as: UTF8.self) {
            tagged("\"bytes\"", text)
        } else {
            tagged("\"base64\"", Base64.encode(value))
        }
    }
}

/// Integers in digits.
enum BigInteger {
    /// Whether the text is an integer as JSON writes it.
    static func isValid(_ text: String) -> Bool {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0") else { return false }
        return digits.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
    }
}
