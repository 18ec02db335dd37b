//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// `worker --statedb` as a process.
@Suite(.serialized) struct StateDBTests {
    private func worker(_ file: String, broker: String) throws -> ToolProcess {
        try ToolProcess(
            "CLITestApp",
            ["worker", "-P", "solo", "-n", "w1@test", "-l", "INFO", "--statedb", file],
            environment: ["CELERY_BROKER_URL": broker, "CELERY_RESULT_BACKEND": broker]
        )
    }

    @Test("The file's name is expanded as a log file's, and is there once the worker is ready")
    func expanded() async throws {
        let directory = try TemporaryDirectory()
        let worker = try worker(directory.path("%n.state"), broker: "memory://")
        try await worker.prints("w1@test ready.")
        #expect(try directory.read("w1.state") == "{\"swift_celery_state\": 1, \"revoked\": {}}\n")
        worker.signal(SIGTERM)
        #expect(try await worker.outcome().code == 0)
    }

    @Test("On a broker that keeps revoked tasks itself it is said once that no file is needed")
    func notNeeded() async throws {
        let directory = try TemporaryDirectory()
        let worker = try worker(directory.path("w.state"), broker: "sqlite:///\(directory.path("celery.sqlite"))")
        try await worker.prints("w1@test ready.")
        worker.signal(SIGTERM)
        let outcome = try await worker.outcome()
        #expect(outcome.code == 0)
        let text = "WARNING/MainProcess] --statedb \(directory.path("w.state")) is not needed: "
        #expect(outcome.errors.ranges(of: text).count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("celery.sqlite keeps revoked tasks itself\n"), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory.path("w.state")))
    }

    @Test("A file of another program ends the worker with code 64 and the way out")
    func foreign() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("shelve", to: "w.state")
        let outcome = try await worker(directory.path("w.state"), broker: "memory://").outcome()
        #expect(outcome.code == 64)
        #expect(outcome.errors.contains("w.state (--statedb, worker_state_db): it is not a state file"))
        #expect(outcome.errors.contains("name another one"))
    }
}
