//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Integers of any width, as text where they are wider than `Int`.
extension JSONWriter {
    mutating func integer<T: FixedWidthInteger>(_ value: T) {
        if let int = Int(exactly: value) { int64(int) } else { bytes.append(contentsOf: String(value).utf8) }
    }

    private mutating func int64(_ value: Int) { int(value) }

    /// The shortest digits that give the same `Float` back, not those of the `Double` it would become.
    mutating func float(_ value: Float) {
        value.isFinite ? double(Double(value.description) ?? Double(value)) : double(Double(value))
    }
}

struct JSONKeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: JSONEncoding

    var codingPath: [any CodingKey] { encoder.codingPath }

    private func put(_ key: Key, _ write: (inout JSONWriter) -> Void) {
        encoder.beginMember(key)
        write(&encoder.output.writer)
    }

    func encodeNil(forKey key: Key) { put(key) { $0.null() } }
    func encode(_ value: Bool, forKey key: Key) { put(key) { $0.bool(value) } }
    func encode(_ value: String, forKey key: Key) { put(key) { $0.string(value) } }
    func encode(_ value: Double, forKey key: Key) { put(key) { $0.double(value) } }
    func encode(_ value: Float, forKey key: Key) { put(key) { $0.float(value) } }
    func encode(_ value: Int, forKey key: Key) { put(key) { $0.int(value) } }
    func encode(_ value: Int8, forKey key: Key) { put(key) { $0.integer(value) } }
    func encode(_ value: Int16, forKey key: Key) { put(key) { $0.integer(value) } }
    func encode(_ value: Int32, forKey key: Key) { put(key) { $0.integer(value) } }
    func encode(_ value: Int64, forKey key: Key) { put(key) { $0.integer(value) } }
    func encode(_ value: UInt, forKey key: Key) { put(key) { $0.integer(value) } }
    func encode(_ value: UInt8, forKey key: Key) { put(key) { $0.integer(value) } }
    func encode(_ value: UInt16, forKey key: Key) { put(key) { $0.integer(value) } }
    func encode(_ value: UInt32, forKey key: Key) { put(key) { $0.integer(value) } }
    func encode(_ value: UInt64, forKey key: Key) { put(key) { $0.integer(value) } }
    func encode(_ value: Int128, forKey key: Key) { put(key) { $0.integer(value) } }
    func encode(_ value: UInt128, forKey key: Key) { put(key) { $0.integer(value) } }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        encoder.beginMember(key)
        try encoder.write(value, key)
    }

    private func later(_ key: any CodingKey) -> JSONEncoding {
        encoder.beginMember(key)
        return encoder.later(key)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        later(key).container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { later(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { later(PlainCodingKey.super) }
    func superEncoder(forKey key: Key) -> any Encoder { later(key) }
}

struct JSONUnkeyedEncoding: UnkeyedEncodingContainer {
    let encoder: JSONEncoding

    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { encoder.count }

    private func put(_ write: (inout JSONWriter) -> Void) {
        encoder.beginElement()
        write(&encoder.output.writer)
    }

    func encodeNil() { put { $0.null() } }
    func encode(_ value: Bool) { put { $0.bool(value) } }
    func encode(_ value: String) { put { $0.string(value) } }
    func encode(_ value: Double) { put { $0.double(value) } }
    func encode(_ value: Float) { put { $0.float(value) } }
    func encode(_ value: Int) { put { $0.int(value) } }
    func encode(_ value: Int8) { put { $0.integer(value) } }
    func encode(_ value: Int16) { put { $0.integer(value) } }
    func encode(_ value: Int32) { put { $0.integer(value) } }
    func encode(_ value: Int64) { put { $0.integer(value) } }
    func encode(_ value: UInt) { put { $0.integer(value) } }
    func encode(_ value: UInt8) { put { $0.integer(value) } }
    func encode(_ value: UInt16) { put { $0.integer(value) } }
    func encode(_ value: UInt32) { put { $0.integer(value) } }
    func encode(_ value: UInt64) { put { $0.integer(value) } }
    func encode(_ value: Int128) { put { $0.integer(value) } }
    func encode(_ value: UInt128) { put { $0.integer(value) } }

    func encode<T: Encodable>(_ value: T) throws {
        encoder.beginElement()
        try encoder.write(value, PlainCodingKey(index: encoder.count - 1))
    }

    private func later() -> JSONEncoding {
        encoder.beginElement()
        return encoder.later(PlainCodingKey(index: encoder.count - 1))
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type
    ) -> KeyedEncodingContainer<NestedKey> {
        later().container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { later().unkeyedContainer() }
    func superEncoder() -> any Encoder { later() }
}

struct JSONSingleEncoding: SingleValueEncodingContainer {
    let encoder: JSONEncoding

    var codingPath: [any CodingKey] { encoder.codingPath }

    private func put(_ write: (inout JSONWriter) -> Void) {
        encoder.beginScalar()
        write(&encoder.output.writer)
    }

    func encodeNil() { put { $0.null() } }
    func encode(_ value: Bool) { put { $0.bool(value) } }
    func encode(_ value: String) { put { $0.string(value) } }
    func encode(_ value: Double) { put { $0.double(value) } }
    func encode(_ value: Float) { put { $0.float(value) } }
    func encode(_ value: Int) { put { $0.int(value) } }
    func encode(_ value: Int8) { put { $0.integer(value) } }
    func encode(_ value: Int16) { put { $0.integer(value) } }
    func encode(_ value: Int32) { put { $0.integer(value) } }
    func encode(_ value: Int64) { put { $0.integer(value) } }
    func encode(_ value: UInt) { put { $0.integer(value) } }
    func encode(_ value: UInt8) { put { $0.integer(value) } }
    func encode(_ value: UInt16) { put { $0.integer(value) } }
    func encode(_ value: UInt32) { put { $0.integer(value) } }
    func encode(_ value: UInt64) { put { $0.integer(value) } }
    func encode(_ value: Int128) { put { $0.integer(value) } }
    func encode(_ value: UInt128) { put { $0.integer(value) } }

    func encode<T: Encodable>(_ value: T) throws {
        encoder.beginScalar()
        try encoder.write(value, nil)
    }
}
