//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Celery
import Foundation

/// Tasks that do harm to their process, one of which always runs while others are measured.
struct Harms: Sendable {
    private struct OwnError: Error {}

    /// What it is, and the task; none of the first, and the second only computes.
    let all: [(name: String, task: NullaryTaskHandle<Int>?)]

    init(_ app: CeleryApp) {
        let limited = TaskOptions(timeLimit: .seconds(1))
        let index = CommandLine.arguments.count
        all = [
            ("nothing else", nil),
            (
                "one that computes for 0.2 s",
                app.task("harm.compute") {
                    let end = ContinuousClock.now + .milliseconds(200)
                    while ContinuousClock.now < end {}
                    return 0
                }
            ),
            ("one that traps", app.task("harm.trap") { CommandLine.arguments[index].count }),
            (
                "one that loops for ever, hard limit 1 s",
                app.task("harm.loop", options: limited) {
                    while Timestamp.now.microseconds > 0 {}
                    return 0
                }
            ),
            (
                "one that takes 400 MB, limit 100 MB",
                app.task("harm.memory") {
                    var blocks: [[UInt8]] = []
                    for block in 0..<40 {
                        blocks.append(Array(repeating: UInt8(block), count: 10_000_000))
                        try await Task.sleep(for: .milliseconds(5))
                    }
                    return blocks.count
                }
            ),
            (
                "one that ignores its cancellation, hard limit 1 s",
                app.task("harm.deaf", options: limited) {
                    while true { try? await Task.sleep(for: .milliseconds(1)) }
                }
            ),
            ("one that throws", app.task("harm.throw") { throw OwnError() }),
        ]
    }
}

extension Bench {
    /// Send → result of one short task after the other, while a process of the same pool does something else, again and again with a
    /// pause of 0.1 s.
    func harm(_ harms: Harms) async throws {
        for (name, task) in harms.all {
            try await clear()
            let worker = try MeasuredProcess(
                ["worker", "-P", "prefork", "-c", "3", "-l", "CRITICAL", "--max-memory-per-child", "100000"]
            )
            _ = try await moment.delay().get(timeout: .seconds(20))
            let (results, ends) = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    var ends = 0
                    while let task, !Task.isCancelled {
                        _ = try? await task.delay().get(timeout: .seconds(20))
                        ends += 1
                        try? await Task.sleep(for: .milliseconds(100))
                    }
                    return ends
                }
                var results: [Double] = []
                let end = ContinuousClock.now + .seconds(5)
                while ContinuousClock.now < end {
                    let sent = ContinuousClock.now
                    _ = try await moment.delay().get(timeout: .seconds(20))
                    results.append(seconds(ContinuousClock.now - sent))
                    try await Task.sleep(for: .milliseconds(2))
                }
                group.cancelAll()
                return (results, try await group.next() ?? 0)
            }
            worker.stop()
            print(
                "beside \(name): send → result p50 \(milliseconds(results, 0.5)) p99 \(milliseconds(results, 0.99)) "
                    + "max \(milliseconds(results, 1)) ms of \(results.count) tasks, \(ends) times beside"
            )
            await noop.app.shutdown()
        }
    }
}
