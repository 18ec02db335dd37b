//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension Signature {
    /// Reads a signature in dynamic form; only `task` is required, unknown keys are kept.
    ///
    /// - Throws: ``WireError`` `.malformed` or `.missingValue` when the value is no signature.
    public init(_ value: CeleryValue) throws(WireError) {
        guard case .object(let object) = value else {
            throw WireError(.malformed, "a signature is \(value.kind), not an object")
        }
        self.init(task: "")
        var hasTask = false
        for (key, member) in object.members {
            switch (key, member) {
            case ("task", .string(let name)):
                task = name
                hasTask = true
            case ("args", .null), ("kwargs", .null), ("options", .null), ("subtask_type", .null), ("immutable", .null):
                break
            case ("args", _): arguments = try TaskBody.arguments(member)
            case ("kwargs", .object(let values)): keywords = TaskBody.keywords(values)
            case ("options", .object(let values)): options = values
            case ("subtask_type", .string(let type)): subtaskType = type
            case ("immutable", .bool(let flag)): immutable = flag
            case ("task", _), ("kwargs", _), ("options", _), ("subtask_type", _), ("immutable", _):
                throw WireError(.malformed, "\(key) of a signature is \(member.kind)")
            default: custom[key] = member
            }
        }
        guard hasTask else { throw WireError(.missingValue, "a signature has no task") }
    }

    /// The signature in dynamic form, keys in Celery's order.
    public func value(limits: WireLimits = .standard) throws(WireError) -> CeleryValue {
        var object: CeleryObject = ["task": .string(task)]
        object["args"] = try TaskBody.value(of: arguments, limits)
        object["kwargs"] = try TaskBody.value(of: keywords, limits)
        object["options"] = .object(options)
        object["subtask_type"] = subtaskType.map { .string($0) } ?? .null
        object["immutable"] = .bool(immutable)
        for (key, member) in custom.members { object[key] = member }
        return .object(object)
    }
}

extension Signature: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(CeleryValue(from: decoder))
    }

    public func encode(to encoder: any Encoder) throws {
        try value().encode(to: encoder)
    }
}
