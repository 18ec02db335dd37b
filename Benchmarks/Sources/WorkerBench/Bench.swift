//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Celery
import Foundation
import Synchronization

/// The measurements: drain of no-op tasks with results, latency between two processes, memory and start of an idle worker, and what tasks
/// suffer beside others that do harm.
struct Bench: Sendable {
    let noop: TaskHandle<Int, Int>
    let moment: NullaryTaskHandle<Double>
    let harms: Harms

    @concurrent func run(_ arguments: [String]) async throws {
        let count = arguments.dropFirst().first.flatMap { Int($0) } ?? 100_000
        let what = arguments.first
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("worker-bench-\(getpid())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // What lies in the working directory is deleted between measurements.
        guard FileManager.default.changeCurrentDirectoryPath(folder) else {
            throw BareConnection.Failure(what: "the folder \(folder) cannot be entered")
        }
        let pools = [["-P", "async", "-c", "256"], ["-P", "prefork", "-c", "2"], ["-P", "prefork", "-c", "16"]]
        if what == nil || what == "drain" {
            for pool in pools { try await drain(count, pool: pool) }
        }
        if what == nil || what == "latency" {
            for pool in pools.prefix(2) { try await latency(pool: pool) }
        }
        if what == nil || what == "idle" { try await idle() }
        if what == nil || what == "harm" { try await harm(harms) }
        // Only when asked for: it takes minutes.
        if what == "scale" { try await scale(arguments.count > 1 ? count : 1_000_000) }
    }

    /// Leaves no file of a store, nor anybody who has one open.
    func clear() async throws {
        await noop.app.shutdown()
        for path in try FileManager.default.contentsOfDirectory(atPath: ".") {
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    /// Sends so many, 256 at a time.
    func fill(_ count: Int, _ options: SendOptions = SendOptions()) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<256 {
                group.addTask {
                    for x in stride(from: lane, to: count, by: 256) {
                        _ = try await noop.applyAsync(x, options: options)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Fills the queue, then lets a worker empty it.
    private func drain(_ count: Int, pool: [String]) async throws {
        try await clear()
        let transport = try await noop.app.transport()
        let filled = try await timed { try await fill(count) }
        let worker = try MeasuredProcess(["worker"] + pool)
        let before = try await transport.status(of: ["celery"]).first?.ready ?? 0
        // Counted from the first look at which some are gone, without those, to the first at which none is left.
        var first: ContinuousClock.Instant?
        var counted = 0
        while true {
            let status = try await transport.status(of: ["celery"]).first
            let left = (status?.ready ?? 0) + (status?.held ?? 0)
            if first == nil, left < before { (first, counted) = (.now, left) }
            if left == 0 { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        let drained = ContinuousClock.now - (first ?? .now)
        let usage = worker.stop()
        print(
            "drain \(pool.joined(separator: " ")): publish \(rate(count, filled))/s (256 at a time), "
                + "drain with results \(rate(counted, drained))/s, worker CPU \(usage) s"
        )
        await noop.app.shutdown()
    }

    /// One task at a time, between two processes.
    private func latency(pool: [String]) async throws {
        let worker = try MeasuredProcess(["worker"] + pool)
        defer { _ = worker.stop() }
        _ = try await moment.delay().get(timeout: .seconds(20))
        var starts: [Double] = []
        var results: [Double] = []
        for _ in 0..<1000 {
            let sent = Timestamp.now.unixSeconds
            let started = try await moment.delay().get(timeout: .seconds(20))
            results.append(Timestamp.now.unixSeconds - sent)
            starts.append(started - sent)
        }
        print(
            "latency \(pool.joined(separator: " ")): send → start p50 \(milliseconds(starts, 0.5)) p99 \(milliseconds(starts, 0.99)), "
                + "send → result p50 \(milliseconds(results, 0.5)) p99 \(milliseconds(results, 0.99)) ms"
        )
    }

    /// Memory of an idle worker with two children, and how long it takes to be ready.
    private func idle() async throws {
        var waits: [Double] = []
        for _ in 0..<5 {
            let start = ContinuousClock.now
            let worker = try MeasuredProcess(["worker", "-c", "2", "-l", "INFO"])
            try await worker.waitUntilReady()
            waits.append(seconds(ContinuousClock.now - start))
            if waits.count == 5 {
                try await Task.sleep(for: .seconds(2))
                print("idle prefork -c 2: PSS \(worker.memory) KiB in all; \(worker.memoryDetail)")
                let cpu = worker.cpu
                try await Task.sleep(for: .seconds(10))
                print("idle prefork -c 2: CPU over 10 s: \(Int((worker.cpu - cpu) * 1000)) ms")
            }
            _ = worker.stop()
        }
        print("start to ready, prefork -c 2: min \(milliseconds(waits, 0)) median \(milliseconds(waits, 0.5)) ms")
    }
}
