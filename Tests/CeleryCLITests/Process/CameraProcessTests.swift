//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// `celery events --camera` with real processes, on the embedded broker.
@Suite("Cameras from the command line", .serialized, .timeLimit(.minutes(5)))
struct CameraProcessTests {
    private let directory: TemporaryDirectory
    private let globals: [String]

    init() throws {
        directory = try TemporaryDirectory("camera")
        let store = "sqlite:///\(directory.path("celery.sqlite"))"
        globals = ["-b", store, "--result-backend", store]
    }

    private func start(_ arguments: [String]) throws -> ToolProcess {
        try ToolProcess("CLITestApp", globals + arguments, directory: directory.url)
    }

    @Test("A camera takes pictures until it is told to stop, and a last one then")
    func pictures() async throws {
        let worker = try start(["worker", "-E", "-P", "solo", "-n", "w1@test", "-l", "INFO"])
        try await worker.prints("w1@test ready.")
        let camera = try start(["events", "--camera", "states", "-F", "0.2", "-r", "100/s"])
        try await camera.prints("-> evcam: Taking snapshots with states (every 0.2 secs.)")
        try await camera.prints("picture: w1@test")
        let call = try await start(["call", "clitest.add", "-a", "[2, 3]"]).outcome()
        #expect(call.code == 0)
        try await camera.prints("clitest.add=SUCCESS")
        camera.signal(SIGTERM)
        #expect(try await camera.outcome().code == 0)
        // One that takes hours between pictures: what it prints is its last.
        let slow = try start(["events", "-c", "states", "-F", "3600", "-r", "1/h"])
        try await slow.prints("-> evcam")
        slow.signal(SIGINT)
        let outcome = try await slow.outcome()
        #expect(outcome.code == 0 && outcome.errors.contains("picture: "), "\(outcome)")
        worker.signal(SIGTERM)
        #expect(try await worker.outcome().code == 0)
    }

    @Test("A camera in the background has its PID file and its log, and is there once")
    func detached() async throws {
        let arguments = [
            "events", "-c", "states", "-F", "0.1", "--detach", "--pidfile", "%n.pid", "--logfile", "%n.log",
        ]
        let outcome = try await start(arguments).outcome()
        #expect(outcome.code == 0 && outcome.output == "" && outcome.errors == "", "\(outcome)")
        // It ends with 0 only once the file is there.
        let pid = try #require(pid_t(directory.read("events.pid").dropLast()))
        defer { kill(pid, SIGKILL) }
        try await directory.holds("picture: ", in: "events.log")
        let second = try await start(arguments).outcome()
        #expect(second.code == 73 && second.errors.contains("already running (pid: \(pid))"))
        kill(pid, SIGTERM)
        #expect(try await eventually { !FileManager.default.fileExists(atPath: directory.path("events.pid")) })
    }

    @Test("A camera that fails ends the command, and one that there is not is answered with those that there are")
    func wrong() async throws {
        let broken = try await start(["events", "-c", "broken", "-F", "0.05"]).outcome()
        #expect(broken.code == 1 && broken.errors.hasSuffix("Error: no film\n"), "\(broken.errors)")
        let unknown = try await start(["events", "-c", "statues"]).outcome()
        #expect(unknown.code == 64)
        #expect(
            unknown.errors.hasPrefix("Error: --camera statues: there is no such camera; there are: broken, states\n")
        )
    }
}
