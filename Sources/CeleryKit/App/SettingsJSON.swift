//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension CeleryValue {
    /// Reads one JSON value of an environment variable or of the command line.
    package init?(settingJSON text: String) {
        guard let value = try? JSONDecoder().decode(AnyJSON.self, from: Data(text.utf8)) else { return nil }
        self = value.value
    }

    /// The value as JSON text on one line, for messages and `--json`.
    package var settingJSON: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .bigInteger(let digits): digits
        case .double(let value): value.isFinite ? "\(value)" : "null"
        case .string(let text), .datetime(let text), .date(let text), .time(let text), .decimal(let text),
            .uuid(let text):
            Self.quote(text)
        case .bytes(let bytes): Self.quote(String(decoding: bytes, as: UTF8.self))
        case .array(let values): "[" + values.map(\.settingJSON).joined(separator: ", ") + "]"
        case .object(let object):
            "{" + object.members.map { Self.quote($0.key) + ": " + $0.value.settingJSON }.joined(separator: ", ") + "}"
        }
    }

    private static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

private struct AnyJSON: Decodable {
    var value: CeleryValue

    init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: Key.self) {
            var members = CeleryObject()
            for key in object.allKeys { members[key.stringValue] = try object.decode(AnyJSON.self, forKey: key).value }
            value = .object(members)
        } else if var list = try? decoder.unkeyedContainer() {
            var values: [CeleryValue] = []
            while !list.isAtEnd { values.append(try list.decode(AnyJSON.self).value) }
            value = .array(values)
        } else {
            let single = try decoder.singleValueContainer()
            if single.decodeNil() {
                value = .null
            } else if let bool = try? single.decode(Bool.self) {
                value = .bool(bool)
            } else if let int = try? single.decode(Int.self) {
                value = .int(int)
            } else if let double = try? single.decode(Double.self) {
                value = .double(double)
            } else {
                value = .string(try single.decode(String.self))
            }
        }
    }

    struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
