//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension JSONReader {
    /// Reads any value in dynamic form, tagged values resolved. Of a key that comes twice the last value counts.
    mutating func readValue() throws(WireError) -> CeleryValue {
        switch try peek() {
        case UInt8(ascii: "\""): return .string(string(try scanString()))
        case UInt8(ascii: "{"): return try readObjectOrTag()
        case UInt8(ascii: "["):
            try openArray()
            var elements: [CeleryValue] = []
            var first = true
            while try nextElement(&first) { elements.append(try readValue()) }
            return .array(elements)
        case UInt8(ascii: "n"):
            try skipNull()
            return .null
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool(try readBool())
        case let byte where Self.beginsNumber(byte): return try readNumber()
        case let byte: throw malformed("\(Self.name(byte)) where a JSON value is expected")
        }
    }

    private mutating func readNumber() throws(WireError) -> CeleryValue {
        if let value = readNonFinite() { return .double(value) }
        let number = try scanNumber()
        guard number.isInteger else { return .double(double(number)) }
        if let value = int(number) { return .int(value) }
        return .bigInteger(text(number))
    }

    private mutating func readObjectOrTag() throws(WireError) -> CeleryValue {
        let start = position
        let object = try readObject()
        guard object.count == 2, let type = object["__type__"], let value = object["__value__"] else {
            return .object(object)
        }
        return try TaggedValue.resolve(type: type, value: value, at: start)
    }

    /// Reads an object as one, even if its keys are those of a tagged value.
    mutating func readObject() throws(WireError) -> CeleryObject {
        try openObject()
        var builder = CeleryObject.Builder()
        var first = true
        while let key = try nextKey(&first) {
            let name = string(key)
            builder.set(name, try readValue())
        }
        return builder.object
    }

    /// Reads past any value, checking all of it.
    mutating func skipValue() throws(WireError) {
        switch try peek() {
        case UInt8(ascii: "\""): _ = try scanString()
        case UInt8(ascii: "{"): try skipObject()
        case UInt8(ascii: "["):
            try openArray()
            var first = true
            while try nextElement(&first) { try skipValue() }
        case UInt8(ascii: "n"): try skipNull()
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case let byte where Self.beginsNumber(byte): if readNonFinite() == nil { _ = try scanNumber() }
        case let byte: throw malformed("\(Self.name(byte)) where a JSON value is expected")
        }
    }

    /// An object that may be a tagged value is resolved, because one that cannot be spoils the whole message.
    private mutating func skipObject() throws(WireError) {
        let before = self
        try openObject()
        var first = true
        while true {
            let isFirst = first
            guard let key = try nextKey(&first) else { return }
            if isFirst, key.escaped || (key.end - key.start >= 8 && matches("__", at: key.start)) {
                self = before
                _ = try readValue()
                return
            }
            try skipValue()
        }
    }

    /// Reads past any value and tells where it lies.
    @inline(__always)
    mutating func sliceValue() throws(WireError) -> Range<Int> {
        skipSpace()
        let start = position
        try skipValue()
        return start..<position
    }
}
