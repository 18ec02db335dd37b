//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Where in a value a decoder stands, as a list from the inside out.
final class CodingPlace {
    let key: any CodingKey
    let outer: CodingPlace?

    init(_ key: any CodingKey, in outer: CodingPlace?) {
        self.key = key
        self.outer = outer
    }

    static func path(_ place: CodingPlace?) -> [any CodingKey] {
        var keys: [any CodingKey] = []
        var place = place
        while let here = place {
            keys.append(here.key)
            place = here.outer
        }
        return keys.reversed()
    }
}

/// The key of an array's element, or of `super`.
struct PlainCodingKey: CodingKey {
    /// Nil for an element, whose text is made only when somebody asks: that is when something is wrong.
    private let name: String?
    let intValue: Int?

    var stringValue: String { name ?? "[\(intValue ?? 0)]" }

    init(index: Int) {
        name = nil
        intValue = index
    }

    init(stringValue: String) { self.init(name: stringValue) }
    init(intValue: Int) { self.init(index: intValue) }

    static let `super` = PlainCodingKey(name: "super")

    init(name: String) {
        self.name = name
        intValue = nil
    }
}

/// A `Decoder` over one value of a tape.
struct JSONDecoding: Decoder {
    let tape: JSONTape
    let node: Int
    let place: CodingPlace?

    var codingPath: [any CodingKey] { CodingPlace.path(place) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard tape.firstByte(node) == UInt8(ascii: "{") else { throw mismatch([String: Any].self, "an object") }
        return KeyedDecodingContainer(JSONKeyedDecoding(self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard tape.firstByte(node) == UInt8(ascii: "[") else { throw mismatch([Any].self, "an array") }
        return JSONUnkeyedDecoding(self)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    func mismatch(_ type: Any.Type, _ expected: String) -> DecodingError {
        let found = tape.kind(node)
        let context = DecodingError.Context(
            codingPath: codingPath,
            debugDescription: "expected \(expected), found \(found)"
        )
        return found == "null" ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    func at(_ node: Int, _ key: any CodingKey) -> JSONDecoding {
        JSONDecoding(tape: tape, node: node, place: CodingPlace(key, in: place))
    }

    /// Any value inside this one, with a shorter way for the common types.
    @inline(__always)
    func unbox<T: Decodable>(_ type: T.Type, at node: Int, _ key: @autoclosure () -> any CodingKey) throws -> T {
        if type == Int.self, let value = try tape.int(node) { return JSONScalar.same(value, as: type) }
        if type == String.self, let value = try tape.text(node) { return JSONScalar.same(value, as: type) }
        if type == Double.self, let value = try tape.double(node) { return JSONScalar.same(value, as: type) }
        if type == Bool.self, let value = try tape.bool(node) { return JSONScalar.same(value, as: type) }
        return try at(node, key()).unbox(type)
    }

    /// Any value, by way of its own `init(from:)` unless it is one of Foundation's or of this package.
    func unbox<T: Decodable>(_ type: T.Type) throws -> T {
        if type == [Int].self, let values = try tape.ints(node) { return JSONScalar.same(values, as: type) }
        if type == [String].self, let values = try tape.texts(node) { return JSONScalar.same(values, as: type) }
        if type == [Double].self, let values = try tape.doubles(node) { return JSONScalar.same(values, as: type) }
        guard FoundationValues.handles(type) else { return try T(from: self) }
        if type == EncodedValue.self {
            return JSONScalar.same(EncodedValue(validatedJSON: tape.slice(node)), as: type)
        }
        return try special(type)
    }

    /// Apart and not inlined, so that other types do not pay for the cast.
    @inline(never)
    private func special<T>(_ type: T.Type) throws -> T {
        guard let value = FoundationValues.make(type, from: try tape.value(node)) as? T else {
            throw mismatch(type, "\(type)")
        }
        return value
    }
}

/// The types that are read and written without a container.
enum JSONScalar {
    /// A value under another name of its own type, without the cost of a dynamic cast.
    ///
    /// Only for a `T` that was compared with the type of the value: then the bits are the same.
    @inline(__always)
    static func same<Value, T>(_ value: Value, as type: T.Type) -> T {
        assert(type == Value.self)
        return unsafeBitCast(value, to: type)
    }
}
