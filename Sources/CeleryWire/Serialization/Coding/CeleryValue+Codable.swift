//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// With this package's coders nothing is lost. With others, tagged values go as plain text and come back as strings.
extension CeleryValue: Codable {
    public init(from decoder: any Decoder) throws {
        if let decoder = decoder as? JSONDecoding {
            self = try decoder.tape.value(decoder.node)
        } else {
            try self.init(foreign: decoder)
        }
    }

    private init(foreign decoder: any Decoder) throws {
        if var elements = try? decoder.unkeyedContainer() {
            var values: [CeleryValue] = []
            while !elements.isAtEnd { values.append(try elements.decode(CeleryValue.self)) }
            self = .array(values)
        } else if let members = try? decoder.container(keyedBy: PlainCodingKey.self) {
            var builder = CeleryObject.Builder()
            for key in members.allKeys {
                builder.set(key.stringValue, try members.decode(CeleryValue.self, forKey: key))
            }
            self = .object(builder.object)
        } else {
            self = try Self.scalar(decoder.singleValueContainer())
        }
    }

    private static func scalar(_ container: any SingleValueDecodingContainer) throws -> CeleryValue {
        if container.decodeNil() { return .null }
        if let value = try? container.decode(Bool.self) { return .bool(value) }
        if let value = try? container.decode(Int.self) { return .int(value) }
        if let value = try? container.decode(Double.self) { return .double(value) }
        return .string(try container.decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        if encoder is JSONEncoding { return try single.encode(self) }
        switch self {
        case .null: try single.encodeNil()
        case .bool(let value): try single.encode(value)
        case .int(let value): try single.encode(value)
        case .double(let value): try single.encode(value)
        case .bytes(let bytes): try single.encode(Base64.encode(bytes))
        case .array(let elements): try single.encode(elements)
        case .object(let object):
            var container = encoder.container(keyedBy: PlainCodingKey.self)
            for (key, value) in object.members { try container.encode(value, forKey: PlainCodingKey(name: key)) }
        case .string(let text), .bigInteger(let text), .datetime(let text), .date(let text), .time(let text),
            .decimal(let text), .uuid(let text):
            try single.encode(text)
        }
    }
}

extension EncodedValue: Codable {
    public init(from decoder: any Decoder) throws {
        if let decoder = decoder as? JSONDecoding {
            self.init(validatedJSON: decoder.tape.slice(decoder.node))
        } else {
            self.init(try CeleryValue(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        if encoder is JSONEncoding {
            var single = encoder.singleValueContainer()
            try single.encode(self)
        } else {
            try value().encode(to: encoder)
        }
    }
}
