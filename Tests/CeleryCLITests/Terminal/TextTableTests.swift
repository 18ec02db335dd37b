//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryCLI

@Suite("Tables for a terminal")
struct TextTableTests {
    private let task = "proj.add[6bcd7440-f15f-47e5-9623-0c1e24fc7041]"
    private let queue = String(repeating: "q", count: 60)

    private var table: TextTable {
        var table = TextTable("No", "Task", "Queue")
        table.add("1", task, queue)
        table.add("12", "proj.mul", "a\u{1B}[31m\n")
        return table
    }

    private func lines(_ columns: Int?) -> [String] {
        table.text(columns: columns).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test("What is too wide for 80 columns is cut where it is widest, and no line is wider")
    func narrow() {
        let lines = lines(80)
        #expect(lines.count == 4)
        #expect(lines.map { ScreenText.width($0) }.max() == 80, "\(lines)")
        #expect(lines[2] == "1     \(task.prefix(33))...  \(queue.prefix(33))...")
        #expect(lines[3] == "12    proj.mul" + String(repeating: " ", count: 30) + "a\\x1b[31m\\n")
    }

    @Test("Where there is room nothing is cut, and nothing gives commands to the terminal")
    func wide() {
        let lines = lines(200)
        #expect(lines[0] == "No    Task" + String(repeating: " ", count: 44) + "Queue")
        #expect(lines[2] == "1     \(task)  \(queue)")
        #expect(lines[3].hasSuffix("a\\x1b[31m\\n"))
    }

    @Test("Heads are never cut, however narrow it is")
    func narrowest() {
        let lines = lines(5)
        #expect(lines[0] == "No    Task  Queue")
        #expect(lines[1] == "----  ----  -----")
        #expect(lines[2] == "1     p...  qq...")
    }

    @Test("What is piped is as it is: neither cut nor cleaned")
    func piped() {
        let text = table.text(columns: nil)
        #expect(text.contains(task) && text.contains(queue) && text.hasSuffix("a\u{1B}[31m\n"))
    }

    @Test("Columns are counted as a terminal draws them", arguments: [nil, 40])
    func wideCharacters(columns: Int?) {
        var table = TextTable("Name", "Value")
        table.add("日本語", "x")
        table.add("abc", "y")
        #expect(table.text(columns: columns) == "Name    Value\n----    -----\n日本語  x\nabc     y")
    }
}
