//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// `clitest worker` as a process, on the memory broker.
@Suite(.serialized) struct WorkerProcessTests {
    private func worker(_ arguments: [String] = [], environment: [String: String] = [:]) throws -> ToolProcess {
        try ToolProcess(
            "CLITestApp",
            ["worker", "-P", "async", "-c", "20", "-l", "INFO", "-n", "w1@test.example"] + arguments,
            environment: environment.merging(["CELERY_BROKER_URL": "memory://"]) { own, _ in own }
        )
    }

    @Test func theBannerSaysWhatTheWorkerIs() async throws {
        let worker = try worker(["-Q", "celery,images"])
        try await worker.prints("w1@test.example ready.")
        worker.signal(SIGTERM)
        let outcome = try await worker.outcome()
        for line in [
            ".> app:         clitest", ".> transport:   memory://", ".> concurrency: 20 (async)",
            ".> task events: OFF (enable -E to monitor tasks in this worker)",
            ".> images           exchange=images(direct) key=images", "  . clitest.add", "swift-celery ",
        ] {
            #expect(outcome.output.contains(line), "\(line)")
        }
        #expect(!outcome.output.contains("\u{1B}["))
    }

    /// Signals one after another, the exit code, what is printed, and whether the task came to its end.
    @Test(
        arguments: [
            ([SIGTERM], [:], 0, ["worker: Warm shutdown (MainProcess)"], true),
            ([SIGINT], [:], 1, ["worker: Hitting Ctrl+C again will", "worker: Warm shutdown (MainProcess)"], true),
            ([SIGINT, SIGINT], [:], 1, ["worker: Warm shutdown", "worker: Cold shutdown (MainProcess)"], false),
            ([SIGQUIT], [:], 1, ["worker: Cold shutdown (MainProcess)"], false),
            ([SIGTERM], ["REMAP_SIGTERM": "SIGQUIT"], 1, ["worker: Cold shutdown (MainProcess)"], false),
            (
                [SIGQUIT], ["CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT": "20"], 1, ["worker: Soft shutdown (MainProcess)"],
                true
            ),
            ([SIGTERM, SIGTERM, SIGTERM], [:], 0, ["worker: Warm shutdown (MainProcess)"], true),
            ([SIGHUP], [:], 0, ["worker: Restarting"], true),
        ] as [([Int32], [String: String], Int32, [String], Bool)]
    )
    func aSignalStopsTheWorkerAsInCelery(
        signals: [Int32],
        environment: [String: String],
        code: Int32,
        lines: [String],
        finishes: Bool
    ) async throws {
        let worker = try worker(environment: environment.merging(["CLI_TEST_SLEEP": "1"]) { own, _ in own })
        try await worker.prints("napping")
        for (index, signal) in signals.enumerated() {
            worker.signal(signal)
            try await worker.prints(lines[min(index, lines.count - 1)])
        }
        if signals == [SIGHUP] {
            // The same process starts anew; it sends itself another task, and is stopped for good.
            try await worker.prints("succeeded in")
            try await worker.prints("napping", times: 2)
            worker.signal(SIGTERM)
        }
        let outcome = try await worker.outcome()
        #expect(outcome.code == code)
        for line in lines { #expect(outcome.errors.contains(line), "\(outcome.errors)") }
        #expect(outcome.errors.contains("succeeded in 1.") == finishes, "\(outcome.errors)")
    }

    @Test func aThirdSignalLeavesAtOnceEvenWhenEveryThreadIsStuck() async throws {
        let worker = try worker(environment: ["CLI_TEST_STUCK": "60"])
        try await worker.prints("hogging")
        worker.signal(SIGINT)
        try await worker.prints("worker: Warm shutdown")
        worker.signal(SIGINT)
        try await worker.prints("worker: Cold shutdown")
        let start = ContinuousClock.now
        worker.signal(SIGINT)
        let outcome = try await worker.outcome()
        #expect(outcome.code == 1)
        #expect(outcome.errors.hasSuffix("worker: Hard shutdown (MainProcess)\n"))
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func logLinesAreCelerysWithTheTaskThatLogs() async throws {
        let worker = try worker(environment: ["CLI_TEST_SLEEP": "0"])
        try await worker.prints("succeeded in")
        worker.signal(SIGTERM)
        let errors = try await worker.outcome().errors
        let id = #"[0-9a-f]{8}-[0-9a-f-]{27}"#
        let head = #"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: INFO/MainProcess\] "#
        for pattern in [
            "\(head)Task clitest\\.nap\\[\(id)\\] received", "\(head)clitest\\.nap\\[\(id)\\]: napping",
            "\(head)Task clitest\\.nap\\[\(id)\\] succeeded in \\d+\\.\\d+s: 'rested'",
            "\(head)w1@test\\.example ready\\.",
        ] {
            #expect(errors.contains(try Regex(pattern)), "\(pattern)\n\(errors)")
        }
    }

    @Test func theLogFileIsNamedForTheNodeAndSurvivesRotation() async throws {
        let directory = try TemporaryDirectory()
        let worker = try worker(
            ["-f", directory.path("%n-%h-%d.log"), "--log-format", "json"],
            environment: ["CLI_TEST_SLEEP": "2.5"]
        )
        let file = "w1-test.example-example.log"
        try await directory.holds("napping", in: file)
        try FileManager.default.moveItem(atPath: directory.path(file), toPath: directory.path("old.log"))
        try await directory.holds("succeeded in", in: file)
        worker.signal(SIGTERM)
        let outcome = try await worker.outcome()
        #expect(outcome.code == 0)
        #expect(!outcome.errors.contains("napping"))
        for line in try directory.read("old.log").split(separator: "\n") {
            #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
        }
    }

    @Test func aPIDFileIsForOneRunningProcess() async throws {
        let directory = try TemporaryDirectory()
        let first = try worker(["--pidfile", directory.path("%n.pid")])
        try await first.prints("ready.")
        #expect(try directory.read("w1.pid") == "\(first.pid)\n")
        let second = try await worker(["--pidfile", directory.path("%n.pid")]).outcome()
        #expect(second.code == 73)
        #expect(second.errors.contains("w1.pid already exists: it seems we are already running (pid: \(first.pid))"))
        first.signal(SIGKILL)
        #expect(try await first.outcome().code == 128 + SIGKILL)
        let third = try worker(["--pidfile", directory.path("%n.pid")])
        try await third.prints("is stale (process \(first.pid) is gone): replaced.")
        try await third.prints("ready.")
        third.signal(SIGTERM)
        #expect(try await third.outcome().code == 0)
        #expect(!FileManager.default.fileExists(atPath: directory.path("w1.pid")))
    }

    @Test func aMistypedSettingStopsTheWorkerBeforeItStarts() async throws {
        let outcome = try await worker(["task_ack_late=1"]).outcome()
        #expect(outcome.code == 64)
        #expect(
            outcome.errors
                == "Error: there is no setting task_ack_late (on the command line); did you mean task_acks_late?\n"
        )
    }

    @Test func theAppMayBeNamedToItselfButNoOther() async throws {
        let other = try await ToolProcess.run("CLITestApp", ["-A", "other", "report"])
        #expect(other.code == 64)
        #expect(other.errors.contains("-A other: this program is the app clitest itself"))
        let same = try await ToolProcess.run("CLITestApp", ["-A", "clitest", "-b", "memory://", "report"])
        #expect(same.code == 0)
        let variable = try await ToolProcess.run(
            "CLITestApp",
            ["-b", "memory://", "report"],
            environment: ["CELERY_APP": "other"]
        )
        #expect(variable.code == 0)
    }
}

extension ToolProcess {
    /// Waits until it has printed that so many times on standard error.
    func prints(_ text: String, times: Int) async throws {
        guard try await eventually(within: .seconds(20), { errorText.ranges(of: text).count >= times }) else {
            throw Missing(text: text, output: "", errors: errorText)
        }
    }
}

extension TemporaryDirectory {
    /// Waits until a file holds that.
    func holds(_ text: String, in file: String) async throws {
        guard try await eventually(within: .seconds(20), { (try? read(file))?.contains(text) == true }) else {
            throw ToolProcess.Missing(text: text, output: (try? read(file)) ?? "(no file)", errors: "")
        }
    }
}
