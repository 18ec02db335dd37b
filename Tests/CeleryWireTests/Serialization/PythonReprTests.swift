//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWire

@Suite("Python's repr")
struct PythonReprTests {
    @Test(
        "of single values",
        arguments: [
            (nil, "None"), (true, "True"), (-1, "-1"),
            (.bigInteger("9999999999999999999999"), "9999999999999999999999"),
            (1.0, "1.0"), (1e22, "1e+22"), (.double(.nan), "nan"), (.double(-.infinity), "-inf"), ("it", "'it'"),
            ("it's", "\"it's\""), ("a'b\"c", "'a\\'b\"c'"),
            ("tab\t\n\\ é\u{2028}\u{7F}\u{1F600}", "'tab\\t\\n\\\\ é\\u2028\\x7f\u{1F600}'"),
            ("\u{E000}\u{10FFFF}\u{AD}\u{A0}", "'\\ue000\\U0010ffff\\xad\\xa0'"),
            (.bytes([0xFF, 0, 0x61, 0x27]), "b\"\\xff\\x00a'\""), ([], "[]"), ([1, [2.5]], "[1, [2.5]]"),
            (["a": ["b": nil]], "{'a': {'b': None}}"),
            (.datetime("2030-01-02T03:04:05"), "datetime.datetime(2030, 1, 2, 3, 4, 5)"),
            (
                .datetime("2030-01-02T03:04:00+00:00"),
                "datetime.datetime(2030, 1, 2, 3, 4, tzinfo=datetime.timezone.utc)"
            ),
            (
                .datetime("2030-01-02T03:04:05.5-08:00"),
                "datetime.datetime(2030, 1, 2, 3, 4, 5, 500000, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=57600)))"
            ),
            (.date("2030-01-02"), "datetime.date(2030, 1, 2)"), (.time("03:04:05.000006"), "datetime.time(3, 4, 5, 6)"),
            (.decimal("1.10"), "Decimal('1.10')"),
            (.uuid("7b6dd2ab05ec4b1c9c4b0a9d7b4f1c11"), "UUID('7b6dd2ab-05ec-4b1c-9c4b-0a9d7b4f1c11')"),
        ] as [(CeleryValue, String)]
    )
    func describes(_ value: CeleryValue, _ expected: String) { #expect(PythonRepr.describe(value) == expected) }

    @Test("of arguments is that of a tuple, three levels deep, text unescaped")
    func arguments() {
        func shown(_ values: [CeleryValue], _ length: Int = 1024) -> String {
            PythonRepr.arguments(values.map { EncodedValue($0) }, maxLength: length)
        }
        #expect(shown([]) == "()")
        #expect(shown([1]) == "(1,)")
        #expect(shown([1, "it's\n"]) == "(1, 'it\\'s\n')")
        #expect(shown([[[[1]]]]) == "([[[...]]],)")
        #expect(shown([["a": ["b": [1]]]]) == "({'a': {'b': [...]}},)")
        #expect(shown([.bytes([0xFF])]) == "(b'ff',)")
        #expect(shown([[1, 2, 3, 4]], 5) == "([1, , ...],)")
        #expect(shown([.string(String(repeating: "x", count: 30))], 10) == "('xxxxxxxxx...',)")
        #expect(shown(["aaa bbb ccc"], 10) == "('aaa bbb...',)")
        #expect(PythonRepr.keywords([.init("k", EncodedValue("v"))]) == "{'k': 'v'}")
    }

    @Test("an exception reads as in Python")
    func exceptions() {
        #expect(ExceptionInfo(type: "ValueError", arguments: ["boom", 1]).repr == "ValueError('boom', 1)")
        #expect(ExceptionInfo(type: "E", arguments: ["boom"]).message == "boom")
    }
}
