//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// What a reply is made of: every value in it that holds no others, by its path: `pool.writes.total`, `[0].id`.
struct ReplyLeaves {
    private(set) var values: [String: CeleryValue] = [:]

    /// - Parameter ignored: Paths that are left out, with all below them.
    init(_ value: CeleryValue, without ignored: Set<String> = []) {
        gather(value, at: "", ignored)
    }

    private mutating func gather(_ value: CeleryValue, at path: String, _ ignored: Set<String>) {
        guard !ignored.contains(path) else { return }
        switch value {
        case .object(let object) where !object.isEmpty:
            for (key, value) in object.members { gather(value, at: path.isEmpty ? key : "\(path).\(key)", ignored) }
        case .array(let items) where !items.isEmpty:
            for (index, item) in items.enumerated() { gather(item, at: "\(path)[\(index)]", ignored) }
        default: values[path] = value
        }
    }

    /// Paths that only one of the two has, or where they have different values.
    func differences(from other: ReplyLeaves) -> Set<String> { differing(from: other) { $0 } }

    /// Paths that only one of the two has, or where they have values of different types.
    func typeDifferences(from other: ReplyLeaves) -> Set<String> { differing(from: other, by: Self.type) }

    private func differing<Aspect: Equatable>(from other: ReplyLeaves, by aspect: (CeleryValue) -> Aspect) -> Set<
        String
    > {
        Set(values.keys).union(other.values.keys)
            .filter { path in
                guard let own = values[path], let its = other.values[path] else { return true }
                return aspect(own) != aspect(its)
            }
    }

    /// As JSON has them, with whole and other numbers apart.
    private static func type(_ value: CeleryValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .int: "whole number"
        case .double: "number"
        case .object: "empty object"
        case .array: "empty list"
        default: "text"
        }
    }
}
