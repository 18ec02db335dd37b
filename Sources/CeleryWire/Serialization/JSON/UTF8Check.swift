//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Strict UTF-8, as Python's decoder has it: no overlong forms, no surrogates, nothing above U+10FFFF.
enum UTF8Check {
    /// The length of the sequence that begins at a non-ASCII byte.
    static func sequenceLength(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) throws(WireError) -> Int {
        let first = bytes[at]
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first <= 0xF4, at + length <= bytes.count else { throw invalid(at) }
        var range: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xE0: range = 0xA0...0xBF
        case 0xED: range = 0x80...0x9F
        case 0xF0: range = 0x90...0xBF
        case 0xF4: range = 0x80...0x8F
        default: break
        }
        guard range.contains(bytes[at + 1]) else { throw invalid(at) }
        for index in 2..<max(length, 2) where bytes[at + index] & 0xC0 != 0x80 { throw invalid(at) }
        return length
    }

    private static func invalid(_ at: Int) -> WireError { WireError(.malformed, "invalid UTF-8", offset: at) }
}
