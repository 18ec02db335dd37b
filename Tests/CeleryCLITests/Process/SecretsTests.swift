//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// Promise 9 of docs/reliability.md: secrets stay out of everything that is printed.
@Suite(.serialized) struct SecretsTests {
    private static let secret = "s3cret"
    private static let url = "memory://user:\(secret)@store"

    @Test("A worker shows its broker's password neither in the banner nor in the log", arguments: ["text", "json"])
    func worker(format: String) async throws {
        let worker = try ToolProcess(
            "CLITestApp",
            ["worker", "-P", "solo", "-n", "w@test", "-l", "DEBUG", "--log-format", format],
            environment: ["CELERY_BROKER_URL": Self.url, "CELERY_RESULT_BACKEND": Self.url, "CLI_TEST_SLEEP": "0"]
        )
        try await worker.prints("succeeded in")
        worker.signal(SIGUSR1)
        worker.signal(SIGTERM)
        let outcome = try await worker.outcome()
        #expect(outcome.output.contains(".> transport:   memory://"))
        #expect(!outcome.output.contains(Self.secret) && !outcome.errors.contains(Self.secret), "\(outcome)")
    }

    @Test("report masks passwords in URLs and whatever is secret by its name", arguments: [[], ["--json"]])
    func report(options: [String]) async throws {
        let directory = try TemporaryDirectory()
        let config = """
            {"result_backend": "memory://user:s3cret@results", "redis_password": "s3cret", "security_key": "s3cret",
             "broker_transport_options": {"sentinel": {"password": "s3cret"}, "url": "redis://u:s3cret@h"},
             "broker_use_ssl": {"keyfile": "s3cret"}, "result_backend_transport_options": {"token": "s3cret"}}
            """
        try directory.write(config, to: "celery.json")
        let outcome = try await ToolProcess.run(
            "CLITestApp",
            ["--config", directory.path("celery.json"), "report"] + options,
            environment: ["CELERY_BROKER_URL": Self.url]
        )
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("memory://user:**@store") && outcome.output.contains("redis_password"))
        #expect(!outcome.output.contains(Self.secret) && !outcome.errors.contains(Self.secret), "\(outcome)")
    }

    @Test(
        "An error shows no password, wherever the URL stood",
        arguments: [
            ["-b", "carrot://u:s3cret@h", "purge", "-f"], ["-b", "carrot://u:s3cret@h", "report"],
            ["-b", "u:s3cret@h", "call", "x"], ["-b", "redis:/u:s3cret@h", "call", "x"],
            ["-b", "memory://u:s3cret@h:port", "call", "x"], ["-b", "memory://u:s3/cret@h", "call", "x"],
            ["-b", "sqlite://u:s3cret@h/no/such/folder/x?password=s3cret", "call", "x"],
            ["-b", "carrot://h?password=s3cret@x", "call", "x"],
            ["--brokr=redis://u:s3cret@h", "call", "x"], ["call", "-b", "redis://u:s3cret@h", "x"],
            ["-b", "memory://", "purge", "redis://u:s3cret@h"], ["redis://u:s3cret@h"],
            ["-b", "memory://", "worker", "redis://u:s3cret@h"],
            ["-b", "memory://", "worker", "--concurrency=redis://u:s3cret@h"],
            ["-b", "memory://", "worker", "-credis://u:s3cret@h"],
            ["-b", "memory://", "worker", "--concurrency", "redis://u:s3cret@h"],
            ["-b", "memory://", "worker", "broker_ur=redis://u:s3cret@h"],
            ["worker", "broker_url=carrot://u:s3cret@h"],
            ["-b", "memory://", "worker", #"broker_transport_options={"password": "s3cret""#],
            ["-b", "memory://", "worker", "redis_socket_timeout=redis://u:s3cret@h"],
            ["--result-backend", "carrot://u:s3cret@h", "-b", "memory://", "result", "x"],
            ["--config", "redis://u:s3cret@h", "report"], ["-A", "redis://u:s3cret@h", "report"],
        ]
    )
    func errors(arguments: [String]) async throws {
        let outcome = try await ToolProcess.run("CLITestApp", arguments)
        #expect(outcome.code != 0)
        #expect(outcome.errors.contains("Error: ") || outcome.output.contains("carrot://u:**@h"), "\(outcome)")
        #expect(!outcome.errors.contains("s3"), "\(outcome.errors)")
        #expect(!outcome.output.contains("s3"), "\(outcome.output)")
    }

    @Test("A settings file or a variable that is wrong does not give its passwords away")
    func settings() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(#"{"broker_url": ["redis://u:s3cret@h"]}"#, to: "celery.json")
        let file = try await ToolProcess.run("celery", ["--config", directory.path("celery.json"), "report"])
        #expect(file.code == 64)
        #expect(file.errors.contains(#"is ["redis://u:**@h"]; it has to be a text"#), "\(file.errors)")
        let variable = try await ToolProcess.run(
            "celery",
            ["call", "x"],
            environment: ["CELERY_BROKER_URL": "carrot://u:s3cret@h"]
        )
        #expect(variable.code == 64)
        #expect(variable.errors.contains("carrot://u:**@h") && !variable.errors.contains(Self.secret))
    }

    @Test("Arguments of tasks are in no log, error or list; dead show prints them, being asked")
    func arguments() async throws {
        let directory = try TemporaryDirectory()
        let store = "sqlite:///\(directory.path("celery.sqlite"))"
        let globals = ["-b", store, "--result-backend", store]
        func run(_ arguments: String...) async throws -> ToolProcess.Outcome {
            try await ToolProcess.run("CLITestApp", globals + arguments)
        }
        let calls = [
            ("clitest.add", #"["s3cret", 1]"#), ("clitest.fail", #"["s3cret"]"#), ("clitest.add", #"[1, 2, "s3cret"]"#),
            ("clitest.unknown", #"["s3cret"]"#), ("clitest.nap", "[0]"),
        ]
        for (task, args) in calls {
            let sent = try await run("call", task, "-a", args, "-k", #"{"password": "s3cret"}"#)
            #expect(sent.code == 0 && !sent.output.contains(Self.secret))
        }
        // Keywords of the wrong name fail all of them; the last one runs.
        _ = try await run("call", "clitest.fail", "-a", #"["s3cret"]"#)
        _ = try await run("call", "clitest.nap", "-a", "[0]")
        let worker = try ToolProcess(
            "CLITestApp",
            globals + ["worker", "-P", "solo", "-n", "w@test", "-l", "DEBUG"]
        )
        try await worker.prints("succeeded in")
        worker.signal(SIGTERM)
        let outcome = try await worker.outcome()
        #expect(outcome.errors.contains("TypeError") && outcome.errors.contains("clitest.unknown"))
        #expect(outcome.errors.contains("no luck"))
        #expect(!outcome.output.contains(Self.secret) && !outcome.errors.contains(Self.secret), "\(outcome.errors)")
        for list in [try await run("dead", "list"), try await run("dead", "list", "--json"), try await run("report")] {
            #expect(list.code == 0 && !list.output.contains(Self.secret))
        }
        #expect(try await run("dead", "show", "1").output.contains("args:    ['s3cret']"))
    }
}
