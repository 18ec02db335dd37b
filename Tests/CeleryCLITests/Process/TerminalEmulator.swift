//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

@testable import CeleryCLI

/// What a terminal shows after some output: as much of one as the command line uses.
struct TerminalEmulator {
    private(set) var columns: Int
    private(set) var rows: Int
    private(set) var isAlternate = false
    private(set) var showsCursor = true
    private(set) var wraps = true
    private(set) var bells = 0
    /// Sequences that it does not know.
    private(set) var unknown: [String] = []

    private var normal: [[Character]]
    private var alternate: [[Character]]
    private var row = 0
    private var column = 0
    private var saved = (row: 0, column: 0)
    private var pending: [UInt8] = []

    init(columns: Int, rows: Int) {
        (self.columns, self.rows) = (columns, rows)
        normal = Self.blank(columns, rows)
        alternate = normal
    }

    private static func blank(_ columns: Int, _ rows: Int) -> [[Character]] {
        Array(repeating: Array(repeating: " ", count: columns), count: rows)
    }

    /// The visible lines, without spaces at their ends.
    var lines: [String] {
        (isAlternate ? alternate : normal)
            .map { cells in
                var line = cells.filter { $0 != "\0" }
                while line.last == " " { line.removeLast() }
                return String(line)
            }
    }

    var text: String { lines.joined(separator: "\n") }

    mutating func resize(columns: Int, rows: Int) {
        (self.columns, self.rows) = (columns, rows)
        (normal, alternate) = (Self.blank(columns, rows), Self.blank(columns, rows))
        (row, column) = (0, 0)
    }

    mutating func take(_ bytes: some Sequence<UInt8>) {
        pending += bytes
        while let count = step() { pending.removeFirst(count) }
    }

    /// Does what the first bytes say; returns how many they are, nil when there are too few.
    private mutating func step() -> Int? {
        guard let byte = pending.first else { return nil }
        switch byte {
        case 0x1b: return sequence()
        case 0x07: bells += 1
        case 0x08: column = max(0, column - 1)
        case 0x0d: column = 0
        case 0x0a: lineFeed()
        case ..<0x20: break
        default:
            let count = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
            guard pending.count >= count else { return nil }
            for scalar in String(decoding: pending[..<count], as: UTF8.self).unicodeScalars { put(Character(scalar)) }
            return count
        }
        return 1
    }

    private mutating func lineFeed() {
        if row < rows - 1 {
            row += 1
            return
        }
        if isAlternate { return }
        normal.removeFirst()
        normal.append(Array(repeating: " ", count: columns))
    }

    private mutating func put(_ character: Character) {
        let width = ScreenText.width(String(character))
        guard width > 0 else { return }
        if column + width > columns {
            guard wraps else { return }
            column = 0
            lineFeed()
        }
        set(character, row, column)
        if width == 2 { set("\0", row, column + 1) }
        column += width
    }

    private mutating func set(_ character: Character, _ row: Int, _ column: Int) {
        guard row < rows, column < columns else { return }
        if isAlternate { alternate[row][column] = character } else { normal[row][column] = character }
    }

    private mutating func sequence() -> Int? {
        guard pending.count > 1 else { return nil }
        guard pending[1] == UInt8(ascii: "[") else {
            // Titles and the like: up to BEL.
            guard pending[1] == UInt8(ascii: "]") else { return 2 }
            return pending.firstIndex(of: 0x07).map { $0 + 1 }
        }
        guard let end = pending.indices.dropFirst(2).first(where: { (0x40...0x7e).contains(pending[$0]) }) else {
            return nil
        }
        let text = String(decoding: pending[2..<end], as: UTF8.self)
        command(Character(UnicodeScalar(pending[end])), text)
        return end + 1
    }

    private mutating func command(_ letter: Character, _ text: String) {
        let numbers = text.split(separator: ";").map { Int($0) ?? 0 }
        switch (letter, text) {
        case ("m", _): break
        case ("H", _):
            row = min(rows, max(1, numbers.first ?? 1)) - 1
            column = min(columns, max(1, numbers.count > 1 ? numbers[1] : 1)) - 1
        case ("J", "2"):
            if isAlternate { alternate = Self.blank(columns, rows) } else { normal = Self.blank(columns, rows) }
        case ("K", "2"): for column in 0..<columns { set(" ", row, column) }
        case ("h", "?1049"):
            if !isAlternate { saved = (row, column) }
            (isAlternate, alternate) = (true, Self.blank(columns, rows))
        case ("l", "?1049"):
            if isAlternate { (row, column) = saved }
            isAlternate = false
        case ("h", "?25"): showsCursor = true
        case ("l", "?25"): showsCursor = false
        case ("h", "?7"): wraps = true
        case ("l", "?7"): wraps = false
        default: unknown.append(text + String(letter))
        }
    }
}
