//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryKit
import CeleryWorker
import Testing

@testable import CeleryCLI

@Suite struct WorkerCommandTests {
    private func parse(_ arguments: String...) throws -> WorkerCommand {
        try #require(try CommandsOnly.parseAsRoot(["worker"] + arguments) as? WorkerCommand)
    }

    @Test func theShortFormsAreCelerys() throws {
        let command = try parse(
            "-linfo",
            "-c4",
            "-Pthreads",
            "-Qa, b",
            "-Xc",
            "-nw1@%h",
            "-E",
            "-Ofair",
            "-Srevoked.db"
        )
        #expect(command.worker.loglevel == .info)
        #expect(command.pool.concurrency == 4)
        #expect(command.pool.pool == "threads")
        #expect(command.queues.queues?.names == ["a", "b"])
        #expect(command.queues.excludeQueues?.names == ["c"])
        #expect(command.worker.hostname == "w1@%h")
        #expect(command.worker.taskEvents)
        #expect(command.worker.statedb == "revoked.db")
    }

    @Test func whatConcernsTheFleetIsTaken() throws {
        let command = try parse(
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "--heartbeat-interval",
            "5"
        )
        #expect(command.worker.withoutMingle)
        #expect(command.worker.withoutHeartbeat)
        #expect(command.worker.heartbeatInterval == 5)
        #expect(!command.worker.withoutRemoteControl)
    }

    @Test(
        arguments: [
            ("10,3", 10, 3), ("3,10", 10, 3), ("8", 8, 0), ("0", nil, nil), ("a", nil, nil), ("1,2,3", nil, nil),
            ("-1,2", nil, nil),
        ] as [(String, Int?, Int?)]
    )
    func autoscaleTakesItsTwoNumbersInAnyOrder(text: String, max: Int?, min: Int?) {
        let range = AutoscaleRange(argument: text)
        #expect(range?.max == max)
        #expect(range?.min == min)
    }

    @Test func optionsBecomeTheWorkersOptions() throws {
        let command = try parse(
            "--autoscale=8,2",
            "--time-limit",
            "1.5",
            "--soft-time-limit=1",
            "--max-tasks-per-child",
            "100",
            "--max-memory-per-child",
            "20000",
            "--prefetch-multiplier",
            "0",
            "--purge",
            "--discard"
        )
        let options = WorkerOptions(command, CelerySettings())
        #expect(options.autoscale?.max == 8)
        #expect(options.autoscale?.min == 2)
        #expect(options.timeLimit == .milliseconds(1500))
        #expect(options.softTimeLimit == .seconds(1))
        #expect(options.maxTasksPerChild == 100)
        #expect(options.maxMemoryPerChild == 20000)
        #expect(options.prefetchMultiplier == nil)
        #expect(options.purge)
        #expect(options.taskEvents == nil)
    }
}
