//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// `worker --detach`, `--uid`, `--gid`, `--umask` and `--workdir`, with real processes.
@Suite(.serialized) struct DetachTests {
    /// A directory with a broker, for workers that nobody waits for.
    private struct Place {
        let directory: TemporaryDirectory
        /// Before the command.
        let globals: [String]
        private let program: String

        /// - Parameter isForAnybody: Whether other users must be able to run the program, wherever it was built.
        init(isForAnybody: Bool = false) throws {
            directory = try TemporaryDirectory()
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: directory.url.path)
            let store = "sqlite:///\(directory.path("celery.sqlite"))"
            globals = ["-b", store, "--result-backend", store]
            guard isForAnybody else {
                program = "CLITestApp"
                return
            }
            program = directory.path("app")
            let built = TestPrograms.products.appendingPathComponent("CLITestApp")
            // By another process: one that is started here meanwhile would keep the copy open for writing.
            let copy = try Process.run(URL(filePath: "/bin/cp"), arguments: [built.path, program])
            copy.waitUntilExit()
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        }

        func run(
            _ arguments: [String],
            globals more: [String] = [],
            environment: [String: String] = [:]
        ) async throws -> ToolProcess.Outcome {
            try await ToolProcess.run(
                program,
                globals + more + ["worker", "-n", "w1@test", "-l", "INFO", "-c", "1"] + arguments,
                environment: environment,
                directory: directory.url
            )
        }

        /// Starts one that detaches, hands over its process id once it is ready, and stops it.
        func withDetached(
            _ arguments: [String],
            globals: [String] = [],
            environment: [String: String] = [:],
            _ body: (pid_t) async throws -> Void
        ) async throws {
            let outcome = try await run(
                ["-f", "worker.log", "--pidfile", "worker.pid"] + arguments,
                globals: globals,
                environment: environment
            )
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(outcome.output == "" && outcome.errors == "")
            try await directory.holds("\n", in: "worker.pid")
            let pid = try #require(pid_t(directory.read("worker.pid").dropLast()))
            do {
                try await directory.holds("w1@test ready.", in: "worker.log")
                try await body(pid)
            } catch {
                kill(pid, SIGKILL)
                throw error
            }
            kill(pid, SIGTERM)
            try await gone(pid)
            #expect(!FileManager.default.fileExists(atPath: directory.path("worker.pid")))
        }

