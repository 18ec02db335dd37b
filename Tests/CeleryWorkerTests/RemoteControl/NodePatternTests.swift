//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWorker

@Suite("Patterns of node names")
struct NodePatternTests {
    @Test(
        "A glob matches as Python's fnmatch",
        arguments: [
            ("w*@host", true), ("*", true), ("w1@host", true), ("w?@host", true), ("[uvw]1@*", true),
            ("[a-z]1@host", true),
            ("[!a]1@host", true), ("*@*", true), ("w1*host", true), ("w", false), ("*w", false), ("", false),
            ("W1@host", false),
            ("[!w]1@host", false), ("w1@host?", false), ("[w", false), ("*x*", false), ("[]w]1@host", true),
        ]
    )
    func glob(pattern: String, matches: Bool) throws {
        #expect(try NodePattern.matches("w1@host", pattern, matcher: "glob") == matches)
    }

    @Test("Many stars take no time")
    func stars() throws {
        let name = String(repeating: "a", count: 200)
        #expect(try !NodePattern.matches(name, String(repeating: "a*", count: 100) + "b", matcher: "glob"))
    }

    @Test("A regular expression matches the beginning, and a broken one or another matcher is an error")
    func regex() throws {
        #expect(try NodePattern.matches("w1@host", "w\\d", matcher: "pcre"))
        #expect(try !NodePattern.matches("w1@host", "host", matcher: "pcre"))
        #expect(throws: (any Error).self) { try NodePattern.matches("w1", "(", matcher: "pcre") }
        #expect(throws: (any Error).self) { try NodePattern.matches("w1", "w", matcher: "sql") }
    }
}
