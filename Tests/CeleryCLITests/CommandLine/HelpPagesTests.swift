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

    @Test(arguments: [80, 200]) func everyPageFitsTheTerminal(columns: Int) {
        var texts = [("celery", RootCommand.helpMessage(columns: columns))]
        for page in Self.pages {
            texts.append((page._commandName, CommandsOnly.helpMessage(for: page, columns: columns)))
        }
        for (name, text) in texts {
            #expect(text.contains("USAGE: celery"), "\(name)")
            for line in text.split(separator: "\n") { #expect(line.count <= columns, "\(name): \(line)") }
        }
    }

    @Test func everyCommandAndOptionIsExplained() {
        for page in Self.pages {
            #expect(!page.configuration.abstract.isEmpty)
            #expect(page.configuration.abstract.hasSuffix("."))
        }
    }
}
