//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// Options of `celery worker` by what they do to tasks, on the embedded broker.
@Suite("celery worker: options", .serialized, .timeLimit(.minutes(5)))
struct WorkerOptionProcessTests {
    private func isPending(_ site: CommandSite, _ id: String) async throws -> Bool {
        let outcome = try await site.celery("result", id, "--timeout", "0")
        return outcome.code == 69 && outcome.errors.contains("(state PENDING)")
    }

    @Test("What waited before never runs; what comes later does", arguments: ["--purge", "--discard"])
    func purge(option: String) async throws {
        let site = try CommandSite()
        let before = try await site.call("clitest.nap", "-a", "[0]")
        let delayed = try await site.call("clitest.nap", "-a", "[0]", "--countdown", "0.1")
        let elsewhere = try await site.call("clitest.nap", "-a", "[0]", "--queue", "images")
        let outcome = try await site.withWorker([option]) { _ async throws in
            let after = try await site.call("clitest.add", "-a", "[1, 1]")
            #expect(try await site.value(of: after) == "2")
        }
        #expect(!outcome.errors.contains("clitest.nap"))
        #expect(try await isPending(site, before))
        #expect(try await isPending(site, delayed))
        #expect(try await site.ids(in: "images") == [elsewhere], "not a queue of that worker")
        #expect(try await site.ids(in: "celery").isEmpty)
    }

    @Test("--time-limit kills the process of a task that takes longer, and the next one runs")
    func hardLimit() async throws {
        let site = try CommandSite()
        let outcome = try await site.withWorker(["--time-limit", "0.7", "-c", "1"], pool: "prefork") {
            worker async throws in
            let start = ContinuousClock.now
            let endless = try await site.call("clitest.hog", "-a", "[600]")
            let failed = try await site.celery("result", endless)
            #expect(failed.code == 1 && failed.output == "")
            #expect(failed.errors.hasPrefix("Error: task \(endless) failed: TimeLimitExceeded: "), "\(failed.errors)")
            #expect(ContinuousClock.now - start >= .seconds(0.7))
            #expect(try await site.value(of: site.call("clitest.add", "-a", "[2, 3]")) == "5")
        }
        #expect(outcome.errors.ranges(of: "Hard time limit (0.7s) exceeded for clitest.hog[").count == 1)
        #expect(!outcome.errors.contains("Soft time limit"))
    }

    @Test(
        "--soft-time-limit cancels a task that takes longer, and no other; its process stays",
        arguments: ["prefork", "async"]
    )
    func softLimit(pool: String) async throws {
        let site = try CommandSite()
        let options = ["--soft-time-limit", "0.7", "--time-limit=600", "-c", "1"]
        let outcome = try await site.withWorker(options, pool: pool) { worker async throws in
            let endless = try await site.call("clitest.nap", "-a", "[600]")
            let failed = try await site.celery("result", endless, "--task", "clitest.nap")
            #expect(failed.code == 1 && failed.output == "")
            #expect(failed.errors == "Error: task clitest.nap[\(endless)] failed: SoftTimeLimitExceeded\n")
            #expect(try await site.value(of: site.call("clitest.nap", "-a", "[0]")) == "rested")
        }
        #expect(outcome.errors.ranges(of: "Soft time limit (0.7s) exceeded for clitest.nap[").count == 1)
        let children = Set(outcome.errors.matches(of: #/ForkPoolWorker-\d+/#).map { String($0.output) })
        #expect(children.count == (pool == "prefork" ? 1 : 0), "\(outcome.errors)")
        #expect(!outcome.errors.contains("Hard time limit") && !outcome.errors.contains("WorkerLostError"))
    }

    @Test("--autoscale grows with the load, and shrinks by itself AUTOSCALE_KEEPALIVE seconds after it last grew")
    func autoscale() async throws {
        let site = try CommandSite()
        var ids: [String] = []
        for _ in 0..<3 { ids.append(try await site.call("clitest.hold", "-a", #"["open"]"#)) }
        let environment = ["AUTOSCALE_KEEPALIVE": "1"]
        try await site.withWorker(["--autoscale=3,1"], pool: "async", environment: environment) {
            worker async throws in
            try await worker.prints("Scaling up ")
            try await worker.prints("holding", times: 3)
            try site.directory.write("", to: "open")
            for id in ids { #expect(try await site.value(of: id) == "let go") }
            // By default it would be half a minute.
            try await worker.prints("Scaling down ", within: .seconds(20))
        }
    }

    @Test("broker_url and result_backend behind worker win over the environment's")
    func urls() async throws {
        let directory = try TemporaryDirectory()
        let other = "sqlite:///\(directory.path("other.sqlite"))"
        let worker = try ToolProcess(
            "CLITestApp",
            [
                "worker", "-P", "solo", "-n", "w1@test", "-l", "INFO", "broker_url=memory://",
                "result_backend=memory://",
            ],
            environment: ["CELERY_BROKER_URL": other, "CELERY_RESULT_BACKEND": other]
        )
        try await worker.prints("w1@test ready.")
        worker.signal(SIGTERM)
        let outcome = try await worker.outcome()
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(outcome.output.contains(".> transport:   memory://"), "\(outcome.output)")
        #expect(outcome.output.contains(".> results:     memory://"), "\(outcome.output)")
        #expect(!FileManager.default.fileExists(atPath: directory.path("other.sqlite")))
    }

    @Test("-Q consumes only those queues, -X all but those")
    func queues() async throws {
        let site = try CommandSite(settings: #"{"task_queues": ["celery", "images", "films"]}"#)
        var ids: [String] = []
        for queue in ["celery", "images", "films"] {
            ids.append(try await site.call("clitest.where", "--queue", queue))
        }
        try await site.withWorker(["-Q", "films"]) { _ async throws in
            #expect(try await site.value(of: ids[2]) == "films")
        }
        #expect(try await isPending(site, ids[0]))
        try await site.withWorker(["-X", "images"]) { _ async throws in
            #expect(try await site.value(of: ids[0]) == "celery")
        }
        #expect(try await site.ids(in: "images") == [ids[1]])
    }
}
