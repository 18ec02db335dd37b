//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// `celery result` on the embedded broker.
@Suite("celery result", .serialized, .timeLimit(.minutes(5)))
struct ResultCommandProcessTests {
    /// What `--json` prints.
    private struct Printed: Decodable {
        struct Exception: Decodable {
            var type: String
            var message: String
        }

        var id: String
        var state: String
        var exception: Exception?
        var traceback: String?
        var date_done: String?
    }

    private func json(_ site: CommandSite, _ id: String, code: Int32) async throws -> (Printed, text: String) {
        let outcome = try await site.celery("result", id, "--json")
        #expect(outcome.code == code && outcome.errors == "", "\(outcome)")
        return (try JSONDecoder().decode(Printed.self, from: Data(outcome.output.utf8)), outcome.output)
    }

    @Test("Of a task that succeeded: its value, a text as it is and all else as JSON; --traceback says there is none")
    func success() async throws {
        let site = try CommandSite()
        try await site.withWorker { _ async throws in
            let number = try await site.call("clitest.add", "-a", "[2, 3]")
            let text = try await site.call("clitest.greet", "-a", #"["say \"hi\"", "Zoë"]"#)
            #expect(try await site.value(of: number) == "5")
            #expect(try await site.value(of: text) == #"say "hi", Zoë"#)
            let traceback = try await site.celery("result", number, "--traceback")
            #expect(traceback.code == 0 && traceback.output == "(no traceback)\n" && traceback.errors == "")
            let (printed, plain) = try await json(site, number, code: 0)
            #expect(printed.id == number && printed.state == "SUCCESS" && printed.date_done != nil)
            #expect(
                printed.exception == nil && printed.traceback == nil && plain.contains(#""result": 5,"#),
                "\(plain)"
            )
        }
    }

    @Test(
        "Of one that failed: exit code 1, its error and the name of --task; --traceback prints that instead, --json all of it"
    )
    func failure() async throws {
        let site = try CommandSite()
        try await site.withWorker { _ async throws in
            let id = try await site.call("clitest.fail", "-a", #"["x"]"#)
            let plain = try await site.celery("result", id)
            #expect(plain.code == 1 && plain.output == "")
            #expect(plain.errors == "Error: task \(id) failed: CeleryError: no luck\n")
            for option in [["--task", "clitest.fail"], ["-t", "clitest.fail"]] {
                let named = try await site.start(["result", id] + option).outcome()
                #expect(named.code == 1 && named.output == "")
                #expect(named.errors == "Error: task clitest.fail[\(id)] failed: CeleryError: no luck\n")
            }
            let traceback = try await site.celery("result", id, "--traceback")
            #expect(traceback.code == 0 && traceback.errors == "")
            #expect(traceback.output.contains("clitest.fail") && traceback.output.contains("no luck"), "\(traceback)")
            let (printed, text) = try await json(site, id, code: 1)
            #expect(printed.id == id && printed.state == "FAILURE" && text.contains(#""result": null"#))
            #expect(printed.exception?.type == "CeleryError" && printed.exception?.message == "no luck")
            #expect(printed.traceback.map { $0 + "\n" } == traceback.output)
        }
    }

    @Test("Of one that nobody knows: exit code 69 once --timeout has passed, with its state and whether a worker runs")
    func unknown() async throws {
        let site = try CommandSite()
        let id = UUID().uuidString.lowercased()
        let start = ContinuousClock.now
        let alone = try await site.celery("result", id, "--timeout", "0.5", "--task", "clitest.add")
        #expect(ContinuousClock.now - start >= .seconds(0.5))
        #expect(alone.code == 69 && alone.output == "")
        let head = "Error: there is no result of task clitest.add[\(id)] yet (state PENDING) in "
        #expect(alone.errors.hasPrefix(head) && alone.errors.contains("; no worker runs on "), "\(alone.errors)")
        try await site.withWorker(["task_track_started=true"]) { worker async throws in
            let tended = try await site.celery("result", id, "--timeout", "0", "--json")
            #expect(tended.code == 69 && tended.output == "" && !tended.errors.contains("no worker runs"))
            let held = try await site.call("clitest.hold", "-a", #"["go"]"#)
            try await worker.prints("holding")
            let running = try await waited(for: "a stored start") {
                let running = try await site.celery("result", held, "--timeout", "0")
                return running.errors.contains("yet (state STARTED) in ") ? running : nil
            }
            #expect(running.code == 69 && running.output == "")
            try site.directory.write("", to: "go")
            #expect(try await site.value(of: held) == "let go")
        }
    }

    @Test("It waits for one that has not run yet")
    func waits() async throws {
        let site = try CommandSite()
        let id = try await site.call("clitest.greet", "-a", #"["at", "last"]"#)
        let waiting = try site.start(["result", id])
        let impatient = try await site.celery("result", id, "--timeout", "0.2")
        #expect(impatient.code == 69 && waiting.isRunning)
        try await site.withWorker { _ async throws in
            let outcome = try await waiting.outcome()
            #expect(outcome.code == 0 && outcome.output == "at, last\n" && outcome.errors == "")
        }
    }

    @Test("A time-out that is none is wrong usage", arguments: ["-1", "long"])
    func wrong(timeout: String) async throws {
        let outcome = try await CommandSite().celery("result", "x", "--timeout=\(timeout)")
        #expect(outcome.code == 64 && outcome.output == "")
        #expect(outcome.errors.contains("--timeout"), "\(outcome.errors)")
    }
}
