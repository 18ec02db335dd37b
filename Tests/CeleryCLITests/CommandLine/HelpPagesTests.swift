//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import Testing

@testable import CeleryCLI

@Suite struct HelpPagesTests {
    static let pages: [any ParsableCommand.Type] =
        RootCommand.commands + [
            ListBindingsCommand.self, DeadListCommand.self, DeadShowCommand.self, DeadReplayCommand.self,
            DeadPurgeCommand.self, GraphWorkflowCommand.self, GraphWorkersCommand.self,
        ]

    private static func texts(columns: Int) -> [(name: String, text: String)] {
        var texts = [(name: "celery", text: RootCommand.helpMessage(columns: columns))]
        for page in pages {
            texts.append((name: page._commandName, text: CommandsOnly.helpMessage(for: page, columns: columns)))
        }
        return texts
    }

    @Test(arguments: [80, 200]) func everyPageFitsTheTerminal(columns: Int) {
        for (name, text) in Self.texts(columns: columns) {
            #expect(text.contains("USAGE: celery"), "\(name)")
            for line in text.split(separator: "\n") { #expect(line.count <= columns, "\(name): \(line)") }
        }
    }

    @Test func theSectionsOfEveryPageAreThereAndInOrder() {
        // Of those with a title of their own: between the two.
        let order = ["OVERVIEW", "USAGE", "ARGUMENTS", nil, "OPTIONS", "SUBCOMMANDS"]
        for (name, text) in Self.texts(columns: 80) {
            let heads = text.split(separator: "\n").compactMap { $0.prefixMatch(of: /([A-Z][A-Z ]+):/)?.output.1 }
            let places = heads.map { head in order.firstIndex { $0 == String(head) } ?? 3 }
            #expect(places == places.sorted(), "\(name): \(heads)")
            #expect(places.starts(with: [0, 1]) && places.contains(4), "\(name): \(heads)")
        }
    }

    /// The width decides where lines end, and nothing else.
    @Test func noDescriptionIsCut() {
        for (narrow, wide) in zip(Self.texts(columns: 80), Self.texts(columns: 4000)) {
            let words = [narrow.text, wide.text].map { $0.split(whereSeparator: \.isWhitespace) }
            #expect(words[0] == words[1], "\(narrow.name)")
        }
    }

    /// Where lines are long enough, a description stands behind its option, or in the line below a long one.
    @Test func nothingIsWithoutADescription() {
        let label = /(?:-{1,2}[\w-]+(?:, -{1,2}[\w-]+)*(?: <[^>]+>)?|<[^>]+>|[a-z]+(?: \(default\))?)/
        for (name, text) in Self.texts(columns: 4000) {
            guard let usage = text.firstRange(of: "USAGE: ") else { continue }
            let lines = text[usage.lowerBound...].split(separator: "\n", omittingEmptySubsequences: false)
            var count = 0
            for (line, next) in zip(lines, lines.dropFirst()) where line.hasPrefix("  ") {
                guard let end = line.dropFirst(2).prefixMatch(of: label)?.range.upperBound else { continue }
                count += 1
                let isBelow = next.hasPrefix(String(repeating: " ", count: 26))
                let isBeside = line[end...].contains { $0 != " " }
                #expect(isBelow || isBeside, "\(name): \(line)")
            }
            #expect(count > 0, "\(name)")
        }
    }

    @Test func everyCommandAndOptionIsExplained() {
        for page in Self.pages {
            #expect(!page.configuration.abstract.isEmpty)
            #expect(page.configuration.abstract.hasSuffix("."))
        }
    }
}
