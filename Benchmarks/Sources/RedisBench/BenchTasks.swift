//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import Foundation

/// What both sides run: the same names in `Benchmarks/python/bench_tasks.py`.
struct BenchTasks: Sendable {
    let app: CeleryApp
    /// Nothing, without a result and with one.
    let silent: TaskHandle<Int, Int>
    let noop: TaskHandle<Int, Int>
    /// What the body of a chord does.
    let total: TaskHandle<[Int], Int>
    /// When it started, as its result.
    let moment: NullaryTaskHandle<Double>
    /// Writes down how long ago it was sent.
    let stamp: TaskHandle<Double, Int>

    init() {
        app = CeleryApp("redis-bench")
        silent = app.task("bench.silent", options: TaskOptions(ignoreResult: true)) { (x: Int) in x }
        noop = app.task("bench.noop") { (x: Int) in x }
        total = app.task("bench.total") { (values: [Int]) in values.reduce(0, +) }
        moment = app.task("bench.moment") { () in Timestamp.now.unixSeconds }
        stamp = app.task("bench.stamp", options: TaskOptions(ignoreResult: true)) { (sent: Double) in
            Self.starts.add(Timestamp.now.unixSeconds - sent)
            return 0
        }
    }

    private static let starts = StartsFile()
}

/// Eight bytes for each start, appended by several processes; named by `BENCH_STARTS`.
private struct StartsFile: Sendable {
    private let descriptor: Int32

    init() {
        let path = ProcessInfo.processInfo.environment["BENCH_STARTS"] ?? "/dev/null"
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    }

    func add(_ seconds: Double) {
        withUnsafeBytes(of: seconds) { _ = write(descriptor, $0.baseAddress, $0.count) }
    }
}
