//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryCLI

@Suite("Text from anywhere on a screen")
struct ScreenTextTests {
    @Test(
        "Commands to the terminal are written out, and joiners left out",
        arguments: [
            ("tasks.add", "tasks.add"), ("a\u{1B}[2Jb", "a\\x1b[2Jb"), ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{9b}31m", "\\x9b31m"),
            ("\u{7f}\u{0}", "\\x7f\\x00"), ("a\u{202e}b", "a\\u202eb"), ("a\u{2028}b", "a\\u2028b"),
            ("e\u{301}", "e\u{301}"), ("👩\u{200d}👧", "👩👧"), ("❤\u{fe0f}", "❤"), ("👍🏽", "👍"), ("日本", "日本"),
            ("a\u{ad}b\u{200b}c\u{feff}", "abc"), ("\u{e0041}", ""), ("\u{10ffff}", "\u{FFFD}"),
        ]
    )
    func clean(text: String, clean: String) {
        #expect(ScreenText.clean(text) == clean)
        #expect(ScreenText.clean(clean) == clean)
    }

    @Test(
        "Wide characters take two columns, marks none",
        arguments: [
            ("", 0), ("abc", 3), ("日本語", 6), ("ｆｕｌｌ", 8), ("e\u{301}", 1), ("👍", 2), ("🇩🇪", 2), ("한국", 4),
            ("ﾊﾝ", 2), ("❤", 1), ("é", 1), ("Ω", 1), ("⌚", 2), ("𠀀", 2), ("㉈", 1),
        ]
    )
    func width(text: String, width: Int) { #expect(ScreenText.width(text) == width) }

    @Test(
        "Text is cut by columns, never within a wide character",
        arguments: [
            ("abc", 5, "abc", "abc  "), ("abcdef", 6, "abcdef", "abcdef"), ("abcdefg", 6, "abc...", "abc..."),
            ("日本語文字", 10, "日本語文字", "日本語文字"), ("日本語文字x", 10, "日本語...", "日本語... "),
            ("日本語文字x", 9, "日本語...", "日本語..."), ("日本", 3, "日", "日 "), ("abc", 2, "ab", "ab"), ("abc", 0, "", ""),
            ("a\u{1B}[31mred", 6, "a...", "a...  "), ("a\u{1B}[31m", 5, "a...", "a... "),
        ] as [(String, Int, String, String)]
    )
    func fit(text: String, columns: Int, fitted: String, padded: String) {
        #expect(ScreenText.fit(text, columns) == fitted)
        #expect(ScreenText.fit(text, columns, pads: true) == padded)
    }

    @Test("A text of nothing but marks is not let in without end")
    func marks() {
        let text = "a" + String(repeating: "\u{301}", count: 100_000)
        #expect(ScreenText.fit(text, 10).utf8.count < 1000)
    }

    @Test("Lines are broken by columns and kept within a limit")
    func wrap() {
        #expect(ScreenText.wrap("abcdef\n\n日本語\tx\u{1B}", 4) == ["abcd", "ef", "", "日本", "語  ", "  x\\", "x1b"])
        #expect(ScreenText.wrap("a\nb\nc", 10, limit: 2) == ["a", "b", "[...]"])
        #expect(ScreenText.wrap(String(repeating: "x", count: 1000), 10, limit: 3).count == 4)
        #expect(ScreenText.wrap("日", 1) == ["日"])
        #expect(ScreenText.wrap("abc", 0) == [])
    }

    @Test("A styled line has colours only where they are wanted, and is never wider than it may be")
    func styled() {
        var line = StyledLine("ab", .bold)
        line.add("cd\u{1B}[5mx", .colour(.red))
        #expect(line.text(width: 20, colour: false) == "abcd\\x1b[5mx")
        #expect(line.text(width: 20, colour: true) == "\u{1B}[1mab\u{1B}[0m\u{1B}[31mcd\\x1b[5mx\u{1B}[0m")
        #expect(line.text(width: 7, colour: false) == "abcd...")
        #expect(line.text(width: 2, colour: true) == "\u{1B}[1mab\u{1B}[0m")
        #expect(StyledLine.Style.reverse.with(.colour(.green)).code == "7;32")
    }

    @Test("A frame writes what has changed, and nothing when nothing has")
    func frame() {
        var frame = ScreenFrame()
        let size = FullScreen.Size(columns: 10, rows: 3)
        #expect(frame.update(["a", "b"], size) == "\u{1B}[0m\u{1B}[2J\u{1B}[1;1H\u{1B}[2Ka\u{1B}[2;1H\u{1B}[2Kb")
        #expect(frame.update(["a", "b"], size) == "")
        #expect(frame.update(["a", "c"], size) == "\u{1B}[2;1H\u{1B}[2Kc")
        #expect(frame.update(["a"], size) == "\u{1B}[2;1H\u{1B}[2K")
        let other = FullScreen.Size(columns: 20, rows: 3)
        #expect(frame.update(["a"], other) == "\u{1B}[0m\u{1B}[2J\u{1B}[1;1H\u{1B}[2Ka")
    }
}
