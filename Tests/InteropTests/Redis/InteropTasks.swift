//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation
import Synchronization

/// What tasks have done, in order.
final class Ledger: Sendable {
    private let entries = Mutex<[String]>([])

    var lines: [String] { entries.withLock { $0 } }

    func write(_ line: String) { entries.withLock { $0.append(line) } }
}

/// An error of the application's own, told to Python as Swift tells it.
struct OutOfStock: Error, CustomStringConvertible {
    var number: Int
    var description: String { "number \(number) is out of stock" }
}

/// An error with a class of Python's.
struct WrongValue: CeleryErrorConvertible {
    var arguments: [CeleryValue]
    var exceptionInfo: ExceptionInfo { ExceptionInfo(type: "ValueError", arguments: arguments, module: "builtins") }
}

/// The tasks of `python/interop_app.py`, in Swift.
enum InteropTasks {
    static func register(on app: CeleryApp, ledger: Ledger) {
        app.task("interop.add", parameters: "x", "y") { (x: Int, y: Int) in x + y }
        app.task("interop.echo", parameters: "value") { (value: CeleryValue) in value }
        app.task(
            "interop.defaults",
            parameters: "first",
            TaskParameter("second", default: 2),
            TaskParameter("third", default: "three")
        ) { (first: CeleryValue, second: Int, third: String) -> [CeleryValue] in [first, .int(second), .string(third)] }
        app.task("interop.fail") { (kind: String) -> Int in throw error(kind) }
        app.task("interop.ignore") { () -> Int in throw Ignore() }
        app.task("interop.reject", options: TaskOptions(acksLate: true)) { (reason: String) -> Int in
            throw Reject(reason)
        }
        app.task("interop.mark") { (line: String) in
            ledger.write(line)
            return line
        }
        app.task("interop.silent", options: TaskOptions(ignoreResult: true)) { (line: String) in
            ledger.write(line)
            return line
        }
        registerLonger(on: app)
    }

    private static func registerLonger(on app: CeleryApp) {
        app.task("interop.retry", parameters: "times", TaskParameter("countdown", default: 0.0)) {
            (context: TaskContext, times: Int, countdown: Double) -> Int in
            if context.retries < times {
                let cause = WrongValue(arguments: [.string("attempt \(context.retries)")])
                throw context.retry(countdown: .seconds(countdown), because: cause, maxRetries: 5)
            }
            return context.retries
        }
        app.task("interop.give_up") { (context: TaskContext) -> Int in
            throw context.retry(countdown: .zero, because: OutOfStock(number: 1), maxRetries: 1)
        }
        app.task("interop.progress") { (context: TaskContext, gate: String) in
            let state: CeleryValue = ["current": 3, "total": 10, "note": "h\u{e9}"]
            try await context.updateState("PROGRESS", state)
            try await wait(for: gate)
            return "done"
        }
        app.task("interop.hold", options: TaskOptions(trackStarted: true)) { (gate: String) in
            try await wait(for: gate)
            return "released"
        }
        app.task("interop.sleep") { (context: TaskContext, seconds: Double) in
            do {
                // sleeps: it is there to be interrupted
                try await Task.sleep(for: .seconds(seconds))
            } catch  where context.isSoftTimeLimitExceeded {
                return "asked to stop"
            }
            return "slept"
        }
        app.task("interop.request") { (context: TaskContext) -> CeleryValue in
            [
                "id": .string(context.id), "root_id": .string(context.rootID), "retries": .int(context.retries),
                "priority": context.priority.map { .int($0) } ?? nil, "headers": .object(context.headers),
                "parent_id": context.parentID.map { .string($0) } ?? .null,
                "queue": context.queue.map { .string($0) } ?? nil, "redelivered": .bool(context.redelivered),
            ]
        }
    }

    private static func error(_ kind: String) -> any Error {
        switch kind {
        case "value": WrongValue(arguments: ["went wrong", 7])
        case "own": OutOfStock(number: 42)
        case "unicode": WrongValue(arguments: ["h\u{e9}llo \u{2603} \u{1F600}"])
        default: CancellationError()
        }
    }

    /// Waits until a test has made the file.
    private static func wait(for gate: String) async throws {
        while !FileManager.default.fileExists(atPath: gate) { try await Task.sleep(for: .milliseconds(10)) }
    }
}
