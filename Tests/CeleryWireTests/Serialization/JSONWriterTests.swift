//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

@Suite("JSON writer")
struct JSONWriterTests {
    private func write(_ value: CeleryValue) throws -> String { text(try JSONSerializer().encode(value)) }

    @Test(
        "writes what Python's json.dumps writes",
        arguments: [
            (nil, "null"), (true, "true"), (-12, "-12"), (.int(.min), "-9223372036854775808"), (10, "10"),
            (.bigInteger("18446744073709551616"), "18446744073709551616"), (.bigInteger("1; drop"), "\"1; drop\""),
            (
                "h\u{e9} \u{1F600}\u{7F}\u{0}\u{8}\u{C}\n\r\t\"\\/",
                #""h\u00e9 \ud83d\ude00\u007f\u0000\b\f\n\r\t\"\\/""#
            ),
            ([1, ["a": nil], []], #"[1, {"a": null}, []]"#), (.double(.nan), "NaN"), (.double(-.infinity), "-Infinity"),
            (.bytes(Array("hello".utf8)), #"{"__type__": "bytes", "__value__": "hello"}"#),
            (.bytes([0xFF, 0, 0xFE]), #"{"__type__": "base64", "__value__": "/wD+"}"#),
            (.uuid("00ff"), #"{"__type__": "uuid", "__value__": {"hex": "00ff"}}"#),
            (.datetime("2030-01-02"), #"{"__type__": "datetime", "__value__": "2030-01-02"}"#),
        ] as [(CeleryValue, String)]
    )
    func writes(_ value: CeleryValue, _ expected: String) throws { #expect(try write(value) == expected) }

    @Test("every ASCII character is escaped, or not, wherever in a string it stands")
    func everyPlace() throws {
        let named: [UInt8: String] = [
            0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r", 0x22: "\\\"", 0x5C: "\\\\",
        ]
        for byte in 0..<UInt8(128) {
            let hex = String(byte, radix: 16)
            let isPlain = byte >= 0x20 && byte != 0x7F
            let written =
                named[byte]
                ?? (isPlain ? String(UnicodeScalar(byte)) : "\\u" + String(repeating: "0", count: 4 - hex.count) + hex)
            for before in 0..<18 {
                let (head, tail) = (String(repeating: "x", count: before), String(repeating: "y", count: 17 - before))
                let text = head + String(UnicodeScalar(byte)) + tail
                #expect(try write(.string(text)) == "\"\(head)\(written)\(tail)\"")
            }
        }
    }

    @Test(
        "floats have the digits and exponents of Python's repr",
        arguments: [
            (0.0, "0.0"), (-0.0, "-0.0"), (1.0, "1.0"), (0.1, "0.1"), (1e16, "1e+16"), (1e15, "1000000000000000.0"),
            (9007199254740993.0, "9007199254740992.0"), (1e22, "1e+22"), (1.5e-7, "1.5e-07"), (0.0001, "0.0001"),
            (0.00001, "1e-05"), (.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
            (123456789012345680.0, "1.2345678901234568e+17"), (-2.5, "-2.5"), (12345.678, "12345.678"),
            (1e100, "1e+100"),
            (0.000123, "0.000123"), (1234567890123456.7, "1234567890123456.8"),
        ] as [(Double, String)]
    )
    func floats(_ value: Double, _ expected: String) throws { #expect(try write(.double(value)) == expected) }

    @Test("floats come back exactly")
    func floatsComeBack() throws {
        var generator = SplitMix(seed: 7)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            #expect(try Fixture.json(Array(write(.double(value)).utf8)) == .double(value))
        }
    }

    @Test("base64 of every length comes back, and bad text is refused")
    func base64() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
        for bad in ["a", "ab", "abc", "abc\n", "=abc", "a===", "ab=c", "é==="] { #expect(Base64.decode(bad) == nil) }
    }
}
