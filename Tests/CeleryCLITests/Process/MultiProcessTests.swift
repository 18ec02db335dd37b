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

/// `celery multi` with real workers, on the embedded broker.
@Suite("Several workers with celery multi", .serialized, .timeLimit(.minutes(10)))
struct MultiProcessTests {
    /// A folder with the broker and the nodes' files. Whatever is left there is killed at the end.
    private final class Place: Sendable {
        let directory: TemporaryDirectory
        let globals: [String]
        private let files = [
            "--pidfile=run/%n.pid", "--logfile=log/%n%I.log", "-P", "async", "-c", "1", "-l", "INFO", "-n", "h",
        ]

        init() throws {
            directory = try TemporaryDirectory("multi")
            let store = "sqlite:///\(directory.path("celery.sqlite"))"
            globals = ["-b", store, "--result-backend", store, "-C"]
        }

        deinit {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: directory.path("run"))) ?? [] {
                if case .running(let pid) = PIDFile.holder(of: directory.path("run/\(name)")) { kill(pid, SIGKILL) }
            }
        }

        func multi(
            _ command: String,
            _ words: [String],
            environment: [String: String] = [:],
            program: String = "CLITestApp",
            before: [String] = []
        ) async throws -> ToolProcess.Outcome {
            try await ToolProcess.run(
                program,
                before + globals + ["multi", command] + words + files,
                environment: environment,
                directory: directory.url
            )
        }

        func tool(_ words: [String]) async throws -> ToolProcess.Outcome {
            try await ToolProcess.run("celery", globals + words, directory: directory.url)
        }

        func pid(_ node: String) throws -> pid_t {
            try #require(PIDFile.processID(in: directory.path("run/\(node).pid")))
        }

        /// Who has the PID file now.
        func holder(_ node: String) -> PIDFile.Holder { PIDFile.holder(of: directory.path("run/\(node).pid")) }

        func ready(_ nodes: String...) async throws {
            for node in nodes { try await directory.holds("\(node)@h ready.", in: "log/\(node).log") }
        }
    }

    private static let splash = "celery multi v\(Version.current) (swift-celery)\n"

    @Test("start begins the nodes in the background, status sees them, stopwait ends them")
    func startAndStop() async throws {
        let place = try Place()
        let start = try await place.multi("start", ["2"])
        #expect(start.code == 0, "\(start.errors)")
        #expect(start.output == Self.splash + "> Starting nodes...\n\t> celery1@h: OK\n\t> celery2@h: OK\n")
        let (first, second) = (try place.pid("celery1"), try place.pid("celery2"))
        try await place.ready("celery1", "celery2")
        let status = try await place.tool(["status", "-t", "20", "-d", "celery1@h,celery2@h"])
        #expect(status.code == 0 && status.output.hasSuffix("\n2 nodes online.\n"), "\(status.output)")

        let again = try await place.multi("start", ["2", "-c:2", "7"])
        #expect(again.code == 1)
        #expect(again.output.contains("\t> celery1@h: * Child terminated with exit code 73\nFAILED\n"))
        #expect(again.errors.contains("it seems we are already running (pid: \(first))"))

        let stop = try await place.multi("stopwait", ["2"])
        #expect(stop.code == 0)
        #expect(
            stop.output.hasPrefix(
                Self.splash + "> Stopping nodes...\n\t> celery1@h: TERM -> \(first)\n\t> celery2@h: TERM -> \(second)\n"
                    + "> Waiting for 2 nodes -> \(first), \(second)..."
            ),
            "\(stop.output)"
        )
        for node in ["celery1", "celery2"] { #expect(stop.output.contains("\n\t> \(node)@h: OK\n> \(node)@h: DOWN\n")) }
        #expect(place.holder("celery1") == .none && place.holder("celery2") == .none)
        let down = try await place.multi("stop", ["2", "--nosplash"])
        #expect(down.code == 0 && down.output == "> celery1@h: DOWN\n> celery2@h: DOWN\n")
    }

    @Test("The celery tool starts the nodes of an app, named before or after the command")
    func tool() async throws {
        let place = try Place()
        let program = TestPrograms.products.appendingPathComponent("CLITestApp").path
        let start = try await place.multi("start", ["web", "-A", program], program: "celery")
        #expect(start.code == 0, "\(start.errors)")
        let stop = try await place.multi("stopwait", ["web", "-9"], program: "celery", before: ["-A", program])
        #expect(stop.output.contains("\t> web@h: KILL -> "), "\(stop)")
        guard case .stale = place.holder("web") else {
            Issue.record("\(place.holder("web"))")
            return
        }
    }

    @Test("A stale PID file names nobody: it is not signalled, whoever has the number now, and a start replaces it")
    func stale() async throws {
        let place = try Place()
        #expect(try await place.multi("start", ["a"]).code == 0)
        let pid = try place.pid("a")
        let kill = try await place.multi("kill", ["a", "b"])
        #expect(kill.output == Self.splash + "Sending KILL to node a@h (\(pid))\n> b@h: DOWN\n")
        #expect(try await eventually { place.holder("a") == .stale(pid) })
        let stop = try await place.multi("stopwait", ["a", "--nosplash"])
        #expect(
            stop.output
                == "> Stopping nodes...\n\t> a@h: TERM -> \(pid)\nCould not signal a@h (\(pid)): No such process\n> a@h: DOWN\n\n"
        )
        // A process that is there, but is none of ours.
        let bystander = try PseudoTerminal("/bin/sleep", ["600"], directory: place.directory.url)
        try place.directory.write("\(bystander.pid)\n", to: "run/a.pid")
        let spared = try await place.multi("kill", ["a"])
        #expect(spared.output.contains("Could not signal a@h (\(bystander.pid)): No such process"))
        bystander.signal(SIGTERM)
        #expect(try await bystander.exitCode() == 128 + SIGTERM)
        let start = try await place.multi("start", ["a"])
        #expect(start.code == 0 && start.errors.contains("is stale (process \(bystander.pid) is gone): replaced."))
        #expect(try await place.multi("stopwait", ["a"]).code == 0)
    }

    @Test("restart ends the nodes that run, and starts all")
    func restart() async throws {
        let place = try Place()
        #expect(try await place.multi("start", ["a"]).code == 0)
        let pid = try place.pid("a")
        try await place.ready("a")
        let restart = try await place.multi("restart", ["a", "b", "-INT", "--verbose"])
        #expect(restart.code == 0, "\(restart)")
        #expect(restart.output.contains("> Restarting node b@h:   /"))
        #expect(restart.output.contains("\t> a@h: INT -> \(pid)\n"))
        #expect(restart.output.contains("\n\t> a@h: OK\n> Restarting node a@h: "))
        #expect(!restart.output.contains("-INT --"))
        #expect(try place.pid("a") != pid)
        let json = try await place.multi("stopwait", ["a", "--json"])
        let new = try #require(json.output.split(separator: "\"pid\": ").last?.prefix { $0.isNumber })
        #expect(
            json.output
                == #"[{"node": "a@h", "status": "signalled", "signal": "TERM", "pid": \#(new)}, "#
                + #"{"node": "a@h", "status": "stopped", "pid": \#(new)}]"# + "\n"
        )
        #expect(try await place.multi("stopwait", ["b"]).code == 0)
    }

    @Test("A node that ends at once is reported with its exit code, and the others start")
    func dying() async throws {
        let place = try Place()
        let dead = try await place.multi("start", ["a"], environment: ["CLI_TEST_DIE": "3"])
        #expect(dead.code == 1)
        #expect(dead.output.hasSuffix("\t> a@h: * Child terminated with exit code 1\nFAILED\n"), "\(dead.output)")
        #expect(dead.errors == "Error: a@h ended at once with exit code 3; its log is log/a.log\n")
        let mixed = try await place.multi("start", ["a", "b", "-P:a", "fibers", "--json"])
        #expect(mixed.code == 1)
        #expect(
            mixed.output == #"[{"node": "a@h", "status": "failed", "exitcode": 64}, "#
                + #"{"node": "b@h", "status": "started", "exitcode": 0}]"# + "\n"
        )
        #expect(mixed.errors.contains("there is no pool 'fibers'"))
        #expect(try await place.multi("stopwait", ["b", "-q"]).output == "")
    }

    @Test(
        "stop signals and returns; stop_verify is stopwait; get and expand print what a node is",
        arguments: ["stop", "stop_verify"]
    )
    func stopping(command: String) async throws {
        let place = try Place()
        #expect(try await place.multi("start", ["a"]).code == 0)
        let pid = try place.pid("a")
        try await place.ready("a")
        let expanded = try await place.multi("expand", ["%n in %d", "a", "b", "--json"])
        #expect(
            expanded.output == #"[{"node": "a@h", "text": "a in h"}, "#
                + #"{"node": "b@h", "text": "b in h"}]"# + "\n"
        )
        let line = try await place.multi("get", ["a@h", "a", "b"])
        #expect(line.code == 0 && line.output.contains("--pidfile=run/a.pid"), "\(line)")
        #expect(!line.output.contains("b@h") && line.output.split(separator: "\n").count == 1)
        let stop = try await place.multi(command, ["a", "--nosplash"])
        #expect(stop.code == 0)
        let said = "> Stopping nodes...\n\t> a@h: TERM -> \(pid)\n"
        if command == "stop" {
            #expect(stop.output == said, "\(stop.output)")
        } else {
            #expect(stop.output.hasPrefix(said + "> Waiting for 1 node -> \(pid)..."), "\(stop.output)")
            #expect(place.holder("a") == .none)
        }
        #expect(try await eventually { place.holder("a") == .none })
    }

    @Test("Where files cannot be written, the option to give is named")
    func folders() async throws {
        let place = try Place()
        let outcome = try await ToolProcess.run(
            "CLITestApp",
            place.globals + ["multi", "start", "a", "--pidfile=/proc/nowhere/%n.pid", "--logfile=a.log"],
            directory: place.directory.url
        )
        #expect(outcome.code == 73)
        #expect(
            outcome.errors.hasPrefix(
                "Error: celery multi: no files can be written to /proc/nowhere (it cannot be made); "
            ),
            "\(outcome.errors)"
        )
        #expect(outcome.errors.contains("--pidfile=%n.pid for the folder here"))
    }
}
