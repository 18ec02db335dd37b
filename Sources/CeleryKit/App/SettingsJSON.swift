//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

extension CeleryValue {
    /// Reads one JSON value of an environment variable or of the command line.
    package init?(settingJSON text: String) {
        guard let value = try? JSONSerializer().decodeValue(Array(text.utf8), limits: .standard) else { return nil }
        self = value
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
