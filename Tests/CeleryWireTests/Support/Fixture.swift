//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import Testing

@testable import CeleryWire

/// Golden messages beside this file.
enum Fixture {
    static func load(_ name: String) throws -> CeleryObject {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let bytes = try Data(contentsOf: folder.appending(path: "Fixtures/\(name)"))
        guard case .object(let object) = try JSONSerializer().decodeValue(Array(bytes), limits: .standard) else {
            throw WireError(.malformed, "fixture \(name) is not an object")
        }
        return object
    }

    /// Text, or bytes given as base64.
    static func bytes(_ value: CeleryValue?) throws -> [UInt8] {
        switch value {
        case .string(let text)?: return Array(text.utf8)
        case .object(let object)?:
            let text = try #require(object["base64"]?.stringValue)
            return try #require(Base64.decode(text))
        default: throw WireError(.malformed, "a fixture holds \(value?.kind ?? "nothing") where bytes belong")
        }
    }

    /// The JSON value of some bytes.
    static func json(_ bytes: [UInt8]) throws -> CeleryValue {
        try JSONSerializer().decodeValue(bytes, limits: .standard)
    }
}

extension CeleryValue {
    var stringValue: String? { if case .string(let text) = self { text } else { nil } }
    var arrayValue: [CeleryValue]? { if case .array(let elements) = self { elements } else { nil } }
    var objectValue: CeleryObject? { if case .object(let object) = self { object } else { nil } }

    subscript(key: String) -> CeleryValue? { objectValue?[key] }
    subscript(index: Int) -> CeleryValue? { arrayValue?[index] }
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
