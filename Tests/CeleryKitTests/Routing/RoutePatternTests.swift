//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import Testing

@Suite struct RoutePatternTests {
    @Test(arguments: [
        ("proj.add", "proj.add", true), ("proj.add", "proj.addy", false), ("proj.*", "proj.a.b", true),
        ("proj.*", "proj", false), ("*.add", "x.add", true), ("*.add", "x.add_more", false), ("a?c", "abc", true),
        ("a?c", "ac", false), ("t[abc]", "tb", true), ("t[!abc]", "tb", false), ("t[!abc]", "tz", true),
        ("t[a-f]", "te", true), ("t[a-f]", "tg", false), ("t[]]", "t]", true), ("t[ab", "t[ab", true), ("*", "", true),
        ("", "", true), ("**a*", "bab", true), ("t[a-]", "t-", true), ("[é]?", "éx", true),
    ])
    func globsMatchTheWholeName(pattern: String, name: String, matches: Bool) {
        #expect(RoutePattern(pattern).matches(name) == matches)
    }

    @Test(arguments: [
        (#"proj\.(video|image)\..+"#, "proj.video.cut", true), (#"proj\.(video|image)\..+"#, "proj.feed.x", false),
        ("feed", "feed.import", true), ("feed", "a.feed", false),
    ])
    func aRegexMatchesAtTheBeginning(pattern: String, name: String, matches: Bool) throws {
        #expect(try RoutePattern.regex(pattern).matches(name) == matches)
    }

    @Test func aHostileGlobEndsSoon() {
        let name = String(repeating: "a", count: 5000)
        #expect(!RoutePattern("*a*a*a*a*a*a*a*b").matches(name))
    }
}
