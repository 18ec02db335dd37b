//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

@testable import CeleryCLI

/// `celery events` in a real terminal, on the embedded broker.
@Suite("The screen of events in a terminal", .serialized, .timeLimit(.minutes(5)))
struct EventsScreenProcessTests {
    /// A broker in a folder, perhaps with a worker.
    private struct Place {
        let directory: TemporaryDirectory
        let globals: [String]

        init() throws {
            directory = try TemporaryDirectory("screen")
            let store = "sqlite:///\(directory.path("celery.sqlite"))"
            globals = ["-b", store, "--result-backend", store]
        }

        func screen(_ globals: [String] = [], columns: Int = 80, rows: Int = 24) throws -> PseudoTerminal {
            try PseudoTerminal(
                "CLITestApp",
                self.globals + globals + ["events"],
                // On a terminal Swift would ask what to do about a crash.
                environment: ["SWIFT_BACKTRACE": "enable=no"],
                directory: directory.url,
                columns: columns,
                rows: rows,
                keeping: self.directory
            )
        }

        func withWorker(_ body: () async throws -> Void) async throws {
            let worker = try ToolProcess(
                "CLITestApp",
                globals + ["worker", "-E", "-P", "async", "-c", "2", "-n", "w1@test", "-l", "INFO"],
                directory: directory.url
            )
            try await worker.prints("w1@test ready.")
            do { try await body() } catch {
                worker.signal(SIGKILL)
                throw error
            }
            worker.signal(SIGTERM)
            #expect(try await worker.outcome().code == 0)
        }

        func call(_ arguments: [String], environment: [String: String] = [:]) async throws {
            let outcome = try await ToolProcess.run(
                "CLITestApp",
                globals + ["call"] + arguments,
                environment: environment,
                directory: directory.url
            )
            #expect(outcome.code == 0, "\(outcome.errors)")
        }
    }

    /// What a terminal has to be like afterwards.
    private func expectGivenBack(_ terminal: PseudoTerminal, _ before: [UInt32]) {
        let emulator = terminal.emulator
        #expect(!emulator.isAlternate && emulator.showsCursor && emulator.wraps)
        #expect(terminal.attributes == before)
        #expect(emulator.unknown == [])
    }

    @Test("It shows tasks as they run, and the keys do what they say")
    func keys() async throws {
        let place = try Place()
        try await place.withWorker { () async throws -> Void in
            let terminal = try place.screen()
            let before = terminal.before
            try await terminal.shows("Workers online: w1@test")
            #expect(terminal.attributes != before && terminal.emulator.isAlternate)
            try await place.call(["clitest.add", "-a", "[2, 3]"])
            try await terminal.shows("a row") { screen in
                screen.lines.contains { $0.contains("clitest.add") && $0.hasSuffix("SUCCESS") }
            }
            try terminal.type("j")
            try await terminal.shows("> ")
            try await terminal.shows("Selected: args=(2, 3) kwargs={} retries=0 result=5 runtime=0.0")
            try terminal.type("i")
            let info = try await terminal.shows("Task details for ")
            #expect(info.text.contains("result: 5\n") && info.text.contains("worker: w1@test\n"))
            try terminal.type("x")
            try await terminal.shows("Keys: ")
            try terminal.type("t")
            try await terminal.shows("a bell") { $0.bells == 1 }
            try terminal.type("r")
            try await terminal.shows("Press any key to continue...")
            try terminal.type("\u{1B}")
            try await terminal.shows("Keys: ")
            try terminal.type("c")
            try await terminal.shows("? (y/n)")
            try terminal.type("y")
            try await terminal.shows("Remote Control Command Replies\n\nw1@test: task")
            try terminal.type(" q")
            try await terminal.shows("Keys: ")
            try terminal.type("l")
            try await terminal.shows("New rate limit: _")
            try terminal.type("10/m\r")
            try await terminal.shows("w1@test: new rate limit set successfully")
            try terminal.type("q")
            try await terminal.shows("Keys: ")
            try terminal.type("q")
            #expect(try await terminal.exitCode() == 0)
            expectGivenBack(terminal, before)
        }
    }

