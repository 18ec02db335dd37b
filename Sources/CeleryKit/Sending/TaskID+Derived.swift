//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

package import CeleryWire

extension TaskID {
    /// A UUID (version 8) that is the same for the same parent and salt, and practically never for others.
    package static func derived(from parent: String, salt: String) -> String {
        let high = hash(parent, salt, seed: 0xcbf2_9ce4_8422_2325)
        let low = hash(parent, salt, seed: 0x9e37_79b9_7f4a_7c15)
        let hex = pad((high & ~0xf000) | 0x8000) + pad((low & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000)
        let digits = Array(hex)
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }

    private static func pad(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    /// FNV-1a with a final avalanche (splitmix64's); not for secrets.
    private static func hash(_ parent: String, _ salt: String, seed: UInt64) -> UInt64 {
        var state = seed
        for part in [parent, "\0", salt] {
            for byte in part.utf8 { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        }
        state = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        state = (state ^ (state >> 27)) &* 0x94d0_49bb_1331_11eb
        return state ^ (state >> 31)
    }
}
