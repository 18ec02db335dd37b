//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Reads the fields of one frame, checking every bound.
///
/// It borrows the bytes: use it only inside the scope that lends the buffer.
struct FrameDecoder {
    private let buffer: UnsafeRawBufferPointer
    private var position = 0

    init(_ buffer: UnsafeRawBufferPointer) { self.buffer = buffer }

    private var remaining: Int { buffer.count - position }

    /// To be called after the last field: nothing may be left.
    func finish() throws(FrameError) {
        guard remaining == 0 else { throw FrameError("\(remaining) bytes are left behind the last field of a frame") }
    }

    mutating func byte() throws(FrameError) -> UInt8 {
        guard remaining > 0 else { throw FrameError("a frame of \(buffer.count) bytes ends inside a field") }
        defer { position += 1 }
        return buffer[position]
    }

    mutating func bool() throws(FrameError) -> Bool {
        switch try byte() {
        case 0: return false
        case 1: return true
        case let other: throw FrameError("the byte \(other) is no boolean")
        }
    }

    mutating func unsigned() throws(FrameError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            guard shift < 63 || byte <= 1 else { throw FrameError("a number in a frame has more than 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
    }

    mutating func int64() throws(FrameError) -> Int64 {
        let raw = try unsigned()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    mutating func int() throws(FrameError) -> Int { Int(truncatingIfNeeded: try int64()) }

    mutating func double() throws(FrameError) -> Double {
        var bits: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bits |= UInt64(try byte()) << shift }
        return Double(bitPattern: bits)
    }

    private mutating func chunk() throws(FrameError) -> UnsafeRawBufferPointer {
        let count = try unsigned()
        guard count <= UInt64(remaining) else {
            throw FrameError("a field of \(count) bytes in a frame of which \(remaining) are left")
        }
        defer { position += Int(count) }
        return UnsafeRawBufferPointer(rebasing: buffer[position..<position + Int(count)])
    }

    mutating func string() throws(FrameError) -> String { String(decoding: try chunk(), as: UTF8.self) }
    mutating func blob() throws(FrameError) -> [UInt8] { Array(try chunk()) }

    mutating func duration() throws(FrameError) -> Duration {
        let seconds = try int64()
        return Duration(secondsComponent: seconds, attosecondsComponent: try int64())
    }

    mutating func optional<T>(_ read: (inout FrameDecoder) throws(FrameError) -> T) throws(FrameError) -> T? {
        try bool() ? try read(&self) : nil
    }

    mutating func optionalString() throws(FrameError) -> String? { try bool() ? try string() : nil }

    mutating func list<T>(_ read: (inout FrameDecoder) throws(FrameError) -> T) throws(FrameError) -> [T] {
        let count = try unsigned()
        // Every element takes a byte at least, so that a wrong count cannot ask for more than there is.
        guard count <= UInt64(remaining) else { throw FrameError("a list of \(count) elements in \(remaining) bytes") }
        var values: [T] = []
        values.reserveCapacity(min(Int(count), 1024))
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }
}