    @Test("A name with commands for a terminal is shown as what it is, at 200 columns and without colours")
    func injection() async throws {
        let place = try Place()
        let terminal = try place.screen(["-C"], columns: 200, rows: 30)
        let before = terminal.before
        try await terminal.shows("No workers discovered.")
        try await place.call(
            ["evil\u{1B}[2J\u{1B}]0;owned\u{7}日本", "-a", #"["\u001b[31m\n"]"#],
            environment: ["CELERY_TASK_SEND_SENT_EVENT": "1"]
        )
        let screen = try await terminal.shows(#"evil\x1b[2J\x1b]0;owned\x07日本"#)
        #expect(screen.bells == 0 && screen.lines.first?.hasPrefix("celery events swift-celery") == true)
        // The only command of colours is the one that takes them all back.
        let colours = terminal.output.matches(of: try Regex("\u{1B}\\[[0-9;]*m"))
            .map { String(terminal.output[$0.range]) }
        #expect(Set(colours) == ["\u{1B}[0m"] && !terminal.output.contains("\u{1B}]"))
        #expect(screen.lines.count == 30 && screen.lines[1].contains("STATE"))
        terminal.resize(columns: 40, rows: 8)
        try await terminal.shows("a narrow screen") {
            $0.columns == 40 && $0.lines[0].contains("TASK") && $0.lines[7].contains("Keys")
        }
        try terminal.type("\u{3}")
        #expect(try await terminal.exitCode() == 0)
        expectGivenBack(terminal, before)
    }

    @Test(
        "However it ends, the terminal is given back",
        arguments: [
            (SIGTERM, 0), (SIGINT, 0), (SIGHUP, 0), (SIGQUIT, 0), (SIGABRT, 128 + SIGABRT), (SIGSEGV, 128 + SIGSEGV),
        ]
            as [(Int32, Int32)]
    )
    func endings(signal: Int32, code: Int32) async throws {
        let terminal = try Place().screen()
        let before = terminal.before
        try await terminal.shows("Keys: ")
        terminal.signal(signal)
        #expect(try await terminal.exitCode() == code)
        expectGivenBack(terminal, before)
    }

    @Test("Stopped and continued from outside it draws itself anew, and Ctrl+Z without a shell stops nothing")
    func continued() async throws {
        let terminal = try Place().screen()
        let before = terminal.before
        try await terminal.shows("Keys: ")
        let raw = terminal.attributes
        terminal.signal(SIGSTOP)
        terminal.signal(SIGCONT)
        try await terminal.shows("the screen") { _ in terminal.output.ranges(of: "?1049h").count == 2 }
        try terminal.type("\u{1a}")
        try await terminal.shows("the screen") { _ in terminal.output.ranges(of: "?1049h").count == 3 }
        try await terminal.shows("Keys: ")
        #expect(terminal.attributes == raw)
        try terminal.type("q")
        #expect(try await terminal.exitCode() == 0)
        expectGivenBack(terminal, before)
    }

    @Test("Ctrl+Z gives the terminal to the shell, fg takes it again", .enabled(if: TestPrograms.find("bash") != nil))
    func suspended() async throws {
        let place = try Place()
        let bash = try #require(TestPrograms.find("bash"))
        let terminal = try PseudoTerminal(
            bash,
            ["--norc", "--noprofile", "--noediting", "-i"],
            environment: ["PS1": "ready> ", "HISTFILE": "/dev/null"],
            directory: place.directory.url
        )
        try await terminal.shows("ready>")
        // The shell's own.
        let before = terminal.attributes
        let program = TestPrograms.products.appendingPathComponent("CLITestApp").path
        try terminal.type("\(program) \(place.globals.joined(separator: " ")) events\n")
        try await terminal.shows("Keys: ") { $0.isAlternate && $0.text.contains("Keys: ") }
        try terminal.type("\u{1a}")
        try await terminal.shows("Stopped") { !$0.isAlternate && $0.text.contains("Stopped") }
        try await terminal.shows("the shell's attributes") { _ in terminal.attributes == before }
        #expect(terminal.emulator.showsCursor)
        try terminal.type("fg\n")
        try await terminal.shows("Keys: ") { $0.isAlternate && $0.text.contains("Keys: ") }
        try terminal.type("q")
        try await terminal.shows("the shell") { !$0.isAlternate }
        try terminal.type("echo done $?\n")
        try await terminal.shows("done 0")
        expectGivenBack(terminal, before)
        try terminal.type("exit\n")
        #expect(try await terminal.exitCode() == 0)
    }

    @Test("A terminal that cannot move its cursor is refused, with the way out", arguments: ["dumb", ""])
    func dumb(term: String) async throws {
        let terminal = try PseudoTerminal(
            "CLITestApp",
            ["-b", "memory://", "events"],
            environment: ["TERM": term],
            directory: FileManager.default.temporaryDirectory
        )
        #expect(try await terminal.exitCode() == 64)
        #expect(terminal.emulator.text.contains("--dump prints events"))
        #expect(!terminal.output.contains("\u{1B}"))
    }

    @Test("A broker that cannot be used is an error on the usual screen")
    func noBroker() async throws {
        let terminal = try PseudoTerminal(
            "CLITestApp",
            ["-b", "redis://127.0.0.1:1/0", "events"],
            directory: FileManager.default.temporaryDirectory
        )
        let before = terminal.before
        #expect(try await terminal.exitCode() == 69)
        #expect(terminal.emulator.text.contains("Error: "), "\(terminal.output)")
        expectGivenBack(terminal, before)
    }
}
