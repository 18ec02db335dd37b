//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Identifiers of tasks.
public enum TaskID {
    /// A new random identifier: the lower-case text of a UUID of version 4, from the system's secure generator.
    public static func random() -> String {
        let (high, low) = pool.withLock { $0.next() }
        return text((high & ~0xF000) | 0x4000, (low & ~(3 << 62)) | (2 << 62))
    }

    /// A new identifier of version 7 (RFC 9562): a time to the millisecond, and 74 random bits. For delivery tags, which others take as they
    /// are: whoever takes the message learns from it when it was sent.
    package static func timed(_ time: Timestamp) -> String {
        let (high, low) = pool.withLock { $0.next() }
        let milliseconds = UInt64(max(0, time.microseconds / 1000)) & 0xFFFF_FFFF_FFFF
        return text(milliseconds << 16 | 0x7000 | high & 0xFFF, (low & ~(3 << 62)) | (2 << 62))
    }

    /// The time in an identifier of version 7; nil for every other text.
    package static func time(in id: String) -> Timestamp? {
        var id = id
        return id.withUTF8 { text in
            guard text.count == 36, text[14] == UInt8(ascii: "7"), text[8] == UInt8(ascii: "-") else { return nil }
            var milliseconds: Int64 = 0
            for at in 0..<13 where at != 8 {
                guard let digit = Hex.value(text[at]) else { return nil }
                milliseconds = milliseconds << 4 | Int64(digit)
            }
            return Timestamp(microseconds: milliseconds * 1000)
        }
    }

    private static let pool = Mutex(RandomBlock())

    private static func text(_ high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 36) { output in
            var at = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    output[at] = UInt8(ascii: "-")
                    at += 1
                }
                let half = nibble < 16 ? high : low
                output[at] = Hex.digit(UInt8(truncatingIfNeeded: half >> UInt64((15 - nibble & 15) * 4)) & 15)
                at += 1
            }
            return at
        }
    }
}

/// Random words fetched 64 identifiers at a time: a system call for each would cost more than all the rest.
private struct RandomBlock {
    private var words = [UInt64](repeating: 0, count: 128)
    private var used = 128

    mutating func next() -> (UInt64, UInt64) {
        if used >= words.count {
            fill()
            used = 0
        }
        defer { used += 2 }
        let pair = (words[used], words[used + 1])
        words[used] = 0
        words[used + 1] = 0
        return pair
    }

    private mutating func fill() {
        // One call gives at most 256 bytes.
        let filled = words.withUnsafeMutableBytes { bytes in
            stride(from: 0, to: bytes.count, by: 256)
                .allSatisfy { start in
                    getentropy(bytes.baseAddress.map { $0 + start }, min(256, bytes.count - start)) == 0
                }
        }
        if filled { return }
        var generator = SystemRandomNumberGenerator()
        for index in words.indices { words[index] = generator.next() }
    }
}
