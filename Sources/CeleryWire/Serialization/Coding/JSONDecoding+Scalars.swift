//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension JSONDecoding: SingleValueDecodingContainer {
    func decodeNil() -> Bool { tape.firstByte(node) == UInt8(ascii: "n") }

    func scalar<T>(
        _ type: T.Type,
        _ expected: @autoclosure () -> String,
        _ read: (inout JSONReader) throws(WireError) -> T?
    ) throws -> T {
        guard let value = try tape.read(node, read) else { throw mismatch(type, expected()) }
        return value
    }

    func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
        try scalar(type, "an integer that fits \(type)") { (reader) throws(WireError) in
            if T.isSigned || T.bitWidth < 64 { return try reader.scalarInt().flatMap { T(exactly: $0) } }
            return try reader.scalarUInt64().flatMap { T(exactly: $0) }
        }
    }

    func wide<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
        try scalar(type, "an integer that fits \(type)") { (reader) throws(WireError) in
            guard JSONReader.beginsNumber(try reader.peek()), reader.readNonFinite() == nil else { return nil }
            let number = try reader.scanNumber()
            return number.isInteger ? T(reader.text(number)) : nil
        }
    }

    func decode(_ type: Bool.Type) throws -> Bool {
        try scalar(type, "true or false") { (reader) throws(WireError) in try reader.scalarBool() }
    }

    func decode(_ type: String.Type) throws -> String {
        try scalar(type, "a string") { (reader) throws(WireError) in try reader.scalarString() }
    }

    func decode(_ type: Double.Type) throws -> Double {
        try scalar(type, "a number") { (reader) throws(WireError) in try reader.scalarDouble() }
    }

    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
    func decode(_ type: Int128.Type) throws -> Int128 { try wide(type) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try wide(type) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try unbox(type) }
}
