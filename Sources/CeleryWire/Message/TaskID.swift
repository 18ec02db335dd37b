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
