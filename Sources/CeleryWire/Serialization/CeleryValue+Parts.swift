//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Pieces that serializers outside this target need.
extension CeleryValue {
    /// Bytes from base64 text; nil when it is none.
    package static func bytes(base64 text: String) -> CeleryValue? { Base64.decode(text).map { .bytes($0) } }

    package static func base64(_ bytes: [UInt8]) -> String { Base64.encode(bytes) }

    /// A float as Python's `json.dumps` writes it.
    package static func pythonText(_ value: Double) -> String { PythonFloat.jsonText(value) }

    /// A date from ISO 8601 text; nil when there is no such day.
    package static func date(ifValid text: String) -> CeleryValue? {
        PythonDateTime(text).map { _ in .date(text) }
    }

    /// A datetime from ISO 8601 text; nil when there is no such moment.
    package static func datetime(ifValid text: String) -> CeleryValue? {
        PythonDateTime(text).map { _ in .datetime(text) }
    }

    /// The tagged value that the object is, or else the object.
    ///
    /// For serializers in which Python has no tags: what is no tagged value after all is no error.
    package static func taggedOrObject(_ object: CeleryObject) -> CeleryValue {
        guard object.count == 2, let type = object["__type__"], let value = object["__value__"] else {
            return .object(object)
        }
        return (try? TaggedValue.resolve(type: type, value: value, at: nil)) ?? .object(object)
    }

    /// The object that JSON has for a date, time, decimal or UUID; nil for other values.
    package var taggedObject: CeleryObject? {
        switch self {
        case .datetime(let text): ["__type__": "datetime", "__value__": .string(text)]
        case .date(let text): ["__type__": "date", "__value__": .string(text)]
        case .time(let text): ["__type__": "time", "__value__": .string(text)]
        case .decimal(let text): ["__type__": "decimal", "__value__": .string(text)]
        case .uuid(let hex): ["__type__": "uuid", "__value__": ["hex": .string(hex)]]
        default: nil
        }
    }
}
