//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// When a worker gives up a broker that is away: `broker_connection_retry`, `…_on_startup` and `…_max_retries`.
@Suite("A broker that is given up", .serialized, .timeLimit(.minutes(5)))
struct BrokerGivenUpTests {
    /// Nothing listens there.
    private static let nowhere = "redis://:s3cret@127.0.0.1:1/0"
    /// Shorter attempts than by default, and long enough for a busy machine to be refused in.
    private static let environment = [
        "CELERY_BROKER_TRANSPORT_OPTIONS": #"{"socket_timeout": 2, "socket_connect_timeout": 2}"#,
        "CELERY_BROKER_TIMEOUT": "2",
    ]

    private func start(_ settings: [String], broker: String = nowhere) throws -> ToolProcess {
        try ToolProcess(
            "CLITestApp",
            ["-b", broker, "worker", "-P", "solo", "-n", "w1@test", "-l", "INFO"] + settings,
            environment: Self.environment
        )
    }

    /// Exit code 69, and as the last line what could not be reached; the password is nowhere.
    private func expectGivenUp(_ outcome: ToolProcess.Outcome, _ prefix: String = "") {
        #expect(outcome.code == 69, "\(outcome.errors)")
        let message = "cannot connect to Redis at 127.0.0.1:1: is it running, and is the URL right?"
        #expect(outcome.errors.hasSuffix("\nError: \(prefix)\(message)\n"), "\(outcome.errors)")
        #expect(!outcome.errors.contains("s3cret") && !outcome.output.contains("s3cret"))
    }

    @Test(
        "One that is not there at the start is given up at once where one of the settings says so, and is never ready"
    )
    func atOnce() async throws {
        let workers = try [
            ["broker_connection_retry_on_startup=false"], ["broker_connection_retry=false"],
            ["broker_connection_retry_on_startup=false", "broker_connection_max_retries=50"],
        ]
        .map { try start($0) }
        for worker in workers {
            let outcome = try await worker.outcome()
            expectGivenUp(outcome)
            #expect(!outcome.errors.contains("Trying again") && !outcome.errors.contains("w1@test ready."))
        }
    }

    @Test("broker_connection_max_retries: after so many more attempts it is given up")
    func maxRetries() async throws {
        let outcome = try await start(["broker_connection_max_retries=2"]).outcome()
        expectGivenUp(outcome)
        let attempts = outcome.errors.split(separator: "\n")
            .filter { $0.contains(": Cannot connect to redis://:**@127") }
        #expect(attempts.count == 2, "\(outcome.errors)")
        #expect(attempts.first?.hasSuffix("Trying again in 0.25 seconds... (attempt 1)") == true)
        #expect(attempts.last?.hasSuffix("Trying again in 0.5 seconds... (attempt 2)") == true)
        #expect(!outcome.errors.contains("w1@test ready."))
    }

    @Test("A worker that is to purge its queues first waits for the broker as others do")
    func purging() async throws {
        let outcome = try await start(["--purge", "broker_connection_max_retries=1"]).outcome()
        expectGivenUp(outcome)
        #expect(outcome.errors.contains("Trying again in 0.25 seconds... (attempt 1)"), "\(outcome.errors)")
    }

