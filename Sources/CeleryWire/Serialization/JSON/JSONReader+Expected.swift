//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Reading of text that comes letter for letter as Python's `json.dumps` writes it.
///
/// Only a shorter way: whoever uses it goes on with the readers that take any spelling where this finds nothing.
extension JSONReader {
    /// Moves behind the text if exactly that comes next.
    @inline(__always)
    mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count &- position >= count, matches(text, at: position) else { return false }
        position &+= count
        return true
    }

    /// Moves behind the key if exactly that comes next, and behind its value if that is null.
    ///
    /// - Parameter key: Quoted, with what stands before it and the colon behind it.
    /// - Returns: Whether a value other than null is there to be read.
    @inline(__always)
    mutating func comes(_ key: StaticString) -> Bool { skip(key) && !skip("null") }

    /// The text of a string that was read from the place up to here; nil when it was no string.
    func quoted(from start: Int) -> JSONText? {
        guard position - start >= 2, bytes[start] == UInt8(ascii: "\"") else { return nil }
        return JSONText(start: start + 1, end: position - 1, escaped: false)
    }

    /// Moves behind a string that repeats, letter for letter, one that was scanned before.
    @inline(__always)
    mutating func skip(repeated text: JSONText) -> Bool {
        // With both quotes; they are there, or it would not have been scanned.
        let count = text.end &- text.start &+ 2
        guard bytes.count &- position >= count, let base = bytes.baseAddress,
            Self.equal(UnsafeRawPointer(base) + position, UnsafeRawPointer(base) + (text.start &- 1), count)
        else { return false }
        position &+= count
        return true
    }

    /// The caller has checked that so many bytes are there.
    @inline(__always)
    func matches(_ text: StaticString, at offset: Int) -> Bool {
        guard let base = bytes.baseAddress else { return text.utf8CodeUnitCount == 0 }
        return Self.equal(UnsafeRawPointer(base) + offset, UnsafeRawPointer(text.utf8Start), text.utf8CodeUnitCount)
    }

    /// Compares word by word, the last word overlapping the one before: for a literal that is a few instructions.
    @inline(__always)
    static func equal(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ count: Int) -> Bool {
        if count >= 8 {
            var at = 0
            while at < count &- 8 {
                guard word(a, at) == word(b, at) else { return false }
                at &+= 8
            }
            return word(a, count &- 8) == word(b, count &- 8)
        }
        if count >= 4 {
            let last = count &- 4
            return a.loadUnaligned(as: UInt32.self) == b.loadUnaligned(as: UInt32.self)
                && a.loadUnaligned(fromByteOffset: last, as: UInt32.self)
                    == b.loadUnaligned(fromByteOffset: last, as: UInt32.self)
        }
        var at = 0
        while at < count {
            guard a.load(fromByteOffset: at, as: UInt8.self) == b.load(fromByteOffset: at, as: UInt8.self) else {
                return false
            }
            at &+= 1
        }
        return true
    }

    @inline(__always)
    private static func word(_ from: UnsafeRawPointer, _ at: Int) -> UInt64 {
        from.loadUnaligned(fromByteOffset: at, as: UInt64.self)
    }
}
