//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// The common scalars, and arrays of them; nil when the value is none of the type.
extension JSONTape {
    func int(_ node: Int) throws(WireError) -> Int? {
        try read(node) { (reader) throws(WireError) in try reader.scalarInt() }
    }

    func double(_ node: Int) throws(WireError) -> Double? {
        try read(node) { (reader) throws(WireError) in try reader.scalarDouble() }
    }

    func bool(_ node: Int) throws(WireError) -> Bool? {
        try read(node) { (reader) throws(WireError) in try reader.scalarBool() }
    }

    func text(_ node: Int) throws(WireError) -> String? {
        try read(node) { (reader) throws(WireError) in try reader.scalarString() }
    }

    func ints(_ node: Int) throws(WireError) -> [Int]? {
        try elements(node) { (reader) throws(WireError) in try reader.scalarInt() }
    }

    func doubles(_ node: Int) throws(WireError) -> [Double]? {
        try elements(node) { (reader) throws(WireError) in try reader.scalarDouble() }
    }

    func texts(_ node: Int) throws(WireError) -> [String]? {
        try elements(node) { (reader) throws(WireError) in try reader.scalarString() }
    }

    @inline(__always)
    private func elements<Element>(
        _ node: Int,
        _ scalar: (inout JSONReader) throws(WireError) -> Element?
    ) throws(WireError) -> [Element]? {
        guard firstByte(node) == UInt8(ascii: "[") else { return nil }
        var elements: [Element] = []
        elements.reserveCapacity(Int(nodes[node].detail))
        var at = node + 1
        let end = Int(nodes[node].next)
        while at < end {
            guard let element = try read(at, scalar) else { return nil }
            elements.append(element)
            at = Int(nodes[at].next)
        }
        return elements
    }
}
