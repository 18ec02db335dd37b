//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import Foundation
import ServiceTestSupport
import Testing

@testable import CeleryCLI

/// The colours of a worker's banner and log, of the screen of events and of help, in a real terminal.
@Suite("Colours in a terminal", .serialized, .timeLimit(.minutes(5)))
struct ColourProcessTests {
    /// Global options, environment, settings, and whether banner and log are coloured.
    @Test(
        "They are there in a terminal, and gone with -C and NO_COLOR; worker_log_color is about the log alone",
        arguments: [
            ([], [:], [], true, true), (["-C"], [:], [], false, false), ([], ["NO_COLOR": "1"], [], false, false),
            ([], ["TERM": "dumb"], [], false, false), ([], [:], ["worker_log_color=false"], true, false),
        ] as [([String], [String: String], [String], Bool, Bool)]
    )
    func colours(
        globals: [String],
        environment: [String: String],
        settings: [String],
        banner: Bool,
        log: Bool
    ) async throws {
        let directory = try TemporaryDirectory("colours")
        // The pool has something to warn of.
        let worker = ["worker", "-P", "solo", "-n", "w1@test", "-l", "INFO", "--max-tasks-per-child", "5"]
        let terminal = try PseudoTerminal(
            "CLITestApp",
            ["-b", "memory://"] + globals + worker + settings,
            // On a terminal Swift would ask what to do about a crash.
            environment: environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { own, _ in own },
            directory: directory.url,
            keeping: directory
        )
        try await terminal.shows("a ready worker") { _ in terminal.output.contains("w1@test ready.") }
        terminal.signal(SIGTERM)
        #expect(try await terminal.exitCode() == 0)
        let output = terminal.output
        #expect(output.contains("[\u{1B}[1;36mconfig\u{1B}[0m]") == banner, "\(output.debugDescription)")
        #expect(output.contains("\u{1B}[1;33mthe solo pool has no children") == log, "\(output.debugDescription)")
        #expect(output.contains("the solo pool has no children"))
        if !banner, !log { #expect(!output.contains("\u{1B}["), "\(output.debugDescription)") }
    }
    @Test(
        "The screen of events has them in a terminal, and none with -C and NO_COLOR",
        arguments: [([], [:], true), (["-C"], [:], false), ([], ["NO_COLOR": "1"], false)]
            as [([String], [String: String], Bool)],
        [80, 200]
    )
    func screen(look: ([String], [String: String], Bool), columns: Int) async throws {
        let (globals, environment, isColoured) = look
        let directory = try TemporaryDirectory("colours")
        let store = "sqlite:///\(directory.path("celery.sqlite"))"
        let terminal = try PseudoTerminal(
            "CLITestApp",
            ["-b", store, "--result-backend", store] + globals + ["events"],
            environment: environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { own, _ in own },
            directory: directory.url,
            columns: columns,
            keeping: directory
        )
        try await terminal.shows("No workers discovered.")
        try terminal.type("q")
        #expect(try await terminal.exitCode() == 0)
        let output = terminal.output
        for part in ["[34mcelery events", "[1;4m  ", "[1mKeys: ", "[2mj:down"] {
            #expect(output.contains("\u{1B}\(part)") == isColoured, "\(part): \(output.debugDescription)")
        }
    }

    @Test("Help is as wide as the terminal, and plain", arguments: [80, 200])
    func help(columns: Int) async throws {
        let directory = try TemporaryDirectory("colours")
        let terminal = try PseudoTerminal(
            "CLITestApp",
            ["events", "--help"],
            directory: directory.url,
            columns: columns,
            keeping: directory
        )
        #expect(try await terminal.exitCode() == 0)
        let shown = terminal.output.replacing("\r\n", with: "\n").split(separator: "\n")
        let page = CommandsOnly.helpMessage(for: EventsCommand.self, columns: columns)
        #expect(shown == page.split(separator: "\n"))
    }
}
