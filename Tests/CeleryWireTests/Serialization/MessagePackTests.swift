//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

@Suite("MessagePack")
struct MessagePackTests {
    private func pack(_ value: CeleryValue) throws -> [UInt8] { try MessagePackSerializer().encode(value) }

    private func unpack(_ bytes: [UInt8], _ limits: WireLimits = .standard) throws -> CeleryValue {
        try MessagePackSerializer().decodeValue(bytes, limits: limits)
    }

    @Test(
        "values of every size come back in the shortest form",
        arguments: [
            (nil, 1), (true, 1), (0, 1), (127, 1), (128, 2), (255, 2), (256, 3), (65535, 3), (65536, 5),
            (4_294_967_295, 5), (4_294_967_296, 9), (.int(.max), 9), (.bigInteger("18446744073709551615"), 9), (-1, 1),
            (-32, 1), (-33, 2), (-128, 2), (-129, 3), (-32768, 3), (-32769, 5), (-2_147_483_648, 5),
            (-2_147_483_649, 9), (.int(.min), 9), (1.5, 9), ("", 1), (.string(String(repeating: "a", count: 31)), 32),
            (.string(String(repeating: "a", count: 32)), 34), (.string(String(repeating: "a", count: 256)), 259),
            (.string(String(repeating: "a", count: 65536)), 65541), (.bytes([]), 2),
            (.bytes(Array(repeating: 1, count: 256)), 259), (.bytes(Array(repeating: 1, count: 65536)), 65541),
            ([], 1), (.array(Array(repeating: 1, count: 15)), 16), (.array(Array(repeating: 1, count: 16)), 19),
            (.array(Array(repeating: 1, count: 65536)), 65541), ([:], 1), (["a": ["b": nil]], 7),
        ] as [(CeleryValue, Int)]
    )
    func roundTrip(_ value: CeleryValue, _ size: Int) throws {
        let bytes = try pack(value)
        #expect(bytes.count == size)
        #expect(try unpack(bytes) == value)
    }

    @Test("dates, decimals and UUIDs come back through tagged objects")
    func tagged() throws {
        for value in [
            .datetime("2030-01-02T00:00:00"), .decimal("1.10"), .uuid("7b6dd2ab05ec4b1c9c4b0a9d7b4f1c11"),
            .date("2030-01-02"), .time("01:02:03"),
        ]
            as [CeleryValue]
        {
            #expect(try unpack(pack(value)) == value)
        }
        let stranger: CeleryValue = ["__type__": "nope", "__value__": 1]
        #expect(try unpack(pack(stranger)) == stranger)
    }

    @Test("other keys than strings become what JSON makes of them")
    func keys() throws {
        #expect(
            try unpack([0x84, 0x01, 0xA1, 0x61, 0xC0, 0x02, 0xC3, 0x03, 0xCB, 0x40, 0x04, 0, 0, 0, 0, 0, 0, 0x04])
                == ["1": "a", "null": 2, "true": 3, "2.5": 4]
        )
        #expect(throws: WireError.self) { try unpack([0x81, 0x90, 0x01]) }
    }

    @Test("timestamps are read, other extensions refused")
    func extensions() throws {
        #expect(try unpack([0xD6, 0xFF, 0, 0, 0, 1]) == .datetime("1970-01-01T00:00:01+00:00"))
        #expect(
            try unpack([0xD7, 0xFF, 0x77, 0x35, 0x94, 0, 0, 0, 0, 1]) == .datetime("1970-01-01T00:00:01.500000+00:00")
        )
        #expect(
            try unpack([0xC7, 12, 0xFF, 0, 0, 0, 0] + Array(repeating: 0xFF, count: 8))
                == .datetime("1969-12-31T23:59:59+00:00")
        )
        for bad in [
            [0xD4, 0x01, 0x00], [0xD5, 0xFF, 0, 0], [0xC1],
            [0xC7, 12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]] {
            #expect(throws: WireError.self) { try unpack(bad) }
        }
    }

    @Test("truncation, extra data, lying lengths, bad UTF-8 and depth are typed errors")
    func malformed() throws {
        let whole = try pack(["a": [1, "text", .bytes([1, 2]), 2.5, -70000]])
        for count in 0..<whole.count { #expect(throws: WireError.self) { try unpack(Array(whole.prefix(count))) } }
        #expect(throws: WireError.self) { try unpack(whole + [0]) }
        #expect(throws: WireError.self) { try unpack([0xDD, 0xFF, 0xFF, 0xFF, 0xFF]) }
        #expect(throws: WireError.self) { try unpack([0xDF, 0xFF, 0xFF, 0xFF, 0xFF, 0]) }
        #expect(throws: WireError.self) { try unpack([0xC6, 0xFF, 0xFF, 0xFF, 0xFF, 0]) }
        #expect(throws: WireError.self) { try unpack([0xA1, 0xFF]) }
        let deep = #expect(throws: WireError.self) { try unpack(Array(repeating: 0x91, count: 100_000)) }
        #expect(deep?.code == .limitExceeded)
    }

    @Test("integers beyond 64 bits cannot be packed")
    func bigIntegers() {
        let error = #expect(throws: WireError.self) { try pack(.bigInteger("18446744073709551616")) }
        #expect(error?.code == .unencodable)
    }
}
