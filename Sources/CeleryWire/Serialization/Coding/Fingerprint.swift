//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Length, first and last byte of a key, which tell most keys of one object apart without a look at the text.
struct Fingerprint {
    /// What is compared; the remaining bit is set when the key is written with escapes.
    static let mask: UInt32 = 0x7FFF_FFFF

    var bits: UInt32 = 0

    @inline(__always)
    init(_ name: UnsafeBufferPointer<UInt8>) {
        guard let first = name.first else { return }
        let last = name[name.count &- 1]
        bits = UInt32(truncatingIfNeeded: name.count & 0x7FFF) << 16 | UInt32(first) << 8 | UInt32(last)
    }

    @inline(__always)
    init(of key: JSONText, _ reader: JSONReader) {
        if key.escaped {
            var name = reader.unescaped(key)
            self = name.withUTF8 { Fingerprint($0) }
            bits |= ~Self.mask
        } else {
            self.init(UnsafeBufferPointer(rebasing: reader.bytes[key.start..<key.end]))
        }
    }
}
