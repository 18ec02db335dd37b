//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if YAML
internal import CeleryWire

/// Writes one line of flow style YAML, strings always quoted: what every YAML 1.1 loader reads without guessing.
struct YAMLWriter {
    var text = ""

    mutating func value(_ value: CeleryValue) throws(WireError) {
        switch value {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .int(let number): text += String(number)
        case .bigInteger(let digits): text += digits
        case .double(let number): double(number)
        case .string(let string): quoted(string)
        case .bytes(let bytes): text += "!!binary \"\(CeleryValue.base64(bytes))\""
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += ", " }
                try self.value(element)
            }
            text += "]"
        case .object(let object): try self.object(object)
        case .datetime(let string): text += "!!timestamp \"\(string)\""
        case .date(let string): text += "!!timestamp \"\(string)\""
        case .time, .decimal, .uuid: try self.object(value.taggedObject ?? [:])
        }
    }

    private mutating func object(_ object: CeleryObject) throws(WireError) {
        text += "{"
        for (index, member) in object.members.enumerated() {
            if index > 0 { text += ", " }
            // An explicit key may be longer than the 1024 characters that an implicit one is limited to.
            if member.key.utf8.count > 100 { text += "? " }
            quoted(member.key)
            text += member.key.utf8.count > 100 ? " : " : ": "
            try value(member.value)
        }
        text += "}"
    }

    /// Python's loader takes an exponent only behind a point, and knows infinities by other names.
    private mutating func double(_ value: Double) {
        guard value.isFinite else {
            text += value.isNaN ? ".nan" : value < 0 ? "-.inf" : ".inf"
            return
        }
        let plain = CeleryValue.pythonText(value)
        if let exponent = plain.firstIndex(of: "e"), !plain[..<exponent].contains(".") {
            text += plain[..<exponent] + ".0" + plain[exponent...]
        } else {
            text += plain
        }
    }

    private mutating func quoted(_ string: String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case " "..."~": text.unicodeScalars.append(scalar)
            default: escape(scalar.value)
            }
        }
        text += "\""
    }

    private mutating func escape(_ value: UInt32) {
        let (letter, width) = value < 0x100 ? ("x", 2) : value < 0x10000 ? ("u", 4) : ("U", 8)
        let digits = String(value, radix: 16)
        text += "\\\(letter)" + String(repeating: "0", count: width - digits.count) + digits
    }
}
#endif
