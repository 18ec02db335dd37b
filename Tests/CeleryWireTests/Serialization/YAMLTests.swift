//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if YAML
import CeleryWire
import CeleryYAML
import Testing

@Suite("YAML")
struct YAMLTests {
    private func load(_ text: String, _ limits: WireLimits = .standard) throws -> CeleryValue {
        try YAMLSerializer().decodeValue(Array(text.utf8), limits: limits)
    }

    @Test(
        "scalars are what Python's safe_load makes of them",
        arguments: [
            ("", nil), ("~", nil), ("null", nil), ("yes", true), ("Off", false), ("y", "y"), ("12", 12), ("-0", 0),
            ("0o17", "0o17"), ("017", 15), ("018", "018"), ("0x1F", 31), ("0b101", 5), ("1_000", 1000),
            ("190:20:30", 685_230),
            ("99999999999999999999", .bigInteger("99999999999999999999")), ("1.5", 1.5), ("1e5", "1e5"),
            ("1.0e5", "1.0e5"),
            ("1.0e+5", 100_000.0), (".5", 0.5), ("+.5", "+.5"), ("1.", 1.0), (".inf", .double(.infinity)),
            ("-.INF", .double(-.infinity)),
            ("190:20:30.15", 685_230.15), ("2030-01-02", .date("2030-01-02")), ("2030-1-2", "2030-1-2"),
            ("2030-01-02 03:04:05", .datetime("2030-01-02T03:04:05")),
            ("2030-01-02t03:04:05.25Z", .datetime("2030-01-02T03:04:05.250000+00:00")),
            ("2001-12-14 21:59:43.10 -5", .datetime("2001-12-14T21:59:43.100000-05:00")), ("2030-13-02", "2030-13-02"),
            ("'12'", "12"), ("\"a\\u00e9\\x41\"", "aéA"), ("! 12", "12"), ("!!str 12", "12"), ("!!int '12'", 12),
            ("!!float '1.5'", 1.5),
            ("!!binary /wD+", .bytes([0xFF, 0, 0xFE])), ("|\n  a\n  b\n", "a\nb\n"), ("=", "="), ("1:60", "1:60"),
            ("-", [nil]),
        ] as [(String, CeleryValue)]
    )
    func scalars(_ text: String, _ value: CeleryValue) throws { #expect(try load(text) == value, "\(text)") }

    @Test("collections, keys of other types, merges and aliases")
    func collections() throws {
        #expect(try load("- 1\n- a: [x, {b: null}]\n") == [1, ["a": ["x", ["b": nil]]]])
        #expect(
            try load("{1: a, true: b, null: c, 2.5: d, a: 1, a: 2}") == [
                "1": "a", "true": "b", "null": "c", "2.5": "d", "a": 2,
            ]
        )
        #expect(
            try load("a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\nc: *x\n")
                == ["a": ["k": 1, "l": 2], "b": ["k": 3, "l": 2], "c": ["k": 1, "l": 2]]
        )
        #expect(
            try load("[&a {k: 1}, &b {k: 2, m: 3}, {<<: [*a, *b]}]")
                == [["k": 1], ["k": 2, "m": 3], ["k": 1, "m": 3]]
        )
    }

    @Test(
        "what safe_load refuses is malformed",
        arguments: [
            "!!python/object/apply:os.system ['id']", "!!python/name:os.system", "!custom 1", "!!set {a}", "*a",
            "&a [*a]", "[1", "a: b: c",
            "--- 1\n--- 2\n", "{[1]: 2}", "\"\\q\"", "\u{1}", "!!int x", "!!binary x", "!<tag:x> 1", "<<: 1", "@a",
            "%x",
        ]
    )
    func refused(_ text: String) {
        let error = #expect(throws: WireError.self) { try load(text) }
        #expect(error?.code == .malformed, "\(text)")
    }

    @Test("aliases, depth, digits and expansion are limited before they are built")
    func limits() {
        func code(_ text: String, _ limits: WireLimits = .standard) -> WireError.Code? {
            (#expect(throws: WireError.self) { try load(text, limits) })?.code
        }
        #expect(code("[&a 1, " + Array(repeating: "*a", count: 101).joined(separator: ", ") + "]") == .limitExceeded)
        #expect(code(String(repeating: "[", count: 129) + String(repeating: "]", count: 129)) == .limitExceeded)
        #expect(code(String(repeating: "- ", count: 5000)) == .limitExceeded)
        #expect(code(String(repeating: "[", count: 200_000)) == .limitExceeded)
        #expect(code(String(repeating: "? ", count: 50_000)) == .limitExceeded)
        #expect(code(String(repeating: "7", count: 4301)) == .limitExceeded)
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 {
            let alias = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            bomb += "a\(level): &a\(level) [\(alias)]\n"
        }
        #expect(code(bomb) == .limitExceeded)
        #expect(code(bomb, WireLimits(yamlAliases: 1000)) == .limitExceeded)
        let keys = "[&a [1], &b [*a, *a], &c [*b, *b], {? *c : 1}]"
        #expect(code(keys) == .malformed)
    }

    @Test("what is written comes back")
    func roundTrip() throws {
        let values: [CeleryValue] = [
            nil, true, -5, .int(.min), .bigInteger("123456789012345678901234567890"), 1.0, 1e16, 1e-7,
            .double(.infinity), .double(.leastNonzeroMagnitude),
            "", "yes", "12", "1.5", "null", "2030-01-02", "é \u{1F600}\u{0}\u{7F}\u{85}\n\t\"\\ # : - [",
            .bytes([0xFF, 0]), .datetime("2030-01-02T03:04:05.678900+05:30"), .datetime("2030-01-02T03:04:05"),
            .date("2030-01-02"), .time("03:04:05"),
            .decimal("1.10"), .uuid("7b6dd2ab05ec4b1c9c4b0a9d7b4f1c11"), [], [:], [[1], ["a": [nil]]],
            .object(["k: \"x\"": 1, "": 2]), .object([String(repeating: "long ", count: 400): [1]]),
        ]
        for value in values {
            let bytes = try YAMLSerializer().encode(value)
            #expect(try YAMLSerializer().decodeValue(bytes, limits: .standard) == value, "\(text(bytes))")
        }
    }

    @Test("the golden yaml message decodes")
    func golden() throws {
        let all = try GoldenTaskTests.golden("tasks-5.7.json")
        let golden = try #require(all.first { $0.name.contains("serializer_yaml") })
        let message = try Envelope.decode(Array(golden.envelope.utf8))
        let codec = WireCodec(serializers: [YAMLSerializer()], acceptContent: ["yaml"])
        let body = try codec.decodeBody(of: message)
        #expect(try body.arguments.map { try $0.value() } == [1, "hé", 2.5, nil, true, [1, ["a": -1]]])
    }
}
#endif
