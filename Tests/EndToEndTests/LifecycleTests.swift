//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation
import ServiceTestSupport
import Testing

@Suite("What middleware is told of workers and their child processes", .serialized, .timeLimit(.minutes(5)))
struct LifecycleTests {
    /// What the process says of itself, in order; heartbeats once.
    private func told(_ worker: WorkerHandle, by pid: Int32) -> [String] {
        let marker = "lifecycle \(pid): "
        var seen = Set<String>()
        return worker.logText.split(separator: "\n")
            .compactMap { line in
                line.range(of: marker).map { String(line[$0.upperBound...]) }
            }
            .filter { $0 != "heartbeat" || seen.insert($0).inserted }
    }

    @Test("Init, each child before it is made, ready, the heartbeat, then shutdown with its signal and exit code")
    func prefork() async throws {
        try await Site.with { site in
            let worker = try site.worker("-c", "2")
            #expect(try await site.send("e2e.add", 2, 3).get(timeout: .seconds(60)) == 5)
            let children = worker.children
            #expect(children.count == 2)
            #expect(try await eventually { told(worker, by: worker.pid).contains("heartbeat") })
            for child in children { #expect(told(worker, by: child) == ["child begins"]) }
            worker.signal(SIGINT)
            #expect(try await eventually { !worker.isRunning })
            #expect(worker.exitCode == 1)
            let main = told(worker, by: worker.pid).filter { $0 != "heartbeat" }
            #expect(
                main == [
                    "init", "before child", "before child", "ready",
                    "shutting down warm signal \(SIGINT) exit code 1", "shut down",
                ]
            )
            for child in children { #expect(told(worker, by: child) == ["child begins", "child ends with 0"]) }
        }
    }

    @Test("SIGUSR1 logs what runs, for how long and in which process")
    func activity() async throws {
        try await Site.with { site in
            let worker = try site.worker("-c", "1")
            let nap = try await site.send("e2e.nap", 3600)
            #expect(try await eventually { worker.startedTasks == 1 })
            let child = try #require(worker.children.first)
            worker.signal(SIGUSR1)
            #expect(
                try await eventually {
                    worker.logText.contains("pool prefork, 1 slots, queues celery, slow")
                        && worker.logText.contains("1 tasks running, 0 waiting here for a slot")
                        && worker.logText.contains("e2e.nap[\(nap.id)] has run for ")
                        && worker.logText.contains("s in process \(child)")
                }
            )
        }
    }
}
