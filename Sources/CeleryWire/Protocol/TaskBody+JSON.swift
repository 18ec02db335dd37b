//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

extension TaskBody {
    /// Reads `[args, kwargs, embed]` from JSON. The values stay encoded; their text has been checked.
    ///
    /// - Throws: ``WireError`` `.malformed` for any other shape than exactly three elements.
    static func decode(json bytes: [UInt8], limits: WireLimits) throws(WireError) -> TaskBody {
        try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in
            var reader = try JSONReader(buffer, limits: limits)
            let body = try TaskBody(from: &reader, source: bytes[...])
            try reader.end()
            return body
        }
    }

    private init(from reader: inout JSONReader, source: ArraySlice<UInt8>) throws(WireError) {
        guard try reader.peek() == UInt8(ascii: "[") else { throw Self.shape(reader) }
        try reader.openArray()
        var first = true
        guard try reader.nextElement(&first) else { throw Self.shape(reader) }
        let arguments = try reader.readArguments(source)
        guard try reader.nextElement(&first) else { throw Self.shape(reader) }
        let keywords = try reader.readKeywords(source)
        guard try reader.nextElement(&first) else { throw Self.shape(reader) }
        reader.skipSpace()
        let embed = try reader.skip(Embed.nothing) ? Embed() : Embed(from: &reader, source: source)
        guard try !reader.nextElement(&first) else { throw Self.shape(reader) }
        self.init(arguments: arguments, keywords: keywords, embed: embed)
    }

    private static func shape(_ reader: JSONReader) -> WireError {
        reader.malformed("task body is not an array of exactly three elements: [args, kwargs, embed]")
    }

    /// Writes the body as Python's `json.dumps` does.
    func write(to writer: inout JSONWriter) throws(WireError) {
        writer.raw("[")
        try writer.arguments(arguments)
        writer.raw(", ")
        try writer.keywords(keywords)
        writer.raw(", ")
        try embed.write(to: &writer)
        writer.raw("]")
    }
}

extension TaskBody.Embed {
    /// The embed of a task with nothing to run after it, as Python and this package write it.
    fileprivate static var nothing: StaticString {
        "{\"callbacks\": null, \"errbacks\": null, \"chain\": null, \"chord\": null}"
    }

    init(from reader: inout JSONReader, source: ArraySlice<UInt8>) throws(WireError) {
        self.init()
        if try reader.readNull() { return }
        guard reader.bytes[reader.position] == UInt8(ascii: "{") else {
            throw reader.malformed("embed of the task body is neither an object nor null")
        }
        try reader.openObject()
        var first = true
        while let key = try reader.nextKey(&first) {
            if reader.equals(key, "callbacks") {
                callbacks = try reader.readSignatures(source) ?? []
            } else if reader.equals(key, "errbacks") {
                errbacks = try reader.readSignatures(source) ?? []
            } else if reader.equals(key, "chain") {
                chain = try reader.readChain(source)
            } else if reader.equals(key, "chord") {
                chord = try reader.readNull() ? nil : Signature(from: &reader, source: source)
            } else {
                try reader.skipValue()
            }
        }
    }

    func write(to writer: inout JSONWriter) throws(WireError) {
        if callbacks.isEmpty, errbacks.isEmpty, chain == nil, chord == nil {
            return writer.raw(Self.nothing)
        }
        writer.raw("{\"callbacks\": ")
        try writer.signatures(callbacks.isEmpty ? nil : callbacks)
        writer.raw(", \"errbacks\": ")
        try writer.signatures(errbacks.isEmpty ? nil : errbacks)
        writer.raw(", \"chain\": ")
        try writer.chain(chain)
        writer.raw(", \"chord\": ")
        if let chord { try chord.write(to: &writer) } else { writer.null() }
        writer.raw("}")
    }
}

extension JSONReader {
    /// The next value, encoded.
    @inline(__always)
    mutating func readEncoded(_ source: ArraySlice<UInt8>) throws(WireError) -> EncodedValue {
        let range = try sliceValue()
        let base = source.startIndex
        return EncodedValue(validatedJSON: source[(base + range.lowerBound)..<(base + range.upperBound)])
    }

