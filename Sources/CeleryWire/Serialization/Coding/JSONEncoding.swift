//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Where encoders write: one buffer for a whole value.
///
/// No code of others runs while one of its encoders writes, so accesses cannot overlap; checking each of them when the
/// program runs costs more than the writing.
final class JSONOutput {
    @exclusivity(unchecked) var writer = JSONWriter(capacity: 128)
}

/// An `Encoder` that writes as it is called.
///
/// A container that is handed out while its parent goes on (`nestedContainer`, `superEncoder`) gets an output of its
/// own, which ``finish()`` puts into its place.
final class JSONEncoding: Encoder {
    private enum State {
        case empty
        case scalar
        case array
        case object
    }

    let output: JSONOutput
    let place: CodingPlace?
    @exclusivity(unchecked) private var state = State.empty
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private var nested: [(offset: Int, encoder: JSONEncoding)] = []
    @exclusivity(unchecked) private var failure: WireError?

    init(output: JSONOutput, place: CodingPlace?) {
        self.output = output
        self.place = place
    }

    var codingPath: [any CodingKey] { CodingPlace.path(place) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        open(.object, "{")
        return KeyedEncodingContainer(JSONKeyedEncoding(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        open(.array, "[")
        return JSONUnkeyedEncoding(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { JSONSingleEncoding(encoder: self) }

    private func open(_ wanted: State, _ bracket: StaticString) {
        if state == .empty {
            state = wanted
            output.writer.raw(bracket)
        } else if state != wanted {
            fail("two different containers for one value")
        }
    }

    private func fail(_ what: String) {
        failure = failure ?? WireError(.unencodable, what + WireError.suffix(codingPath))
    }

    // MARK: What the containers call

    /// Prepares for the value of a key.
    func beginMember(_ key: any CodingKey) {
        output.writer.key(key.stringValue, first: count == 0)
        count += 1
    }

    /// Prepares for the next element.
    func beginElement() {
        if count > 0 { output.writer.raw(", ") }
        count += 1
    }

    /// Prepares for the only value.
    func beginScalar() {
        if state != .empty { fail("a second value for one") }
        state = .scalar
    }

    /// Writes any value where the output stands.
    func write<T: Encodable>(_ value: T, _ key: @autoclosure () -> (any CodingKey)?) throws {
        if JSONScalar.write(value, to: &output.writer) { return }
        if FoundationValues.handles(T.self) {
            if let encoded = value as? EncodedValue { return try output.writer.encoded(encoded) }
            if let tagged = try FoundationValues.value(value) { return output.writer.value(tagged) }
        }
        let inner = JSONEncoding(output: output, place: key().map { CodingPlace($0, in: place) } ?? place)
        try value.encode(to: inner)
        try inner.finish()
    }

    /// An encoder for the value that comes here, filled in at the end.
    func later(_ key: any CodingKey) -> JSONEncoding {
        let encoder = JSONEncoding(output: JSONOutput(), place: CodingPlace(key, in: place))
        nested.append((output.writer.bytes.count, encoder))
        return encoder
    }

    /// Closes the value and puts nested ones in their places. A value that wrote nothing is an empty object.
    func finish() throws(WireError) {
        if let failure { throw failure }
        switch state {
        case .empty: output.writer.raw("{}")
        case .scalar: break
        case .array: output.writer.raw("]")
        case .object: output.writer.raw("}")
        }
        for (offset, encoder) in nested.reversed() {
            try encoder.finish()
            output.writer.bytes.insert(contentsOf: encoder.output.writer.bytes, at: offset)
        }
        nested = []
    }
}

extension JSONScalar {
    /// Writes a value of the common types; false when it is none.
    @inline(__always)
    static func write<T>(_ value: T, to writer: inout JSONWriter) -> Bool {
        if T.self == Int.self {
            writer.int(same(value, as: Int.self))
        } else if T.self == String.self {
            writer.string(same(value, as: String.self))
        } else if T.self == Double.self {
            writer.double(same(value, as: Double.self))
        } else if T.self == Bool.self {
            writer.bool(same(value, as: Bool.self))
        } else {
            return false
        }
        return true
    }
}
