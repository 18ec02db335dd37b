//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// Decodes a task struct from positional and keyword arguments: its properties in declaration order.
///
/// The k-th property asked for takes the k-th positional argument, or the keyword of its name.
struct StructArgumentsDecoder: Decoder {
    let reader: ArgumentReader
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(StructArgumentsContainer<Key>(reader: reader))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Self.shapeError }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Self.shapeError }

    static let shapeError = ArgumentError("a task struct must decode its properties by key (synthesised Codable does)")
}

private struct StructArgumentsContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let reader: ArgumentReader
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) throws -> Bool { false }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try reader.next(type, named: key.stringValue)
    }
    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        try reader.next(T?.self, named: key.stringValue)
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try reader.next(type, named: key.stringValue) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try reader.next(type, named: key.stringValue) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try reader.next(type, named: key.stringValue) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try reader.next(type, named: key.stringValue) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try reader.next(type, named: key.stringValue) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try reader.next(type, named: key.stringValue) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try reader.next(type, named: key.stringValue) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try reader.next(type, named: key.stringValue) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try reader.next(type, named: key.stringValue) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try reader.next(type, named: key.stringValue) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try reader.next(type, named: key.stringValue) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try reader.next(type, named: key.stringValue) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try reader.next(type, named: key.stringValue) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try reader.next(type, named: key.stringValue) }

    // The primitive forms of decodeIfPresent have default implementations that ask `contains` first; an absent argument
    // must become nil instead.
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try optional(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try optional(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try optional(type, key) }
    func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? { try optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try optional(type, key) }
    func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? { try optional(type, key) }
    func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? { try optional(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { try optional(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? { try optional(type, key) }

    private func optional<T: Decodable>(_ type: T.Type, _ key: Key) throws -> T? {
        try reader.next(T?.self, named: key.stringValue)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { throw StructArgumentsDecoder.shapeError }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw StructArgumentsDecoder.shapeError
    }
    func superDecoder() throws -> any Decoder { throw StructArgumentsDecoder.shapeError }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw StructArgumentsDecoder.shapeError }
}
