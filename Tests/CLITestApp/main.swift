//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Logging

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

// A program with an app, for tests of the command line as a process. With CLI_TEST_SLEEP it sends itself a task that takes
// so many seconds; with CLI_TEST_STUCK one that blocks every thread of the cooperative pool.
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

let app = CeleryApp("clitest")
let environment = ProcessInfo.processInfo.environment

let add = app.task("clitest.add") { (x: Int, y: Int) in x + y }

let nap = app.task("clitest.nap") { (context: TaskContext, seconds: Double) in
    context.logger.info("napping")
    // sleeps: that is the task
    try await Task.sleep(for: .seconds(seconds))
    return "rested"
}

// Runs until there is a file of that name, ten minutes at most: a worker that outlives its test is not to hold for ever.
app.task("clitest.hold") { (context: TaskContext, file: String) -> String in
    context.logger.info("holding")
    let end = ContinuousClock.now + .seconds(600)
    // sleeps between looks whether the test has made the file
    while access(file, F_OK) != 0, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(10)) }
    return "let go"
}

app.task("clitest.fail") { (text: String) -> Int in throw CeleryError(.taskFailed, "no luck") }

let hog = app.task("clitest.hog") { (context: TaskContext, seconds: Double) in
    context.logger.info("hogging")
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {}
    return seconds
}

let count = app.task("clitest.count") { (values: [Int], more: Int) in values.count + more }

app.task("clitest.greet", parameters: "greeting", "name") { (greeting: String, name: String) in "\(greeting), \(name)" }

app.task("clitest.where") { (context: TaskContext) -> String in context.queue ?? "nowhere" }

// Lets nobody through until there is a file of that name; acknowledged late, so that it can be rejected.
app.task("clitest.gate", options: TaskOptions(acksLate: true)) { (file: String) -> String in
    guard access(file, F_OK) == 0 else { throw Reject("the gate is shut") }
    return "through"
}

// A task that only a newer release of the program knows.
if environment["CLI_TEST_NEWER"] != nil { app.task("clitest.newer") { (name: String) in "hello \(name)" } }

app.workflow("clitest.sums") { group([1, 2, 3]) { add.s($0, 1) }.then(group([1, 2, 3]) { count.s($0) }) }

app.camera("states") { state in
    let states = state.tasksByTime().map { "\($0.name ?? "?")=\($0.state)" }.sorted()
    let workers = state.aliveWorkers().map(\.hostname)
    app.logger.warning("picture: \(workers.joined(separator: ",")) \(states.joined(separator: " "))")
}

app.camera("broken") { _ in throw CeleryError(.taskFailed, "no film") }

// A worker that ends before it has begun, when it is not the one that only detaches.
if let code = environment["CLI_TEST_DIE"].flatMap(Int32.init), CommandLine.arguments.contains("worker"),
    !CommandLine.arguments.contains("--detach")
{
    exit(code)
}

if let seconds = environment["CLI_TEST_SLEEP"].flatMap(Double.init) { try await nap.delay(seconds) }
if let seconds = environment["CLI_TEST_STUCK"].flatMap(Double.init) {
    for _ in 0..<16 { try await hog.delay(seconds) }
}
await CeleryCommand.main(app)
