//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import CeleryWorker
import Logging
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

// The program that the tests of the prefork pool start: as a child it runs the tasks below; as `parent N TASK` it runs a
// pool itself, to be killed.
if PreforkChild.isChild {
    switch getenv("POOL_TEST_START").map({ String(cString: $0) }) {
    case "exit": exit(9)
    case "hang": while true { sleep(1) }
    default: break
    }
    let tasks = TestTasks()
    await PreforkChild.run({ await tasks.run($0, $1) }) { tasks.services.set($0) }
} else if CommandLine.arguments.count == 4, CommandLine.arguments[1] == "parent" {
    try await runParent(slots: Int(CommandLine.arguments[2]) ?? 1, task: CommandLine.arguments[3])
} else {
    print("usage: PoolTestApp parent SLOTS TASK")
    exit(64)
}

/// Runs a pool with one endless job for each child, and prints the children's process ids.
func runParent(slots: Int, task: String) async throws {
    let services = PoolServices(transport: NoTransport(), backend: NoBackend())
    let pool = try PreforkPool(PreforkConfiguration(slots: slots), services: services, logger: Logger(label: "test"))
    try await pool.run(
        ready: {
            let jobs = (0..<slots)
                .map { number in
                    let message = Message(headers: TaskHeaders(task: task, id: "\(number)"), body: [])
                    let request = TaskRequest(message: message, queue: "celery", hostname: "test")
                    return PoolJob(id: JobID(UInt64(number)), request: request)
                }
            pool.submit(jobs)
        },
        events: { event in
            guard case .accepted(_, let pid) = event else { return }
            print(pid)
            fflush(nil)
        }
    )
}
