//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Foundation
import Testing

/// A workflow that was captured, and what it came to there.
struct CapturedShape: Sendable, CustomTestStringConvertible {
    var name: String
    /// As Python sent it.
    var python: String
    /// What it failed with, as Python's `repr`.
    var error: String?
    var value: CeleryValue

    var testDescription: String { name }

    static func all() throws -> [CapturedShape] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/shapes-5.7.json")
        let value = try JSONSerializer().decodeValue(Array(Data(contentsOf: file)), limits: .standard)
        guard case .object(let object) = value, case .array(let shapes)? = object["shapes"] else {
            throw WireError(.malformed, "\(file.path) holds no shapes")
        }
        return try shapes.map { shape in
            guard case .object(let shape) = shape, case .string(let name)? = shape["name"],
                case .string(let python)? = shape["python"], case .bool(let fails)? = shape["fails"],
                let value = shape["value"]
            else { throw WireError(.malformed, "a shape in \(file.path) lacks something") }
            var error: String?
            if fails, case .string(let text) = value { error = text }
            return CapturedShape(name: name, python: python, error: error, value: value)
        }
    }
}
