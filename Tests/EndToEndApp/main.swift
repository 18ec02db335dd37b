//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

// The program whose workers the end-to-end tests start, kill and question.
let app = CeleryApp("e2e") { settings in
    settings.taskQueues = [Queue("celery"), Queue("slow")]
}

app.use(Lifecycle())

struct OutOfPaper: Error, CustomStringConvertible {
    var tray: Int
    var description: String { "tray \(tray) is empty" }
}

app.task("e2e.add") { (x: Int, y: Int) in x + y }
app.task("e2e.fail") { (tray: Int) -> Int in throw OutOfPaper(tray: tray) }
app.task("e2e.trap") { (message: String) -> Int in fatalError(message) }
app.task("e2e.exit") { (code: Int32) -> Int in exit(code) }
app.task("e2e.pid") { () in Int(getpid()) }

app.task("e2e.spin", options: TaskOptions(timeLimit: .milliseconds(700))) { () -> Int in
    var count = 0
    while true { count &+= 1 }
}

app.task("e2e.stubborn", options: TaskOptions(timeLimit: .seconds(2), softTimeLimit: .milliseconds(200))) {
    (rounds: Int) -> Int in
    for _ in 0..<rounds { usleep(10000) }
    return rounds
}

app.task("e2e.allocate") { (mebibytes: Int) -> Int in
    var blocks: [[UInt8]] = []
    for _ in 0..<mebibytes {
        blocks.append([UInt8](repeating: 1, count: 1 << 20))
        usleep(5000)
    }
    return blocks.count
}

app.task("e2e.nap", options: TaskOptions(acksLate: true, rejectOnWorkerLost: true)) {
    (context: TaskContext, seconds: Double) -> String in
    context.logger.info("started")
    try await Task.sleep(for: .seconds(seconds))
    return "rested"
}

app.task("e2e.tell") { (context: TaskContext, gate: String) -> String in
    // looks whether the test has made the file
    while access(gate, F_OK) != 0 {
        try await context.updateState("PROGRESS", 1)
        context.logger.info("told")
        try await Task.sleep(for: .milliseconds(20))
    }
    try await context.updateState("PROGRESS", 2)
    context.logger.info("has told")
    return gate
}

app.task("e2e.late", options: TaskOptions(acksLate: true)) { (context: TaskContext, seconds: Double) -> String in
    context.logger.info("started")
    try await Task.sleep(for: .seconds(seconds))
    return "rested"
}

app.task("e2e.block", options: TaskOptions(acksLate: true, rejectOnWorkerLost: true)) {
    (context: TaskContext, seconds: Double) -> String in
    context.logger.info("started")
    // Never gives its thread back.
    for _ in 0..<Int(seconds * 100) { usleep(10000) }
    return "rested"
}

app.task("e2e.early") { (context: TaskContext, seconds: Double) -> String in
    context.logger.info("started")
    try await Task.sleep(for: .seconds(seconds))
    return "rested"
}

app.task("e2e.poison", options: TaskOptions(acksLate: true, rejectOnWorkerLost: true)) { () -> Int in
    kill(getpid(), SIGKILL)
    return 0
}

app.task(
    "e2e.mortal",
    options: TaskOptions(retry: RetryPolicy(limit: 2, delay: .constant(.zero)), retryOnWorkerLost: true)
) { (context: TaskContext, deaths: Int) -> Int in
    if context.retries < deaths { kill(getpid(), SIGKILL) }
    return context.retries
}

app.task("e2e.family") { (context: TaskContext) -> String in
    try await context.updateState("PROGRESS", ["step": 1])
    return try await context.app.sendTask("e2e.add", args: [1, 2]).id
}

app.task("e2e.flaky") { (context: TaskContext) -> Int in
    if context.retries < 2 { throw context.retry(countdown: .milliseconds(10)) }
    return context.retries
}

FleetTasks.register(on: app)

await CeleryCommand.main(app)
