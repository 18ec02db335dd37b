//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A line of a screen, in parts that look different.
struct StyledLine: Equatable {
    /// How a part looks, as numbers of ANSI's `SGR`; empty is plain.
    struct Style: Equatable, Sendable {
        var code: String

        static let plain = Style(code: "")
        static let bold = Style(code: "1")
        static let dim = Style(code: "2")
        static let underlined = Style(code: "1;4")
        static let reverse = Style(code: "7")

        static func colour(_ colour: Terminal.Colour) -> Style { Style(code: "\(colour.rawValue)") }

        /// Both together.
        func with(_ other: Style) -> Style {
            Style(code: [code, other.code].filter { !$0.isEmpty }.joined(separator: ";"))
        }
    }

    private var parts: [(text: String, style: Style)] = []

    init() {}

    init(_ text: String, _ style: Style = .plain) { add(text, style) }

    mutating func add(_ text: String, _ style: Style = .plain) { parts.append((text, style)) }

    /// The line in so many columns at most. Whatever its parts are: nothing but the colours of their styles commands the terminal.
    func text(width: Int, colour: Bool) -> String {
        var (result, left) = ("", width)
        for (part, style) in parts where left > 0 {
            let text = ScreenText.fit(part, left)
            left -= ScreenText.width(text)
            result += !colour || style == .plain || text.isEmpty ? text : "\u{1B}[\(style.code)m\(text)\u{1B}[0m"
        }
        return result
    }

    static func == (a: StyledLine, b: StyledLine) -> Bool {
        a.parts.count == b.parts.count
            && zip(a.parts, b.parts).allSatisfy { $0.text == $1.text && $0.style == $1.style }
    }
}
