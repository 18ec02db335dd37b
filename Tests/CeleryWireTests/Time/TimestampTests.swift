//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "text that Python's isoparse takes is read",
        arguments: [
            ("2030-01-02", 1_893_542_400_000_000),
            ("2030-01-02T03:04:05", 1_893_553_445_000_000),
            ("2030-01-02 03:04:05", 1_893_553_445_000_000),
            ("2030-01-02T03:04:05Z", 1_893_553_445_000_000),
            ("2030-01-02T03:04:05.678900+00:00", 1_893_553_445_678_900),
            ("2030-01-02T03:04:05.25-08:00", 1_893_582_245_250_000),
            ("2030-01-02T03:04:05,5+0530", 1_893_533_645_500_000),
            ("2030-01-02T03:04:05.1234567", 1_893_553_445_123_456),
            ("20300102T030405", 1_893_553_445_000_000),
            ("2030-01-02T03", 1_893_553_200_000_000),
            ("2030-01-02T03:04+01", 1_893_549_840_000_000),
            ("2030-01", 1_893_456_000_000_000),
            ("2030-01-02T24:00", 1_893_628_800_000_000),
            ("1969-12-31T23:59:59.999999", -1),
            ("0001-01-01", -62_135_596_800_000_000),
            ("2024-02-29", 1_709_164_800_000_000),
        ] as [(String, Int64)]
    )
    func reads(_ text: String, _ microseconds: Int64) {
        #expect(Timestamp(iso8601: text)?.microseconds == microseconds)
    }

    @Test(
        "other text is refused",
        arguments: [
            "", "2030", "2030-13-01", "2030-02-29", "2023-02-29", "2030-1-2", "x", "2030-01-02T", "2030-01-02T25:00",
            "2030-01-02T03:60", "2030-01-02T03:04:60", "2030-01-02T03:04:05.", "2030-01-02T03:04:05+25:00",
            "2030-01-02T03:04:05 UTC", "0000-01-01", "2030-01-02T24:01", "２０３０-01-02", "2030-01-02T03:04:05Zx",
        ]
    )
    func refuses(_ text: String) { #expect(Timestamp(iso8601: text) == nil) }

    @Test("text is written as Python's isoformat does")
    func writes() {
        #expect(Timestamp(microseconds: 1_893_553_445_678_900).iso8601 == "2030-01-02T03:04:05.678900+00:00")
        #expect(Timestamp(microseconds: 1_893_553_445_000_000).iso8601 == "2030-01-02T03:04:05+00:00")
        #expect(Timestamp(microseconds: -1).iso8601 == "1969-12-31T23:59:59.999999+00:00")
        #expect(Timestamp(microseconds: .min).iso8601 == "0001-01-01T00:00:00+00:00")
        #expect(Timestamp(microseconds: .max).iso8601 == "9999-12-31T23:59:59.999999+00:00")
    }

    @Test("every day of eight centuries survives the round trip")
    func roundTrip() throws {
        for day in stride(from: -150_000, through: 150_000, by: 7) {
            let moment = Timestamp(microseconds: Int64(day) * 86_400_000_000 + 43_200_123_456)
            #expect(Timestamp(iso8601: moment.iso8601) == moment)
        }
    }

    @Test("seconds beyond the range saturate")
    func saturates() {
        // Where the product with a million would be rounded up; this is Python's.
        #expect(Timestamp(unixSeconds: 1_795_707_963.788_723_5).microseconds == 1_795_707_963_788_723)
        #expect(Timestamp(unixSeconds: -0.5).microseconds == -500_000)
        #expect(Timestamp(unixSeconds: .infinity).microseconds == .max)
        #expect(Timestamp(unixSeconds: -1e300).microseconds == .min)
        #expect(Timestamp(unixSeconds: .nan).microseconds == 0)
        #expect(Timestamp(microseconds: .max).since(Timestamp(microseconds: .min)) == .microseconds(Int64.max))
        #expect(Timestamp(microseconds: .min).since(Timestamp(microseconds: .max)) == .microseconds(Int64.min))
    }
}
