//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

@Suite struct CeleryToolTests {
    /// Arguments, exit code, and what the message on standard error has to contain.
    @Test(
        arguments: [
            (["wroker"], 64, "there is no command 'wroker'. Did you mean 'worker'?"),
            (["frobnicate"], 64, "there is no command 'frobnicate'\n"),
            (["beat"], 64, "celery beat is not in this version; it comes later"),
            (
                ["-b", "memory://", "inspect", "pong"], 64,
                "Command pong not recognized. Available inspect commands: active,"
            ),
            (["-b", "memory://", "inspect"], 64, "name a command; there are: active"),
            (["-b", "memory://", "inspect", "-t", "0.05", "ping"], 69, "No nodes replied within time constraint"),
            (["-b", "memory://", "status", "-t", "0.05"], 69, "No nodes replied within time constraint"),
            (["-b", "memory://", "control", "pool_grow", "x"], 64, "pool_grow: n is 'x'; it has to be a whole number"),
            (["-b", "memory://", "control", "shutdown", "now"], 64, "Command 'shutdown' takes arguments: none"),
            (["-b", "memory://", "events"], 64, "needs a terminal; --dump prints events as lines"),
            (
                ["-b", "memory://", "events", "--camera", "c"], 64,
                "cameras belong to an app: celery -A NAME events --camera c"
            ),
            (["events", "-c", "x", "-d"], 64, "choose one"), (["events", "-D"], 64, "--detach is for --camera"),
            (["events", "-c", "x", "-F", "0"], 64, "--frequency is 0.0; it has to be a number of seconds above 0"),
            (
                ["events", "-c", "x", "-r", "often"], 64,
                "--maxrate is 'often'; it has to be a rate: 10/s, 10/m or 10/h"
            ),
            (["multi"], 64, "celery multi: say what to do: start, stop, stopwait"),
            (["multi", "strat", "2"], 64, "Invalid command: strat. Did you mean 'start'?"),
            (["multi", "start"], 64, "name the nodes, or say how many"), (["multi", "get"], 64, "a node is missing"),
            (["multi", "start", "2"], 64, "workers need an app: celery -A NAME multi start"),
            (["multi", "get", "c@h", "a", "-n", "h"], 1, "there is no node c@h; there are: a@h"),
            (["-b", "memory://", "graph", "workers"], 69, "No nodes replied within time constraint"),
            (["-b", "memory://", "graph", "workers", "colour:red"], 64, "'colour:red' is none of nodes:"),
            (["shell", "--help"], 64, "celery shell is not in this version"),
            (["--borker", "x"], 64, "there is no global option '--borker'. Did you mean '--broker'?"),
            (
                ["-l", "INFO", "worker"], 64,
                "there is no global option '-l'; the options of a command are written after it"
            ),
            (["worker"], 64, "a worker needs an app: celery -A NAME worker"),
            (["worker", "-A", "proj"], 64, "-A is a global option: write it before the command, celery -A … worker …"),
            (["worker", "--app=proj"], 64, "--app is a global option"),
            (["worker", "-q"], 64, "-q is a global option: write it before the command, celery -q worker …"),
            (["worker", "--concurency", "3"], 64, "Unknown option '--concurency'. Did you mean '--concurrency'?"),
            (["worker", "-c", "0"], 64, "--concurrency is 0; it has to be 1 or more"),
            (["worker", "-c", "many"], 64, "The value 'many' is invalid for '-c <n>'"),
            (["worker", "-l", "LOUD"], 64, "there are: DEBUG, INFO, WARNING, ERROR, CRITICAL, FATAL"),
            (["worker", "-P", "fibers"], 64, "there is no pool 'fibers'"),
            (["worker", "--autoscale", "a,b"], 64, "--autoscale <max,min>"),
            (["worker", "-B"], 64, "beat comes with a later version"),
            (["worker", "-D"], 64, "a worker needs an app"),
            (["worker", "-I", "tasks"], 64, "tasks are compiled in"),
            (["-b", "nonsense", "call", "x"], 64, "\"nonsense\" is not a broker URL"),
            (
                ["-b", "carrot://u:secret@h/0", "call", "x"], 64,
                "no broker is registered for \"carrot://\" (in carrot://u:**@h/0)"
            ),
            (["-b", "memory://", "call"], 64, "Missing expected argument '<task>'"),
            (["-b", "memory://", "call", "x", "-a", "{"], 64, "--args is '{'; it has to be a JSON list"),
            (["-b", "memory://", "call", "x", "-k", "[]"], 64, "--kwargs is '[]'; it has to be a JSON object"),
            (["-b", "memory://", "call", "x", "--eta", "noon"], 64, "--eta is 'noon'"),
            (
                ["-b", "memory://", "result", "abc", "--timeout", "0"], 69,
                "there is no result of task abc yet (state PENDING)"
            ),
            (["-b", "memory://", "purge", "-X", "celery"], 64, "no queue is left"),
            (["-b", "memory://", "dead", "show", "7"], 1, "there is no dead letter 7"),
            (["-b", "memory://", "dead", "replay"], 64, "say which: numbers, ids, --queue, --task or --all"),
            (["--config", "/no/such/file.json", "report"], 64, "cannot read the settings file /no/such/file.json"),
            (["--workdir", "/no/such/dir", "report"], 64, "--workdir /no/such/dir: cannot change to it"),
        ] as [([String], Int32, String)]
    )
    func aWrongCommandLineIsAnsweredInOneOrTwoLines(arguments: [String], code: Int32, message: String) async throws {
        let outcome = try await ToolProcess.run(arguments: arguments)
        #expect(outcome.code == code)
        #expect(outcome.errors.hasPrefix("Error: "))
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count <= 3)
        #expect(outcome.output == "")
        for leak in ["CommandFailure", "CeleryCLI.", "Optional(", "secret", "Fatal error"] {
            #expect(!outcome.errors.contains(leak))
        }
    }

    @Test(
        arguments: [
            (["--version"], "swift-celery "), ([], "USAGE: celery [<global options>] <command>"),
            (["--help"], "SUBCOMMANDS:"),
            (["help"], "SUBCOMMANDS:"), (["help", "worker"], "--concurrency <n>"),
            (["worker", "--help"], "--concurrency <n>"),
            (["dead", "purge", "-h"], "celery dead purge"), (["multi", "--help"], "celery -A <name> multi"),
            (["multi", "start", "2", "--help"], "--range-prefix"), (["multi", "help"], "stopwait"),
            (["multi", "names", "2", "-n", "h"], "celery1@h\ncelery2@h\n"),
            (["multi", "names", "2", "-n", "h", "--json"], #"[{"node": "celery1@h"}, {"node": "celery2@h"}]"#),
            (["multi", "expand", "%n:%h:%d", "a", "-n", "h"], "a:a@h:h\n"),
            (
                ["multi", "get", "a@h", "a", "-n", "h", "-c", "3"],
                "worker --detach -c 3 -n a@h --pidfile=/var/run/celery/a.pid"
            ),
            (["multi", "show", "a", "--executable=/bin/x"], "/bin/x worker --detach -n a@"),
            (["-b", "memory://", "multi", "show", "a", "--executable=/bin/x"], "/bin/x -b memory:// worker"),
            (["-q", "-b", "memory://", "list", "bindings"], "Queue  Exchange  Routing Key"),
            (["-b", "memory://", "dead"], "There are no dead letters in memory://"),
            (["-b", "memory://", "purge", "-f"], "No messages purged from 1 known task queue in memory://"),
            (["-b", "memory://", "purge", "-f", "-Q", "a,b", "--json"], #"{"queues": ["a", "b"], "purged": 0}"#),
            (["-b", "memory://", "dead", "list", "--json"], "[]"),
            (["-b", "memory://", "report"], "broker        memory://"),
            (["--generate-completion-script", "bash"], "complete -o filenames -F _celery celery"),
            (["--generate-completion-script", "zsh"], "#compdef celery"),
            (["--generate-completion-script", "fish"], "complete -c 'celery'"),
        ] as [([String], String)]
    )
    func whatIsAskedForIsPrintedWithExitCodeZero(arguments: [String], text: String) async throws {
        let outcome = try await ToolProcess.run(arguments: arguments)
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(outcome.output.contains(text), "\(outcome.output.prefix(2000))")
        #expect(outcome.errors == "")
    }

    @Test func callPrintsTheID() async throws {
        let plain = try await ToolProcess.run(arguments: [
            "-b", "memory://", "call", "proj.add", "-a", "[2, 3]", "--expires", "60",
        ])
        #expect(UUID(uuidString: plain.output.trimmingCharacters(in: .newlines)) != nil)
        let json = try await ToolProcess.run(arguments: ["-b", "memory://", "call", "proj.add", "--json"])
        #expect(json.output.hasPrefix(#"{"id": ""#))
    }

    @Test func purgeAsksAndTakesAnythingButYesForNo() async throws {
        for (answer, code) in [("", 1), ("no\n", 1), ("yes\n", 0), ("y\n", 0)] as [(String, Int32)] {
            let outcome = try await ToolProcess.run(arguments: ["-b", "memory://", "purge"], input: answer)
            #expect(outcome.code == code)
            #expect(outcome.errors.contains("WARNING: this deletes all tasks from: celery"))
        }
    }

    @Test func reportMasksSecretsAndReadsEverySource() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(#"{"task_acks_late": true, "redis_password": "hunter2", "imports": ["x"]}"#, to: "c.json")
        let outcome = try await ToolProcess.run(
            arguments: ["-b", "memory://", "--config", "c.json", "report", "--json"],
            environment: ["CELERY_WORKER_CONCURRENCY": "7"],
            directory: directory.url
        )
        #expect(outcome.output.contains(#""task_acks_late": true"#))
        #expect(outcome.output.contains(#""worker_concurrency": 7"#))
        #expect(outcome.output.contains(#""redis_password": "********""#))
        #expect(!outcome.output.contains("hunter2"))
        #expect(outcome.errors.contains("Warning: setting imports in c.json has no effect: tasks are compiled in"))
    }

    @Test func aMistypedVariableOfTheEnvironmentIsAnError() async throws {
        let outcome = try await ToolProcess.run(
            arguments: ["-b", "memory://", "report"],
            environment: ["CELERY_TASK_ACK_LATE": "1", "CELERYD_NODES": "w1", "CELERY_BIN": "/usr/bin/celery"]
        )
        #expect(outcome.code == 64)
        #expect(
            outcome.errors
                == "Error: there is no setting task_ack_late (of the environment (CELERY_TASK_ACK_LATE)); "
                + "did you mean task_acks_late?\n"
        )
    }
}

extension ToolProcess {
    static func run(
        arguments: [String],
        environment: [String: String] = [:],
        directory: URL? = nil,
        input: String = ""
    ) async throws -> Outcome {
        try await run("celery", arguments, environment: environment, directory: directory, input: input)
    }
}
