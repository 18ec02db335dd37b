//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Makes broken inputs out of good ones.
struct Mutator {
    var generator: SplitMix
    /// No input is longer, in bytes.
    var longest = 600

    /// Pieces that mean something to one decoder or another.
    private static let pieces: [[UInt8]] =
        [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "\\udc00", "null", "true", "NaN", "-Infinity",
            "-", "1e", "1e999",
            "9223372036854775808", "0", "00", "__type__", "__value__", "datetime", "uuid",
            "{\"__type__\": \"base64\", \"__value__\": \"=\"}",
            "\"task\"", "\"id\"", "\"body\"", "\"args\"", "\"kwargs\"", "\"headers\"", "\"timelimit\"", "=", "+05:30",
            "T", "24:00", "&a ", "*a",
            "<<: ", "!!binary ", "!!timestamp ", "? ", "- ", "---\n", "| ", "\u{85}", "é", "\u{1F600}",
        ]
        .map { Array($0.utf8) } + [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x00], [0xDD, 0xFF, 0xFF, 0xFF, 0xFF], [0xDF, 0, 0, 0, 9],
            [0xC6, 0x7F, 0xFF, 0xFF, 0xFF],
            [0xC7, 12, 0xFF], [0xD6, 0xFF], [0x91], [0x81], [0x78, 0x9C],
        ]

    private mutating func below(_ bound: Int) -> Int { bound > 0 ? Int(generator.next() % UInt64(bound)) : 0 }

    /// One input, from one of the seeds.
    mutating func next(_ seeds: [[UInt8]]) -> [UInt8] {
        var bytes = seeds[below(seeds.count)]
        for _ in 0...below(3) { change(&bytes, seeds) }
        return bytes.count > longest ? Array(bytes.prefix(longest)) : bytes
    }

    private mutating func change(_ bytes: inout [UInt8], _ seeds: [[UInt8]]) {
        let place = below(bytes.count + 1)
        switch below(8) {
        case 0: if place < bytes.count { bytes[place] ^= 1 << UInt8(below(8)) }
        case 1: bytes.removeSubrange(place...)
        case 2: if place < bytes.count { bytes[place] = UInt8(truncatingIfNeeded: generator.next()) }
        case 3: bytes.insert(contentsOf: Self.pieces[below(Self.pieces.count)], at: place)
        case 4:
            let end = min(bytes.count, place + 1 + below(12))
            bytes.replaceSubrange(place..<end, with: Self.pieces[below(Self.pieces.count)])
        case 5:
            let end = min(bytes.count, place + below(20))
            bytes.insert(contentsOf: Array(bytes[place..<end]), at: below(bytes.count + 1))
        case 6:
            let other = seeds[below(seeds.count)]
            bytes = Array(bytes.prefix(place)) + other.suffix(below(other.count + 1))
        default:
            let piece = Self.pieces[below(Self.pieces.count)]
            let nested = Array(repeatElement(piece, count: below(10) == 0 ? 100 : 1 + below(4)).joined())
            bytes.insert(contentsOf: nested, at: place)
        }
    }
}
