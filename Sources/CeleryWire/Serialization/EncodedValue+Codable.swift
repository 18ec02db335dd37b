//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension EncodedValue {
    /// Encodes any `Encodable` as JSON with Celery's tagged values (`Date` → datetime, `UUID` → uuid,
    /// `Decimal` → decimal, `Data` → bytes/base64; see ``CeleryValue`` for the rest).
    ///
    /// A `URL` goes as its text. Keys are written as spelled.
    public init<T: Encodable>(encoding value: T) throws(WireError) {
        if T.self == EncodedValue.self {
            self = JSONScalar.same(value, as: EncodedValue.self)
            return
        }
        var writer = JSONWriter()
        if JSONScalar.write(value, to: &writer) {
            self.init(validatedJSON: writer.bytes[...])
            return
        }
        let output = JSONOutput()
        do {
            try JSONEncoding(output: output, place: nil).write(value, nil)
        } catch {
            throw WireError(encoding: error, of: type(of: value))
        }
        self.init(validatedJSON: output.writer.bytes[...])
    }

    /// Decodes as a Swift type. A mismatch names what was expected, what was found and the path to it.
    ///
    /// A `Date` is read from a tagged datetime (naive means UTC), from ISO 8601 text or from a number of Unix
    /// seconds; `Data` also from base64 text. A lone surrogate in a string becomes U+FFFD. Integers are never
    /// rounded: one that does not fit is a mismatch, unless a floating-point type is asked for.
    public func decode<T: Decodable>(as type: T.Type, limits: WireLimits = .standard) throws(WireError) -> T {
        if type == EncodedValue.self { return JSONScalar.same(self, as: type) }
        let text = try slice()
        if type == Int.self, let value = try Self.read(text, limits, { (r) throws(WireError) in try r.scalarInt() }) {
            return JSONScalar.same(value, as: type)
        }
        if type == String.self,
            let value = try Self.read(text, limits, { (r) throws(WireError) in try r.scalarString() })
        {
            return JSONScalar.same(value, as: type)
        }
        if type == Double.self,
            let value = try Self.read(text, limits, { (r) throws(WireError) in try r.scalarDouble() })
        {
            return JSONScalar.same(value, as: type)
        }
        if type == Bool.self, let value = try Self.read(text, limits, { (r) throws(WireError) in try r.scalarBool() }) {
            return JSONScalar.same(value, as: type)
        }
        let tape = try JSONTape(text, limits: limits)
        do {
            return try JSONDecoding(tape: tape, node: 0, place: nil).unbox(type)
        } catch {
            throw WireError(decoding: error, as: type)
        }
    }

    /// A scalar without a tape. Each of its uses has types of its own, which costs less than one for any type.
    @inline(__always)
    private static func read<Value>(
        _ text: ArraySlice<UInt8>,
        _ limits: WireLimits,
        _ scalar: (inout JSONReader) throws(WireError) -> Value?
    ) throws(WireError) -> Value? {
        try text.withUnsafeBufferPointer { (buffer) throws(WireError) in
            var reader = try JSONReader(buffer, limits: limits)
            return try scalar(&reader)
        }
    }

    /// The value in dynamic form.
    public func value(limits: WireLimits = .standard) throws(WireError) -> CeleryValue {
        switch storage {
        case .value(let value): return value
        case .json(let text):
            return try text.withUnsafeBufferPointer { (buffer) throws(WireError) in
                var reader = try JSONReader(buffer, limits: limits)
                let value = try reader.readValue()
                try reader.end()
                return value
            }
        }
    }

    /// The value as JSON text, in Python's spacing when it has to be written.
    public func json() throws(WireError) -> [UInt8] { Array(try slice()) }

    private func slice() throws(WireError) -> ArraySlice<UInt8> {
        switch storage {
        case .json(let text): return text
        case .value(let value):
            var writer = JSONWriter(capacity: 64)
            writer.value(value)
            return writer.bytes[...]
        }
    }

    /// Checks that the bytes are exactly one JSON value and keeps them.
    ///
    /// - Throws: ``WireError`` `.malformed` for anything else.
    public init(json bytes: [UInt8], limits: WireLimits = .standard) throws(WireError) {
        let range = try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in
            var reader = try JSONReader(buffer, limits: limits)
            let range = try reader.sliceValue()
            try reader.end()
            return range
        }
        self.init(validatedJSON: bytes[range])
    }
}

extension WireError {
    /// ` at [0].cents`, or nothing at the top.
    static func suffix(_ path: [any CodingKey], of type: Any.Type? = nil) -> String {
        guard !path.isEmpty else { return "" }
        var text = ""
        for key in path {
            if let index = key.intValue, key is PlainCodingKey {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : "." + key.stringValue
            }
        }
        return " at \(text)" + (type.map { " of \($0)" } ?? "")
    }

    init(decoding error: any Error, as type: Any.Type) {
        switch error {
        case let error as WireError: self = error
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            self.init(.typeMismatch, context.debugDescription + Self.suffix(context.codingPath, of: type))
        case DecodingError.keyNotFound(_, let context):
            self.init(.missingValue, context.debugDescription + Self.suffix(context.codingPath, of: type))
        case DecodingError.dataCorrupted(let context):
            self.init(.typeMismatch, context.debugDescription + Self.suffix(context.codingPath, of: type))
        default: self.init(.typeMismatch, "\(type) refused the value: \(error)")
        }
    }

    init(encoding error: any Error, of type: Any.Type) {
        switch error {
        case let error as WireError: self = error
        case EncodingError.invalidValue(_, let context):
            self.init(.unencodable, context.debugDescription + Self.suffix(context.codingPath, of: type))
        default: self.init(.unencodable, "\(type) could not be encoded: \(error)")
        }
    }
}
