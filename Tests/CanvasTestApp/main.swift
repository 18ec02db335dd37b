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

// A worker for workflows, which tests kill. Each task takes CANVAS_PAUSE milliseconds.

func number(_ name: String, else fallback: Int) -> Int {
    getenv(name).flatMap { Int(String(cString: $0)) } ?? fallback
}

let pause = Duration.milliseconds(number("CANVAS_PAUSE", else: 0))
/// Acknowledged late, unless CANVAS_EARLY says otherwise.
let options = getenv("CANVAS_EARLY") == nil ? TaskOptions(acksLate: true, rejectOnWorkerLost: true) : TaskOptions()

let app = CeleryApp("canvas") { settings in
    settings.workerLease = .milliseconds(number("CANVAS_LEASE", else: 10_000))
    settings.taskChainInlineLimit = getenv("CANVAS_INLINE_LIMIT").flatMap { Int(String(cString: $0)) }
    if getenv("CANVAS_VISIBILITY") != nil {
        settings.brokerTransportOptions = ["visibility_timeout": .int(number("CANVAS_VISIBILITY", else: 3600))]
    }
    settings.taskDefaultQueue = getenv("CANVAS_QUEUE").map { String(cString: $0) } ?? "celery"
}

/// Where every run of canvas.tag that comes to its end is written down, one `write` a line.
let runs = getenv("CANVAS_RUNS").map { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) }

func note(_ id: String, since start: Timestamp) {
    guard let runs else { return }
    let words = "\(id) \(getpid()) \(getppid()) \(start.microseconds) \(Timestamp.now.microseconds)\n"
    _ = Array(words.utf8).withUnsafeBytes { write(runs, $0.baseAddress, $0.count) }
}

/// What every task does, and writes down.
func work(_ context: TaskContext? = nil) async throws {
    let start = Timestamp.now
    // sleeps: that is the task
    try await Task.sleep(for: pause)
    if let context { note(context.id, since: start) }
}

struct Boom: CeleryErrorConvertible {
    var exceptionInfo: ExceptionInfo { ExceptionInfo(type: "ValueError", arguments: ["boom"], module: "builtins") }
}

app.task("canvas.tag", options: options) { (context: TaskContext, input: CeleryValue, label: Int) -> CeleryValue in
    try await work(context)
    return [.int(label), input]
}

app.task("canvas.again", options: options) { (context: TaskContext, input: CeleryValue, label: Int) -> CeleryValue in
    if context.retries == 0 { throw context.retry(countdown: .zero) }
    try await work(context)
    return [.int(label), input]
}

app.task("canvas.boom", options: options) { (_: CeleryValue) -> Int in
    try await work()
    throw Boom()
}

app.task("canvas.become", options: options) {
    (context: TaskContext, _: CeleryValue, shape: CeleryValue) -> CeleryValue in
    throw context.replace(with: try context.app.workflow(Signature(shape)))
}

app.task("canvas.extend", options: options) { (context: TaskContext, label: Int) -> Int in
    try await context.addToChord(context.app.signature("canvas.tag", args: [.null, .int(100 + label)]))
    return label
}

app.task("canvas.extend_and_die", options: options) { (context: TaskContext, label: Int, path: String) -> Int in
    try await context.addToChord(context.app.signature("canvas.tag", args: [.null, .int(100 + label)]))
    // Its first run only: the file tells that there was one.
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    if file >= 0 {
        close(file)
        kill(getpid(), SIGKILL)
    }
    return label
}

app.task("canvas.spawn", options: options) { (context: TaskContext) -> String in
    let parts = [1, 2].map { context.app.signature("canvas.tag", args: [.null, .int($0)]) }
    return try await group(parts).then(context.app.signature("canvas.tag", args: [3])).delay().id
}

await CeleryCommand.main(app)
