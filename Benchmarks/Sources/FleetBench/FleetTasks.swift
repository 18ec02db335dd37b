//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation

/// What the workers run.
struct FleetTasks: Sendable {
    let app: CeleryApp
    /// Nothing, without a result.
    let silent: TaskHandle<Int, Int>
    /// Writes down that it has run, without a result.
    let mark: TaskHandle<Int, Int>
    /// Runs until it is ended, and writes down when that was.
    let hold: TaskHandle<Int, Int>

    init() {
        app = CeleryApp("fleet-bench")
        silent = app.task("fleet.silent", options: TaskOptions(ignoreResult: true)) { (x: Int) in x }
        mark = app.task("fleet.mark", options: TaskOptions(ignoreResult: true)) {
            (context: TaskContext, x: Int) -> Int in
            Self.note(context.id, in: "FLEET_LEDGER")
            return x
        }
        hold = app.task("fleet.hold") { (context: TaskContext, x: Int) -> Int in
            do {
                // sleeps: it is there to be ended
                try await Task.sleep(for: .seconds(3600))
            } catch {
                Self.note("\(context.id) \(Timestamp.now.unixSeconds)", in: "FLEET_ENDS")
                throw error
            }
            return x
        }
    }

    /// A line at the end of the file that a variable names.
    private static func note(_ line: String, in variable: String) {
        let path = ProcessInfo.processInfo.environment[variable] ?? "/dev/null"
        let line = Array("\(line)\n".utf8)
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        line.withUnsafeBytes { _ = write(file, $0.baseAddress, $0.count) }
        close(file)
    }
}

/// `load RATE SECONDS`: sends tasks that do nothing, so many a second for so long; as fast as it can with a rate of 0.
struct Load {
    private static let lanes = 64
    let rate: Int
    let seconds: Int

    init(_ arguments: [String]) {
        rate = arguments.count > 1 ? Int(arguments[1]) ?? 0 : 0
        seconds = arguments.count > 2 ? Int(arguments[2]) ?? 1 : 1
    }

    func run(_ tasks: FleetTasks) async throws {
        let begun = ContinuousClock.now
        let count = rate > 0 ? rate * seconds : Int.max
        await withTaskGroup(of: Void.self) { group in
            for lane in 0..<Self.lanes {
                group.addTask {
                    var number = lane
                    while number < count, ContinuousClock.now - begun < .seconds(seconds + 60) {
                        if rate > 0 {
                            let due = begun + .microseconds(Int64(number) * 1_000_000 / Int64(rate))
                            try? await Task.sleep(until: due, clock: .continuous)
                        } else if ContinuousClock.now - begun > .seconds(seconds) {
                            break
                        }
                        _ = try? await tasks.silent.delay(number)
                        number += Self.lanes
                    }
                }
            }
        }
        await tasks.app.shutdown()
    }
}

/// `listen FILE`: counts task events, and writes into the file how many came and how many messages were dropped.
struct Listener {
    /// What one has heard of.
    struct Heard {
        var received = 0
        var started = 0
        var succeeded = 0
        var dropped = 0

        /// Of how many tasks it has heard everything.
        var whole: Int { min(received, started, succeeded) }
    }

    let file: String

    init(_ arguments: [String]) { file = arguments.count > 1 ? arguments[1] : "/dev/null" }

    func run(_ tasks: FleetTasks) async throws {
        let stream = try await tasks.app.events.receive("task.#", wakesUp: false)
        var heard = Heard()
        try write(heard)
        while true {
            for event in try await stream.next(within: .milliseconds(200)) {
                switch event.type {
                case "task-received": heard.received += 1
                case "task-started": heard.started += 1
                case "task-succeeded": heard.succeeded += 1
                default: break
                }
            }
            heard.dropped = stream.dropped
            try write(heard)
        }
    }

    private func write(_ heard: Heard) throws {
        try "\(heard.received) \(heard.started) \(heard.succeeded) \(heard.dropped)"
            .write(toFile: file, atomically: true, encoding: .utf8)
    }

    /// What one has written so far; nil before it listens.
    static func read(_ file: String) -> Heard? {
        let words =
            (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: " ").compactMap { Int($0) } ?? []
        guard words.count == 4 else { return nil }
        return Heard(received: words[0], started: words[1], succeeded: words[2], dropped: words[3])
    }
}
