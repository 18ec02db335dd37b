//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation
import Logging

/// An error with a class of Python's.
struct WrongValue: CeleryErrorConvertible {
    var arguments: [CeleryValue]
    var exceptionInfo: ExceptionInfo { ExceptionInfo(type: "ValueError", arguments: arguments, module: "builtins") }
}

/// Those tasks of `InteropTests/python/interop_app.py` that the workers of a fleet of both languages share.
enum FleetTasks {
    static func register(on app: CeleryApp) {
        app.task("interop.add", parameters: "x", "y") { (x: Int, y: Int) in x + y }
        app.task("interop.fail") { (kind: String) -> Int in throw WrongValue(arguments: ["went wrong", 7]) }
        app.task("interop.sleep") { (seconds: Double) -> String in
            // sleeps: it is there to be interrupted
            try await Task.sleep(for: .seconds(seconds))
            return "slept"
        }
        app.task("interop.hold") { (context: TaskContext, gate: String) -> String in
            context.logger.info("started")
            // looks whether the test has made the file
            while !FileManager.default.fileExists(atPath: gate) { try await Task.sleep(for: .milliseconds(10)) }
            context.logger.info("released")
            return "released"
        }
        app.task("interop.tell") { (context: TaskContext, count: Int) -> Int in
            for done in 1...count { try await context.sendEvent("task-progress", ["done": .int(done)]) }
            return count
        }
        app.task("interop.mark") { (line: String) -> String in
            try mark(line)
            return line
        }
    }

    /// One line in the ledger that the tests read, written at once or not at all.
    private static func mark(_ line: String) throws {
        let path = ProcessInfo.processInfo.environment["INTEROP_LEDGER"] ?? "ledger"
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o600)
        guard file >= 0 else { throw WrongValue(arguments: [.string("cannot write \(path): errno \(errno)")]) }
        defer { close(file) }
        let bytes = Array("\(line)\n".utf8)
        _ = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    }
}
