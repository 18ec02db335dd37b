//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// The colours of a worker's banner and log in a real terminal.
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
}
