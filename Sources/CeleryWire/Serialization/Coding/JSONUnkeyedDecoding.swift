//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The elements of an array, one after the other.
struct JSONUnkeyedDecoding: UnkeyedDecodingContainer {
    private let decoder: JSONDecoding
    private var node: Int
    private(set) var currentIndex = 0
    let count: Int?

    init(_ decoder: JSONDecoding) {
        self.decoder = decoder
        node = decoder.node + 1
        count = Int(decoder.tape.nodes[decoder.node].detail)
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var isAtEnd: Bool { currentIndex == count }

    private func checkNotAtEnd(_ type: Any.Type) throws {
        guard isAtEnd else { return }
        throw DecodingError.valueNotFound(
            type,
            DecodingError.Context(
                codingPath: codingPath + [PlainCodingKey(index: currentIndex)],
                debugDescription: "the array has only \(currentIndex) elements"
            )
        )
    }

    private mutating func step() {
        node = Int(decoder.tape.nodes[node].next)
        currentIndex += 1
    }

    /// The element that is to be read next. Making its place costs an allocation, so common types do without.
    private var element: JSONDecoding { decoder.at(node, PlainCodingKey(index: currentIndex)) }

    private mutating func advance<T>(_ type: T.Type, _ read: (JSONDecoding) throws -> T) throws -> T {
        try checkNotAtEnd(type)
        let value = try read(element)
        step()
        return value
    }

    private mutating func integer<T: FixedWidthInteger & Decodable>(_ type: T.Type) throws -> T {
        try checkNotAtEnd(type)
        guard let value = try decoder.tape.int(node), let narrow = T(exactly: value) else {
            return try advance(type) { try $0.decode(type) }
        }
        step()
        return narrow
    }

    mutating func decodeNil() throws -> Bool {
        try checkNotAtEnd(Never.self)
        guard decoder.tape.firstByte(node) == UInt8(ascii: "n") else { return false }
        step()
        return true
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try unbox(type) }
    mutating func decode(_ type: String.Type) throws -> String { try unbox(type) }
    mutating func decode(_ type: Double.Type) throws -> Double { try unbox(type) }
    mutating func decode(_ type: Float.Type) throws -> Float { try advance(type) { try $0.decode(type) } }
    mutating func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
    mutating func decode(_ type: Int128.Type) throws -> Int128 { try advance(type) { try $0.decode(type) } }
    mutating func decode(_ type: UInt128.Type) throws -> UInt128 { try advance(type) { try $0.decode(type) } }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try unbox(type) }

    @inline(__always)
    private mutating func unbox<T: Decodable>(_ type: T.Type) throws -> T {
        try checkNotAtEnd(type)
        let value = try decoder.unbox(type, at: node, PlainCodingKey(index: currentIndex))
        step()
        return value
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try advance(KeyedDecodingContainer<NestedKey>.self) { try $0.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try advance((any UnkeyedDecodingContainer).self) { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder {
        try advance((any Decoder).self) { $0 }
    }
}
