//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Columns of text, each as wide as its widest cell, but no wider together than the terminal.
struct TextTable {
    private static let gap = 2

    private let heads: [String]
    private var rows: [[String]] = []

    init(_ heads: String...) { self.heads = heads }

    mutating func add(_ cells: String...) { rows.append(cells) }

    /// For standard output.
    var text: String { text(columns: Terminal.outputColumns) }

    /// - Parameter columns: Of the terminal: cells are cleaned, and the widest of them cut. Nil where there is none: cells stay as
    ///   they are.
    func text(columns: Int?) -> String {
        let isTerminal = columns != nil
        // Cut no further than to its head, and to the line below that.
        let least = heads.map { max(ScreenText.width($0), 4) }
        var lines = [heads, least.map { String(repeating: "-", count: $0) }]
        for row in rows { lines.append(isTerminal ? row.map { ScreenText.clean($0) } : row) }
        var widths = least
        for line in lines {
            for (column, cell) in line.enumerated() { widths[column] = max(widths[column], ScreenText.width(cell)) }
        }
        if let columns { Self.narrow(&widths, to: columns - Self.gap * (widths.count - 1), least: least) }
        return lines.map { Self.row($0, widths, isCut: isTerminal) }.joined(separator: "\n")
    }

    /// Takes from the widest, column by column.
    private static func narrow(_ widths: inout [Int], to room: Int, least: [Int]) {
        // One alone may fill the room, so that what is far too wide is narrowed in one step.
        for column in widths.indices { widths[column] = max(least[column], min(widths[column], room)) }
        while widths.reduce(0, +) > room {
            let narrowable = widths.indices.filter { widths[$0] > least[$0] }
            guard let widest = narrowable.max(by: { widths[$0] < widths[$1] }) else { return }
            widths[widest] -= 1
        }
    }

    private static func row(_ cells: [String], _ widths: [Int], isCut: Bool) -> String {
        var line = ""
        for (column, cell) in cells.enumerated() {
            let text = isCut ? ScreenText.fit(cell, widths[column]) : cell
            line += text
            guard column < cells.count - 1 else { break }
            line += String(repeating: " ", count: max(0, widths[column] - ScreenText.width(text)) + gap)
        }
        return line
    }
}
