//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Foundation

/// What Python's workers answered and told, captured; see the files' own notes.
enum FleetFixture {
    static func load(_ name: String) throws -> CeleryObject {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let bytes = [UInt8](try Data(contentsOf: folder.appending(path: "Fixtures/\(name).json")))
        guard case .object(let object) = try JSONSerializer().decodeValue(bytes, limits: .standard) else { return [:] }
        return object
    }

    /// A member of an object of the file.
    static func value(_ file: String, _ section: String, _ name: String) throws -> CeleryValue {
        guard case .object(let object)? = try load(file)[section], let value = object[name] else {
            throw WireError(.missingValue, "\(file) has no \(section) \(name)")
        }
        return value
    }
}

extension CeleryValue {
    subscript(name: String) -> CeleryValue? { if case .object(let object) = self { object[name] } else { nil } }

    /// Where this differs from a sample in keys, or in kinds of values; a null fits anything.
    func differences(from sample: CeleryValue, at path: String = "") -> [String] {
        switch (self, sample) {
        case (.object(let own), .object(let other)):
            let missing = other.keys.filter { own[$0] == nil }.map { "\(path)/\($0) is missing" }
            let surplus = own.keys.filter { other[$0] == nil }.map { "\(path)/\($0) is not in the sample" }
            let deeper = own.members.flatMap { key, value in
                other[key].map { value.differences(from: $0, at: "\(path)/\(key)") } ?? []
            }
            return missing + surplus + deeper
        case (.array(let own), .array(let other)):
            guard let first = other.first else { return [] }
            return own.enumerated().flatMap { $1.differences(from: first, at: "\(path)/\($0)") }
        case (.null, _), (_, .null), (.bool, .bool), (.string, .string), (.int, .int), (.double, .double),
            (.int, .double), (.double, .int):
            return []
        default: return ["\(path) is \(self), in the sample \(sample)"]
        }
    }
}