        private func gone(_ pid: pid_t) async throws {
            let hasGone = try await eventually(within: .seconds(30)) {
                (try? Facts(of: pid)).map { $0.state == "Z" } ?? true
            }
            guard hasGone else {
                kill(pid, SIGKILL)
                throw ToolProcess.Missing(text: "the end of \(pid)", output: "", errors: "")
            }
        }
    }

    /// What the system says of a process.
    private struct Facts {
        var state: String
        var parent: Int32
        var session: Int32
        var terminal: Int32
        var directory: String
        var output: String
        /// Lines such as `Uid` and `Umask` with their first value.
        var status: [String: String] = [:]

        init(of pid: pid_t) throws {
            let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            let fields = stat.split(separator: ")").last?.split(separator: " ").map(String.init) ?? []
            try #require(fields.count > 5)
            state = fields[0]
            parent = Int32(fields[1]) ?? 0
            session = Int32(fields[3]) ?? 0
            terminal = Int32(fields[4]) ?? -1
            directory = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) ?? ""
            output = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/1")) ?? ""
            for line in try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8).split(separator: "\n") {
                let parts = line.split(whereSeparator: { ":\t ".contains($0) })
                if parts.count > 1 { status[String(parts[0])] = String(parts[1]) }
            }
        }
    }

    private func children(of pid: pid_t) throws -> [Facts] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
            .compactMap { try? Facts(of: $0) }
            .filter { $0.parent == pid }
    }

    @Test("A detached worker has a session of its own and no terminal, logs to its file, and stops by its PID file")
    func detached() async throws {
        let place = try Place()
        try await place.withDetached(["-D", "-P", "prefork"]) { pid in
            let facts = try Facts(of: pid)
            #expect(facts.session == pid && facts.terminal == 0 && facts.output == "/dev/null")
            #expect(facts.directory == place.directory.url.path)
            #expect(try children(of: pid).count == 1)
            let second = try await place.run(["-D", "--pidfile", "worker.pid"])
            #expect(second.code == 73)
            #expect(second.errors.contains("it seems we are already running (pid: \(pid))"))
        }
    }

    @Test("It detaches once, however it was told to", arguments: [["--detach"], ["-ED"], []])
    func once(arguments: [String]) async throws {
        let environment = arguments.isEmpty ? ["CELERY_WORKER_DETACH": "1"] : [:]
        try await Place()
            .withDetached(arguments + ["-P", "solo"], environment: environment) { pid in
                let line = try String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)
                #expect(!line.contains("D\0") && !line.contains("--detach"))
            }
    }

    @Test(
        "What is wrong is said before it detaches",
        arguments: [
            (["-D", "-f", "/no/such/folder/x.log"], 73, "/no/such/folder/x.log"),
            (["-D", "--pidfile", "/no/such/folder/x.pid"], 73, "cannot write the PID file"),
            (["-D", "task_ack_late=1"], 64, "did you mean task_acks_late?"),
            (["-D", "-X", "celery"], 64, "no queue is left to consume"),
            (["--uid", "no-such-user"], 64, "--uid no-such-user: there is no such user"),
            (
                ["--uid", "54321"], 64,
                "--uid 54321: there is no such user; a number without an account needs --gid too"
            ),
            (["--gid", "no-such-group"], 64, "--gid no-such-group: there is no such group"),
            (["--umask", "22"], 64, "--umask is '22'; it has to be octal digits after a 0"),
            (["worker_uid=no-such-user"], 64, "--uid no-such-user: there is no such user"),
        ] as [([String], Int32, String)]
    )
    func refused(arguments: [String], code: Int32, message: String) async throws {
        let outcome = try await Place().run(arguments)
        #expect(outcome.code == code, "\(outcome.errors)")
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }

    @Test("Without a log file it warns that the log is lost")
    func withoutLog() async throws {
        let place = try Place()
        let outcome = try await place.run(["-D", "-P", "solo", "--pidfile", "w.pid"])
        #expect(outcome.code == 0)
        #expect(outcome.errors.contains("-D without --logfile: what the worker logs is lost"))
        try await place.directory.holds("\n", in: "w.pid")
        let pid = try #require(pid_t(place.directory.read("w.pid").dropLast()))
        kill(pid, SIGKILL)
    }

    @Test("A relative --workdir is entered once, by the worker, by its detached self and by its pool")
    func workdir() async throws {
        let place = try Place()
        try FileManager.default.createDirectory(atPath: place.directory.path("sub"), withIntermediateDirectories: false)
        try await place.withDetached(
            ["-D", "-P", "prefork", "-f", "../worker.log", "--pidfile", "../worker.pid", "--umask", "027"],
            globals: ["--workdir", "sub"]
        ) { pid in
            let facts = try [Facts(of: pid)] + children(of: pid)
            #expect(facts.count == 2)
            #expect(facts.allSatisfy { $0.directory == place.directory.path("sub") && $0.status["Umask"] == "0027" })
        }
    }

    @Test("A pool's children do not enter a relative --workdir once more")
    func workdirInForeground() async throws {
        let place = try Place()
        try FileManager.default.createDirectory(atPath: place.directory.path("sub"), withIntermediateDirectories: false)
        let worker = try ToolProcess(
            "CLITestApp",
            place.globals + ["--workdir", "sub", "worker", "-n", "w1@test", "-l", "INFO", "-P", "prefork", "-c", "1"],
            directory: place.directory.url
        )
        try await worker.prints("w1@test ready.")
        #expect(try children(of: worker.pid).map(\.directory) == [place.directory.path("sub")])
        worker.signal(SIGTERM)
        #expect(try await worker.outcome().code == 0)
    }

    @Test(
        "--uid gives the worker and its pool the user's rights, group and nothing else, detached or not",
        .enabled(if: geteuid() == 0, "only root can change the user"),
        arguments: [["--uid", "nobody"], ["--uid", "nobody", "--gid", "daemon"], ["worker_uid=nobody"]]
    )
    func otherUser(arguments: [String]) async throws {
        let user = try #require(getpwnam("nobody")).pointee
        let group = arguments.contains("daemon") ? try #require(getgrnam("daemon")).pointee.gr_gid : user.pw_gid
        try await Place(isForAnybody: true)
            .withDetached(["-D", "-P", "prefork"] + arguments) { pid in
                let facts = try [Facts(of: pid)] + children(of: pid)
                #expect(facts.count == 2)
                for facts in facts {
                    #expect(facts.status["Uid"] == "\(user.pw_uid)" && facts.status["Gid"] == "\(group)")
                    #expect(facts.status["Groups"] == "\(group)")
                    #expect(facts.status["CapEff"] == "0000000000000000")
                }
            }
    }

    @Test("Without root another user is refused with code 1", .enabled(if: geteuid() != 0, "root may change the user"))
    func notAllowed() async throws {
        let outcome = try await Place().run(["--uid", "root", "--gid", "root"])
        #expect(outcome.code == 1)
        #expect(outcome.errors.contains("start the worker as root, or as that user"), "\(outcome.errors)")
    }
}
