//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import ServiceTestSupport
import Testing

/// With which signal a task was terminated, as those hear of it who watch.
@Suite("Signals of terminate, with real processes", .serialized, .timeLimit(.minutes(5)))
struct TerminateSignalTests {
    @Test(
        "task-revoked tells the signal that was asked for, also where no process is ended by it",
        arguments: ["prefork", "async"],
        ["SIGUSR1", "SIGINT"]
    )
    func told(pool: String, signal: String) async throws {
        try await ControlSite.with(.embedded) { site in
            let worker = try await site.worker(pool: pool, concurrency: 1, "-E")
            let stream = try await site.app.events.receive("task.#", wakesUp: false)
            let held = try await site.hold()
            try await site.running([held])
            try await site.control().terminate([held.id], signal: signal)
            var revoked: CeleryEvent?
            while revoked == nil {
                let events = try await stream.next(within: .seconds(60))
                try #require(!events.isEmpty, "no more events\n\(worker.logText)")
                revoked = events.first { $0.type == "task-revoked" && $0.uuid == held.id }
            }
            #expect(revoked?.fields["signum"] == .int(signal == "SIGINT" ? 2 : 10))
            #expect(revoked?.fields["terminated"] == true)
            let error = await #expect(throws: CeleryError.self) { try await held.get(timeout: .seconds(60)) }
            #expect(error?.code == .taskRevoked)
            await stream.close()
        }
    }
}
