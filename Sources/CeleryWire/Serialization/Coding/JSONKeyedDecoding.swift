//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The members of an object by key. Of a key that comes twice the last value counts.
struct JSONKeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let members: JSONMembers

    init(_ decoder: JSONDecoding) { members = JSONMembers(decoder) }

    private var decoder: JSONDecoding { members.decoder }
    private var tape: JSONTape { members.decoder.tape }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { members.names.compactMap { Key(stringValue: $0) } }

    /// The value's node.
    private func node(_ key: Key) throws -> Int {
        if let node = members.find(key.stringValue) { return node }
        throw members.missing(key)
    }

    /// The value's node, nil when it is absent or null.
    private func present(_ key: Key) -> Int? {
        guard let node = members.find(key.stringValue), tape.firstByte(node) != UInt8(ascii: "n") else { return nil }
        return node
    }

    private func member(_ key: Key) throws -> JSONDecoding { decoder.at(try node(key), key) }

    private func integer<T: FixedWidthInteger & Decodable>(_ type: T.Type, _ key: Key) throws -> T {
        let node = try node(key)
        if let value = try tape.int(node), let narrow = T(exactly: value) { return narrow }
        return try decoder.at(node, key).decode(type)
    }

    func contains(_ key: Key) -> Bool { members.find(key.stringValue) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { tape.firstByte(try node(key)) == UInt8(ascii: "n") }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try bool(node(key), key) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try text(node(key), key) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try double(node(key), key) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { Float(try double(node(key), key)) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try int(node(key), key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try integer(type, key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try integer(type, key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try integer(type, key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try integer(type, key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try integer(type, key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try integer(type, key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try integer(type, key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try integer(type, key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try integer(type, key) }
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try member(key).decode(type) }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try member(key).decode(type) }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try decoder.unbox(type, at: node(key), key)
    }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try present(key).map { try bool($0, key) }
    }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try present(key).map { try text($0, key) }
    }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        try present(key).map { try double($0, key) }
    }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try present(key).map { try int($0, key) } }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        guard let node = present(key) else { return nil }
        return try decoder.unbox(type, at: node, key)
    }

    // A place for the error is made only when there is one.
    private func bool(_ node: Int, _ key: Key) throws -> Bool {
        try tape.bool(node) ?? decoder.at(node, key).decode(Bool.self)
    }

    private func text(_ node: Int, _ key: Key) throws -> String {
        try tape.text(node) ?? decoder.at(node, key).decode(String.self)
    }

    private func double(_ node: Int, _ key: Key) throws -> Double {
        try tape.double(node) ?? decoder.at(node, key).decode(Double.self)
    }

    private func int(_ node: Int, _ key: Key) throws -> Int {
        try tape.int(node) ?? decoder.at(node, key).decode(Int.self)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try member(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try member(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        decoder.at(members.find("super") ?? decoder.node, PlainCodingKey.super)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try member(key) }
}