    @Test(
        "An embedded broker that somebody holds at the start is waited for, and the banner names it",
        .enabled(if: TestPrograms.find("python3") != nil, "there is no python3 on the PATH")
    )
    func held() async throws {
        let directory = try TemporaryDirectory("held")
        let file = directory.path("celery.sqlite")
        let hold = """
            import signal, sqlite3, sys
            held = sqlite3.connect(sys.argv[1], isolation_level=None)
            held.execute("BEGIN EXCLUSIVE")
            print("held", flush=True)
            signal.alarm(60)
            signal.pause()  # until it is killed
            """
        let holder = try ToolProcess(try #require(TestPrograms.find("python3")), ["-c", hold, file])
        try await holder.prints("held")
        let worker = try start([], broker: "sqlite:///\(file)")
        try await worker.prints(".> transport:   ")
        try await worker.prints("Trying again in ")
        holder.signal(SIGKILL)
        try await worker.prints("w1@test ready.")
        worker.signal(SIGTERM)
        #expect(try await worker.outcome().code == 0)
    }

    @Test(
        "One that an idle worker loses is given up as the settings say, at once or after so many more attempts",
        .enabled(if: RedisServer.isAvailable, Comment(rawValue: RedisServer.absence)),
        arguments: [("broker_connection_retry=false", 0), ("broker_connection_max_retries=2", 2)]
    )
    func lost(_ setting: String, attempts: Int) async throws {
        try await RedisServer.with { (server: RedisServer) async throws -> Void in
            let worker = try start([setting], broker: server.url())
            try await worker.prints("w1@test ready.")
            await server.kill()
            let outcome = try await worker.outcome()
            #expect(outcome.code == 69, "\(outcome.errors)")
            let last = outcome.errors.split(separator: "\n").last ?? ""
            #expect(last.hasPrefix("Error: ") && last.contains("\(server.port)"), "\(outcome.errors)")
            let tries = outcome.errors.split(separator: "\n").filter { $0.contains("Trying again in ") }
            #expect(tries.count == attempts, "\(outcome.errors)")
        }
    }

    @Test(
        "One that an idle worker loses is there again as soon as it is back, not when the next attempt would be due",
        .enabled(if: RedisServer.isAvailable, Comment(rawValue: RedisServer.absence))
    )
    func lostForAWhile() async throws {
        // What the worker holds there outlives the server.
        let options = RedisServerOptions(appendOnly: .always)
        try await RedisServer.with(options) { (server: RedisServer) async throws -> Void in
            let worker = try start(["broker_connection_max_retries=6"], broker: server.url())
            func times(_ text: String) -> Int {
                worker.errorText.split(separator: "\n").count { $0.contains("consumer: ") && $0.contains(text) }
            }
            // A server that starts under load may be lost once more.
            func more(_ text: String, than count: Int) async throws {
                guard try await eventually(within: .seconds(20), { times(text) > count }) else {
                    throw ServiceError("no more than \(count) times \(text):\n\(worker.errorText)")
                }
            }
            try await worker.prints("w1@test ready.")
            await server.kill()
            try await worker.prints("Trying again in 4.0 seconds... (attempt 5)")
            try await server.restart()
            try await more("Connected to redis://", than: 0)
            // It was not back for a moment only: what it gives counts.
            let call = try ToolProcess("celery", ["-b", server.url(), "call", "nobody.knows"])
            #expect(try await call.outcome().code == 0)
            try await worker.prints("nobody.knows")
            // One that slept on, or counted on, would give up now.
            let (firsts, connections) = (times("(attempt 1)"), times("Connected to redis://"))
            await server.kill()
            try await more("(attempt 1)", than: firsts)
            try await server.restart()
            try await more("Connected to redis://", than: connections)
            worker.signal(SIGTERM)
            let outcome = try await worker.outcome()
            #expect(outcome.code == 0, "\(outcome.errors)")
        }
    }

    @Test("Other commands say the same and do not try again")
    func commands() async throws {
        let commands = [
            ["call", "x"], ["purge", "-f"], ["list", "bindings"], ["dead"], ["dead", "replay", "--all"],
        ]
        let started = try commands.map { command in
            try ToolProcess("celery", ["-b", Self.nowhere] + command, environment: Self.environment)
        }
        for (command, process) in zip(commands, started) {
            let outcome = try await process.outcome()
            expectGivenUp(outcome, command == ["call", "x"] ? "x was not sent: " : "")
            #expect(outcome.output == "")
        }
    }

    @Test(
        "One that comes later is waited for where on_startup says so, and only then the worker is ready",
        .enabled(if: RedisServer.isAvailable, Comment(rawValue: RedisServer.absence))
    )
    func later() async throws {
        try await RedisServer.with { (server: RedisServer) async throws -> Void in
            await server.kill()
            let settings = ["broker_connection_retry=false", "broker_connection_retry_on_startup=true"]
            let worker = try start(settings, broker: server.url())
            try await worker.prints("Trying again in 0.5 seconds... (attempt 2)")
            #expect(!worker.errorText.contains("w1@test ready."))
            try await server.restart()
            try await worker.prints("w1@test ready.")
            worker.signal(SIGTERM)
            let outcome = try await worker.outcome()
            #expect(outcome.code == 0, "\(outcome.errors)")
        }
    }
}
