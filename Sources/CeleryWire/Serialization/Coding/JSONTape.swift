//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// One checked JSON value with an index of all values in it, so that decoding by key never scans twice.
///
/// Owns its bytes, so a decoder that outlives its call stays memory-safe.
final class JSONTape {
    /// A value. Those inside it follow it directly, keys of an object included, up to `next`.
    struct Node {
        var start: UInt32
        var end: UInt32
        /// Index of the first node that is not inside this one.
        var next: UInt32
        /// Of an array or object how many elements or members it has, of an object's key its ``Fingerprint``.
        var detail: UInt32
    }

    let nodes: [Node]
    let limits: WireLimits
    private let source: ArraySlice<UInt8>
    /// A copy of the source that stays where it is.
    private let memory: UnsafeMutableBufferPointer<UInt8>
    private let reader: JSONReader

    init(_ bytes: ArraySlice<UInt8>, limits: WireLimits) throws(WireError) {
        guard bytes.count < Int(UInt32.max) else { throw WireError(.limitExceeded, "a JSON value over 4 GiB") }
        var nodes: [Node] = []
        nodes.reserveCapacity(min(64, bytes.count / 4 + 1))
        try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in
            var reader = try JSONReader(buffer, limits: limits)
            try Self.index(&reader, &nodes)
            try reader.end()
        }
        let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = memory.initialize(fromContentsOf: bytes)
        do {
            reader = try JSONReader(UnsafeBufferPointer(memory), limits: limits)
        } catch {
            memory.deallocate()
            throw error
        }
        self.nodes = nodes
        self.limits = limits
        source = bytes
        self.memory = memory
    }

    deinit { memory.deallocate() }

    private static func index(_ reader: inout JSONReader, _ nodes: inout [Node]) throws(WireError) {
        let place = nodes.count
        let byte = try reader.peek()
        nodes.append(Node(start: UInt32(reader.position), end: 0, next: 0, detail: 0))
        var first = true
        var count: UInt32 = 0
        if byte == UInt8(ascii: "{") {
            try reader.openObject()
            while let key = try reader.nextKey(&first) {
                let next = UInt32(nodes.count + 1)
                let fingerprint = Fingerprint(of: key, reader)
                let node = Node(
                    start: UInt32(key.start - 1),
                    end: UInt32(key.end + 1),
                    next: next,
                    detail: fingerprint.bits
                )
                nodes.append(node)
                try index(&reader, &nodes)
                count += 1
            }
        } else if byte == UInt8(ascii: "[") {
            try reader.openArray()
            while try reader.nextElement(&first) {
                try index(&reader, &nodes)
                count += 1
            }
        } else {
            try reader.skipValue()
        }
        nodes[place].end = UInt32(reader.position)
        nodes[place].next = UInt32(nodes.count)
        nodes[place].detail = count
    }

    /// The first byte, which tells what kind of value it is.
    @inline(__always)
    func firstByte(_ node: Int) -> UInt8 { memory[Int(nodes[node].start)] }

    /// The text of a value.
    func slice(_ node: Int) -> ArraySlice<UInt8> {
        source[(source.startIndex + Int(nodes[node].start))..<(source.startIndex + Int(nodes[node].end))]
    }

    /// Lends a reader that stands at the value. It must not be kept: the bytes go with the tape.
    @inline(__always)
    func read<R>(_ node: Int, _ body: (inout JSONReader) throws(WireError) -> R) throws(WireError) -> R {
        var reader = reader
        reader.position = Int(nodes[node].start)
        return try body(&reader)
    }

    /// Whether the key at a node is this one.
    @inline(__always)
    func isKey(_ node: Int, _ name: UnsafeBufferPointer<UInt8>, _ fingerprint: Fingerprint) -> Bool {
        let key = nodes[node]
        guard key.detail & Fingerprint.mask == fingerprint.bits else { return false }
        if key.detail != fingerprint.bits { return (try? string(node))?.utf8.elementsEqual(name) ?? false }
        guard Int(key.end - key.start) == name.count + 2 else { return false }
        guard let own = memory.baseAddress, let other = name.baseAddress else { return name.isEmpty }
        return JSONReader.equal(UnsafeRawPointer(own) + Int(key.start) + 1, UnsafeRawPointer(other), name.count)
    }

    /// The string at a node, without quotes; the node is known to be one.
    func string(_ node: Int) throws(WireError) -> String {
        try read(node) { (reader) throws(WireError) in try reader.readString() }
    }

    /// What a value is, for error messages.
    func kind(_ node: Int) -> String {
        switch firstByte(node) {
        case UInt8(ascii: "\""): "a string"
        case UInt8(ascii: "{"): isTagged(node) ? "a tagged value" : "an object"
        case UInt8(ascii: "["): "an array"
        case UInt8(ascii: "t"), UInt8(ascii: "f"): "a boolean"
        case UInt8(ascii: "n"): "null"
        default: "the number \(String(decoding: slice(node).prefix(40), as: UTF8.self))"
        }
    }

    /// Whether it is an object of exactly `__type__` and `__value__`.
    func isTagged(_ node: Int) -> Bool {
        guard firstByte(node) == UInt8(ascii: "{"), Int(nodes[node].next) > node + 4 else { return false }
        let second = Int(nodes[node + 2].next)
        guard second < Int(nodes[node].next), nodes[second + 1].next == nodes[node].next else { return false }
        let keys = [try? string(node + 1), try? string(second)]
        return keys.contains("__type__") && keys.contains("__value__")
    }

    /// The dynamic form of a value.
    func value(_ node: Int) throws(WireError) -> CeleryValue {
        try read(node) { (reader) throws(WireError) in try reader.readValue() }
    }
}
