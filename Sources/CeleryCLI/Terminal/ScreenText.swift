//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Text from anywhere, made fit for a screen: nothing in it moves the cursor, changes colours or turns the direction of
/// writing, and its width is known.
///
/// Terminals disagree about characters that are joined from several; those are shown as their parts.
enum ScreenText {
    /// The text with control characters written out: `\n`, `\x1b`.
    static func clean(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) { return text }
        var result = ""
        for scalar in text.unicodeScalars { _ = append(scalar, to: &result) }
        return result
    }

    /// The same, but for the ends of lines.
    static func cleanLines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { clean(String($0)) }.joined(separator: "\n")
    }

    /// Columns that clean text takes.
    static func width(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + width($1) } }

    /// Whether the text, cleaned, takes more columns than that.
    static func exceeds(_ text: String, _ columns: Int) -> Bool {
        var (clean, used) = ("", 0)
        for scalar in text.unicodeScalars {
            used += append(scalar, to: &clean)
            if used > columns { return true }
        }
        return false
    }

    /// The text cleaned and cut to so many columns, with the ellipsis where something is left out.
    ///
    /// - Parameter pads: Whether spaces fill the rest.
    static func fit(_ text: String, _ columns: Int, pads: Bool = false, ellipsis: String = "...") -> String {
        guard columns > 0 else { return "" }
        let hasRoom = columns > ellipsis.utf8.count
        let room = hasRoom ? columns - ellipsis.utf8.count : columns
        var (result, used) = ("", 0)
        // What stays when the ellipsis is needed.
        var (kept, keptWidth) = (0, 0)
        var isCut = false
        // Marks that take no column are not let in without end.
        for scalar in text.unicodeScalars.prefix(columns * 8 + 64) {
            used += append(scalar, to: &result)
            if used > columns {
                isCut = true
                break
            }
            if used <= room { (kept, keptWidth) = (result.utf8.count, used) }
        }
        if isCut {
            result = String(decoding: result.utf8.prefix(kept), as: UTF8.self)
            used = keptWidth
            if hasRoom {
                result += ellipsis
                used += ellipsis.utf8.count
            }
        }
        return pads ? result + String(repeating: " ", count: max(0, columns - used)) : result
    }

    /// Lines of at most so many columns, of text that may have lines itself. Cleaned.
    ///
    /// - Parameter limit: So many at most.
    static func wrap(_ text: String, _ columns: Int, limit: Int = 2000) -> [String] {
        guard columns > 0 else { return [] }
        var lines: [String] = []
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            guard lines.count < limit else { return lines + ["[...]"] }
            var (current, used) = ("", 0)
            for scalar in clean(String(line).replacing("\t", with: "    ")).unicodeScalars {
                let added = Self.width(scalar)
                if used + added > columns, used > 0 {
                    lines.append(current)
                    (current, used) = ("", 0)
                    guard lines.count < limit else { return lines + ["[...]"] }
                }
                current.unicodeScalars.append(scalar)
                used += added
            }
            lines.append(current)
        }
        return lines
    }

    /// Returns the columns that were added.
    private static func append(_ scalar: Unicode.Scalar, to text: inout String) -> Int {
        if scalar.value < 0x20 || scalar.value >= 0x7f, let escape = escape(scalar) {
            text += escape
            return escape.utf8.count
        }
        guard !isLeftOut(scalar) else { return 0 }
        let shown = scalar.properties.generalCategory == .unassigned ? "\u{FFFD}" : scalar
        text.unicodeScalars.append(shown)
        return width(shown)
    }

    /// What only joins or varies its neighbours: widths differ with them.
    private static func isLeftOut(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xad, 0x200b...0x200d, 0xfe00...0xfe0f, 0xfeff, 0x1f3fb...0x1f3ff, 0xe0000...0xe0fff: true
        default: false
        }
    }

    /// How a character is written out that is a command: to the terminal, or to the direction of writing. Nil for others.
    private static func escape(_ scalar: Unicode.Scalar) -> String? {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: break
        case .format where !isLeftOut(scalar): break
        default: return nil
        }
        return switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: scalar.value < 0x100 ? "\\x" + hex(scalar.value, 2) : "\\u" + hex(scalar.value, 4)
        }
    }

    private static func hex(_ value: UInt32, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        if value < 0x300 { return 1 }
        // The vowels and ends of Hangul syllables are drawn into their beginning.
        if (0x1160...0x11ff).contains(value) { return 0 }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        if properties.isEmojiPresentation { return (0x1f1e6...0x1f1ff).contains(value) ? 1 : 2 }
        return wide.contains { $0.contains(value) } ? 2 : 1
    }

    /// What Unicode's table of East Asian widths has as wide or full, but for emoji.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115f, 0x2329...0x232a, 0x2e80...0x303e, 0x3041...0x3247, 0x3250...0x4dbf, 0x4e00...0xa4cf,
        0xa960...0xa97c,
        0xac00...0xd7a3, 0xf900...0xfaff, 0xfe10...0xfe19, 0xfe30...0xfe6b, 0xff01...0xff60, 0xffe0...0xffe6,
        0x16fe0...0x18d08, 0x1aff0...0x1b2fb, 0x1f200...0x1f265, 0x20000...0x3fffd,
    ]
}
