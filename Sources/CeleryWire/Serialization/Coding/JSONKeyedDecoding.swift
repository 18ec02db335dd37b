//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The members of an object by key. Of a key that comes twice the last value counts.
struct JSONKeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let decoder: JSONDecoding
    /// Value nodes by key, only for objects of many members.
    private let index: [String: Int]?

    /// Objects with more members than this get an index, so that looking up every key stays linear.
    private static var scanned: Int { 16 }

    init(_ decoder: JSONDecoding) throws {
        self.decoder = decoder
        var members = 0
        Self.forEach(decoder) { _, _ in
            members += 1
            return members <= Self.scanned
        }
        guard members > Self.scanned else {
            index = nil
            return
        }
        var index: [String: Int] = [:]
        Self.forEach(decoder) { key, value in
            if let name = try? decoder.tape.string(key) { index[name] = value }
            return true
        }
        self.index = index
    }

    /// Visits the nodes of keys and values until told to stop.
    private static func forEach(_ decoder: JSONDecoding, _ body: (_ key: Int, _ value: Int) -> Bool) {
        let tape = decoder.tape
        let end = Int(tape.nodes[decoder.node].next)
        var key = decoder.node + 1
        while key < end {
            guard body(key, key + 1) else { return }
            key = Int(tape.nodes[key + 1].next)
        }
    }

    var codingPath: [any CodingKey] { decoder.codingPath }

    var allKeys: [Key] {
        var keys: [Key] = []
        var seen: Set<String> = []
        Self.forEach(decoder) { key, _ in
            if let name = try? decoder.tape.string(key), seen.insert(name).inserted, let key = Key(stringValue: name) {
                keys.append(key)
            }
            return true
        }
        return keys
    }

    private func find(_ name: String) -> Int? {
        if let index { return index[name] }
        var found: Int?
        var name = name
        name.withUTF8 { wanted in
            Self.forEach(decoder) { key, value in
                if matches(key, wanted) { found = value }
                return true
            }
        }
        return found
    }

    private func matches(_ key: Int, _ wanted: UnsafeBufferPointer<UInt8>) -> Bool {
        let text = decoder.tape.slice(key).dropFirst().dropLast()
        if text.elementsEqual(wanted) { return true }
        guard text.contains(UInt8(ascii: "\\")), let name = try? decoder.tape.string(key) else { return false }
        return name.utf8.elementsEqual(wanted)
    }

    private func member(_ key: Key) throws -> JSONDecoding {
        guard let node = find(key.stringValue) else {
            throw DecodingError.keyNotFound(
                key,
                DecodingError.Context(codingPath: codingPath, debugDescription: "key '\(key.stringValue)' is missing")
            )
        }
        return decoder.at(node, key)
    }

    func contains(_ key: Key) -> Bool { find(key.stringValue) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try member(key).decodeNil() }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try member(key).decode(type) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try member(key).decode(type) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try member(key).decode(type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try member(key).decode(type) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try member(key).decode(type) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try member(key).decode(type) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try member(key).decode(type) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try member(key).decode(type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try member(key).decode(type) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try member(key).decode(type) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try member(key).decode(type) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try member(key).decode(type) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try member(key).decode(type) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try member(key).decode(type) }
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try member(key).decode(type) }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try member(key).decode(type) }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try member(key).unbox(type) }

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
        decoder.at(find("super") ?? decoder.node, PlainCodingKey.super)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try member(key) }
}
