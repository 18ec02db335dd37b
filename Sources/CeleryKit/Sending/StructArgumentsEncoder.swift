//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// Encodes a task struct as positional arguments: its properties in declaration order.
///
/// The whole struct is encoded as one object first, whose members in order are the arguments; a property that encodes
/// nothing (a nil `encodeIfPresent`) would shift its successors, so nil is written for the keys that are skipped.
final class StructArgumentsEncoder: Encoder {
    private(set) var arguments: [EncodedValue] = []
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// - Throws: ``WireError`` for a property that has no form on the wire.
    static func arguments(of task: some Encodable) throws -> [EncodedValue] {
        let encoder = StructArgumentsEncoder()
        try task.encode(to: encoder)
        return encoder.arguments
    }

    fileprivate func append(_ value: some Encodable) throws { arguments.append(try EncodedValue(encoding: value)) }
    fileprivate func appendNil() { arguments.append(.null) }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(Keyed<Key>(encoder: self))
    }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { Refusal(encoder: self) }
    func singleValueContainer() -> any SingleValueEncodingContainer { Refusal(encoder: self) }

    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let encoder: StructArgumentsEncoder
        var codingPath: [any CodingKey] { [] }

        mutating func encodeNil(forKey key: Key) throws { encoder.appendNil() }
        mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try encoder.append(value) }
        mutating func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: String?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try optional(value) }
        mutating func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try optional(value) }

        private func optional<T: Encodable>(_ value: T?) throws {
            if let value { try encoder.append(value) } else { encoder.appendNil() }
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type,
            forKey key: Key
        ) -> KeyedEncodingContainer<Nested> { KeyedEncodingContainer(Keyed<Nested>(encoder: encoder)) }
        mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            Refusal(encoder: encoder)
        }
        mutating func superEncoder() -> any Encoder { encoder }
        mutating func superEncoder(forKey key: Key) -> any Encoder { encoder }
    }

    /// A struct that encodes itself otherwise than by key has no parameters to speak of.
    private struct Refusal: UnkeyedEncodingContainer, SingleValueEncodingContainer {
        let encoder: StructArgumentsEncoder
        var codingPath: [any CodingKey] { [] }
        var count: Int { 0 }

        private var error: WireError {
            WireError(.unencodable, "a task struct must encode its properties by key (synthesised Codable does)")
        }

        mutating func encodeNil() throws { throw error }
        mutating func encode<T: Encodable>(_ value: T) throws { throw error }
        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) -> KeyedEncodingContainer<Nested> { KeyedEncodingContainer(Keyed<Nested>(encoder: encoder)) }
        mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self }
        mutating func superEncoder() -> any Encoder { encoder }
    }
}