    /// An array of values. A string is spread over its characters, as Python's `f(*args)` does.
    mutating func readArguments(_ source: ArraySlice<UInt8>) throws(WireError) -> [EncodedValue] {
        if try peek() == UInt8(ascii: "\"") {
            return string(try scanString()).unicodeScalars.map { EncodedValue(.string(String($0))) }
        }
        guard bytes[position] == UInt8(ascii: "[") else { throw malformed("args is neither an array nor a string") }
        if skip("[]") { return [] }
        try openArray()
        var arguments: [EncodedValue] = []
        // As many as most calls have, so that there is one allocation.
        arguments.reserveCapacity(4)
        var first = true
        while try nextElement(&first) { arguments.append(try readEncoded(source)) }
        return arguments
    }

    /// An object of values.
    mutating func readKeywords(_ source: ArraySlice<UInt8>) throws(WireError) -> [TaskBody.Keyword] {
        guard try peek() == UInt8(ascii: "{") else { throw malformed("kwargs is not an object") }
        if skip("{}") { return [] }
        try openObject()
        var builder = KeywordBuilder()
        var first = true
        while let key = try nextKey(&first) {
            let name = string(key)
            builder.set(name, try readEncoded(source))
        }
        return builder.keywords
    }

    /// An array of signatures or null; a single one counts as an array of one.
    mutating func readSignatures(_ source: ArraySlice<UInt8>) throws(WireError) -> [Signature]? {
        if try readNull() { return nil }
        if bytes[position] == UInt8(ascii: "{") { return [try Signature(from: &self, source: source)] }
        guard bytes[position] == UInt8(ascii: "[") else { throw malformed("expected an array of signatures or null") }
        try openArray()
        var signatures: [Signature] = []
        var first = true
        while try nextElement(&first) { signatures.append(try Signature(from: &self, source: source)) }
        return signatures
    }
}

extension JSONReader {
    /// As ``readSignatures(_:)``; the signatures are checked, and stay text.
    mutating func readChain(_ source: ArraySlice<UInt8>) throws(WireError) -> ChainSteps? {
        if try readNull() { return nil }
        var texts: [ArraySlice<UInt8>] = []
        if bytes[position] == UInt8(ascii: "{") {
            texts.append(try checkedSignature(source))
        } else {
            guard bytes[position] == UInt8(ascii: "[") else {
                throw malformed("expected an array of signatures or null")
            }
            try openArray()
            var first = true
            while try nextElement(&first) { texts.append(try checkedSignature(source)) }
        }
        return ChainSteps(checked: texts, limits: WireLimits(nestingDepth: maxDepth, integerDigits: maxDigits))
    }

    private mutating func checkedSignature(_ source: ArraySlice<UInt8>) throws(WireError) -> ArraySlice<UInt8> {
        skipSpace()
        let start = source.startIndex + position
        try Signature.check(&self)
        return source[start..<(source.startIndex + position)]
    }
}

extension JSONWriter {
    /// A value that may already be JSON.
    @inline(__always)
    mutating func encoded(_ value: EncodedValue) throws(WireError) {
        switch value.storage {
        case .json(let text): bytes.append(contentsOf: text)
        case .value(let value): self.value(value)
        }
    }

    mutating func arguments(_ values: [EncodedValue]) throws(WireError) {
        raw("[")
        for index in values.indices {
            if index > 0 { raw(", ") }
            try encoded(values[index])
        }
        raw("]")
    }

    mutating func keywords(_ values: [TaskBody.Keyword]) throws(WireError) {
        raw("{")
        for index in values.indices {
            key(values[index].name, first: index == 0)
            try encoded(values[index].value)
        }
        raw("}")
    }

    mutating func signatures(_ values: [Signature]?) throws(WireError) {
        guard let values else { return null() }
        raw("[")
        for index in values.indices {
            if index > 0 { raw(", ") }
            try values[index].write(to: &self)
        }
        raw("]")
    }

    mutating func chain(_ chain: ChainSteps?) throws(WireError) {
        guard let chain else { return null() }
        raw("[")
        for (index, step) in chain.steps.enumerated() {
            if index > 0 { raw(", ") }
            switch step {
            case .json(let text): bytes.append(contentsOf: text)
            case .signature(let signature): try signature.write(to: &self)
            }
        }
        raw("]")
    }
}
