//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

@Suite("JSON reader")
struct JSONReaderTests {
    private func read(_ text: String, _ limits: WireLimits = .standard) throws -> CeleryValue {
        try JSONSerializer().decodeValue(Array(text.utf8), limits: limits)
    }

    @Test(
        "text that Python takes gives the value",
        arguments: [
            (" null ", .null), ("true", true), ("-0", 0), ("12", 12), ("9223372036854775807", .int(.max)),
            ("-9223372036854775808", .int(.min)), ("9223372036854775808", .bigInteger("9223372036854775808")),
            ("1.5", 1.5), ("1e3", 1000.0), ("-1E-2", -0.01), ("1e999", .double(.infinity)), ("0.1", 0.1),
            ("123456789012345678901234567890.5", .double(1.2345678901234568e29)), ("Infinity", .double(.infinity)),
            ("-Infinity", .double(-.infinity)), (#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#, "a\"\\/\u{8}\u{C}\n\r\té😀"),
            (#""\ud800""#, "\u{FFFD}"), (#""\ud800A""#, "\u{FFFD}A"), (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"),
            ("\"ü\u{2028}\u{7f}\"", "ü\u{2028}\u{7f}"), ("[]", []), ("[1, [2, {}]]", [1, [2, [:]]]),
            (#"{"a": 1, "b": {"c": null}}"#, ["a": 1, "b": ["c": nil]]),
            (#"{"a": 1, "b": 2, "a": 3}"#, ["a": 3, "b": 2]), (#"{"": 0}"#, ["": 0]),
        ] as [(String, CeleryValue)]
    )
    func accepts(_ text: String, _ value: CeleryValue) throws { #expect(try read(text) == value) }

    @Test("NaN is read")
    func nan() throws {
        guard case .double(let value) = try read("NaN") else { throw WireError(.typeMismatch, "no float") }
        #expect(value.isNaN)
    }

    @Test(
        "text that Python refuses is malformed",
        arguments: [
            "", " ", "nul", "nulll", "True", "01", "-", "-01", "1.", ".5", "1e", "1e+", "+1", "0x1", "1 2", "[", "[1",
            "[1,", "[1,]", "[,]", "[1 2]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}",
            "{1:1}", "{\"a\" 1}", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "\"\u{1}\"", "]", "}",
            "-Inf", "nan", "Infinit", "'a'", "\u{FEFF}1", "[1}", "{\"a\":1]",
        ]
    )
    func refuses(_ text: String) {
        let error = #expect(throws: WireError.self) { try read(text) }
        #expect(error?.code == .malformed)
    }

    @Test(
        "invalid UTF-8 is malformed",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xE2, 0x82],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xC3, 0x28],
        ] as [[UInt8]]
    )
    func invalidUTF8(_ bytes: [UInt8]) {
        let text = [UInt8(ascii: "\"")] + bytes + Array("\"        ".utf8)
        #expect(throws: WireError.self) { try JSONSerializer().decodeValue(text, limits: .standard) }
        #expect(throws: WireError.self) { try EncodedValue(json: text) }
    }

    @Test("tagged values are resolved only with exactly the two keys")
    func tags() throws {
        #expect(try read(#"{"__type__": "bytes", "__value__": "hé"}"#) == .bytes(Array("hé".utf8)))
        #expect(try read(#"{"__value__": "/wD+", "__type__": "base64"}"#) == .bytes([0xFF, 0, 0xFE]))
        #expect(try read(#"{"__type__": "decimal", "__value__": "1E+5"}"#) == .decimal("1E+5"))
        #expect(
            try read(#"{"__type__": "uuid", "__value__": {"hex": "7B6DD2AB-05EC-4B1C-9C4B-0A9D7B4F1C11"}}"#)
                == .uuid("7b6dd2ab05ec4b1c9c4b0a9d7b4f1c11")
        )
        let wider = try read(#"{"__type__": "nope", "__value__": 1, "x": 2}"#)
        #expect(wider == ["__type__": "nope", "__value__": 1, "x": 2])
        #expect(try read(#"{"__type__": "bytes"}"#) == ["__type__": "bytes"])
    }

    @Test(
        "an unknown or unreadable tag spoils the text, decoded or skipped",
        arguments: [
            #"{"__type__": "nope", "__value__": 1}"#, #"{"__type__": 1, "__value__": 1}"#,
            #"{"__type__": "bytes", "__value__": 1}"#, #"{"__type__": "base64", "__value__": "a"}"#,
            #"{"__type__": "datetime", "__value__": "yesterday"}"#, #"{"__type__": "decimal", "__value__": "1,5"}"#,
            #"{"__type__": "uuid", "__value__": "7b6dd2ab05ec4b1c9c4b0a9d7b4f1c11"}"#,
            #"{"__value__": "12:61", "__type__": "time"}"#, #"{"\u005f_type__": "nope", "__value__": 1}"#,
        ]
    )
    func badTags(_ text: String) {
        #expect(throws: WireError.self) { try read(text) }
        #expect(throws: WireError.self) { try EncodedValue(json: Array("[[\(text)]]".utf8)) }
    }

    @Test("limits stop depth, size and digits with an error of their own")
    func limits() {
        let deep = String(repeating: "[", count: 129) + String(repeating: "]", count: 129)
        #expect((#expect(throws: WireError.self) { try read(deep) })?.code == .limitExceeded)
        let far = String(repeating: "{\"a\":", count: 100_000)
        var generous = WireLimits.standard
        generous.nestingDepth = .max
        #expect((#expect(throws: WireError.self) { try read(far, generous) })?.code == .limitExceeded)
        #expect(
            (#expect(throws: WireError.self) { try read("[1, 2]", WireLimits(messageSize: 5)) })?.code == .limitExceeded
        )
        let digits = String(repeating: "7", count: 4301)
        #expect((#expect(throws: WireError.self) { try read(digits) })?.code == .limitExceeded)
        #expect(throws: Never.self) { try read(String(digits.dropFirst())) }
    }

    @Test("many keys, and many of them twice, take linear time")
    func manyKeys() throws {
        let members = (0..<20_000).map { "\"k\($0 % 15_000)\": \($0)" }.joined(separator: ",")
        let object = try #require(try read("{\(members)}").objectValue)
        #expect(object.count == 15_000)
        #expect(object.members[3].value == 15_003)
        let again = try read("{\(members)}")
        #expect(again == .object(object))
    }
}
