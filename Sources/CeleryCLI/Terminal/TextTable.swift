//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// Columns of text, each as wide as its widest cell.
struct TextTable {
    private var rows: [[String]]

    init(_ heads: String...) {
        rows = [heads, heads.map { String(repeating: "-", count: max($0.count, 4)) }]
    }

    mutating func add(_ cells: String...) { rows.append(cells) }

    var text: String {
        let widths = rows.reduce(into: [Int](repeating: 0, count: rows[0].count)) { widths, row in
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        return
            rows.map { row in
                var line = ""
                for (column, cell) in row.enumerated() {
                    let isLast = column == row.count - 1
                    line += isLast ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
                }
                return line
            }
            .joined(separator: "\n")
    }
}
