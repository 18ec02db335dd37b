//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Writes frames, one behind the other, into one buffer.
struct FrameEncoder {
    private(set) var bytes: [UInt8] = []

    /// Writes a frame whose fields the body writes.
    mutating func frame(_ kind: FrameKind, _ fields: (inout FrameEncoder) -> Void) {
        let start = bytes.count
        bytes.append(contentsOf: [0, 0, 0, 0, kind.rawValue])
        fields(&self)
        let length = UInt32(truncatingIfNeeded: bytes.count - start - 4)
        for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> UInt32(index * 8)) }
    }

    /// Takes back what was written last.
    mutating func removeLast(_ count: Int) { bytes.removeLast(count) }

    /// Forgets what was written first.
    mutating func removeFirst(_ count: Int) { bytes.removeFirst(count) }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20) }

    /// Appends whole frames.
    mutating func append(_ frames: FrameEncoder) { bytes.append(contentsOf: frames.bytes) }

    mutating func byte(_ value: UInt8) { bytes.append(value) }
    mutating func bool(_ value: Bool) { bytes.append(value ? 1 : 0) }

    /// Seven bits a byte, lowest first; the high bit says that there are more.
    mutating func unsigned(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    /// Zigzag: small negative numbers are short as well.
    mutating func int(_ value: Int64) { unsigned(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }
    mutating func int(_ value: Int) { int(Int64(value)) }

    mutating func double(_ value: Double) {
        let bits = value.bitPattern
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    }

    mutating func string(_ value: String) {
        var value = value
        value.withUTF8 { text in
            unsigned(UInt64(text.count))
            bytes.append(contentsOf: text)
        }
    }

    mutating func blob(_ value: some Collection<UInt8>) {
        unsigned(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func duration(_ value: Duration) {
        int(value.components.seconds)
        int(value.components.attoseconds)
    }

    mutating func optional<T>(_ value: T?, _ write: (inout FrameEncoder, T) -> Void) {
        bool(value != nil)
        if let value { write(&self, value) }
    }

    mutating func optional(_ value: String?) { optional(value) { $0.string($1) } }

    mutating func list<T>(_ values: some Collection<T>, _ write: (inout FrameEncoder, T) -> Void) {
        unsigned(UInt64(values.count))
        for value in values { write(&self, value) }
    }
}
