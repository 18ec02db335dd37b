//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Celery
import Foundation

/// Whether much that waits costs anything on the embedded broker: the rate of a drain and the worker's memory with a thousand messages
/// and with very many, and what an idle worker takes with very many that wait for their time.
extension Bench {
    private static let node = "bench@scale"
    private static let worker = ["worker", "-l", "WARNING", "-n", node, "-P", "async", "-c", "256"]

    func scale(_ most: Int) async throws {
        try await few(1000)
        try await many(most)
        for count in [0, most] { try await postponed(count) }
    }

    /// A thousand again and again, for one alone is gone before one can look twice. The worker takes nothing while they are sent.
    private func few(_ count: Int) async throws {
        try await clear()
        let worker = try await started()
        let control = noop.app.control(ControlOptions(destination: [Self.node], timeout: .seconds(10)))
        var (drained, counted, memory) = (Duration.zero, 0, 0)
        for _ in 0..<50 {
            try await control.cancelConsumer("celery")
            try await fill(count)
            try await control.addConsumer("celery")
            // From the first look at which some are gone, without those.
            var first: (at: ContinuousClock.Instant, left: Int)?
            while true {
                let left = try await left()
                if first == nil, left < count { first = (at: ContinuousClock.now, left: left) }
                if left == 0 { break }
                try await Task.sleep(for: .milliseconds(1))
            }
            if let first, first.left > 0 {
                drained += ContinuousClock.now - first.at
                counted += first.left
            }
            memory = max(memory, worker.memory)
        }
        worker.stop()
        print(
            "scale, \(count) waiting: drain with results \(rate(counted, drained))/s, "
                + "worker's PSS \(memory) KiB at most"
        )
        await noop.app.shutdown()
    }

    /// One drain: its beginning, while nearly all are there, and its last tenth.
    private func many(_ count: Int) async throws {
        try await clear()
        try await fill(count)
        let worker = try MeasuredProcess(Self.worker)
        var looks: [(at: ContinuousClock.Instant, left: Int, memory: Int)] = []
        while worker.isRunning {
            let left = try await left()
            looks.append((at: ContinuousClock.now, left: left, memory: worker.memory))
            if left == 0 { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        worker.stop()
        for (name, low, high) in [("with at least nine tenths of", 0.9, 0.999), ("with the last tenth of", 0.0, 0.1)] {
            let part = looks.filter { low...high ~= Double($0.left) / Double(count) }
            guard let first = part.first, let last = part.last, first.left > last.left else {
                print("scale, \(name) \(count) waiting: too few to tell")
                continue
            }
            print(
                "scale, \(name) \(count) waiting: drain with results \(rate(first.left - last.left, last.at - first.at))/s, "
                    + "worker's PSS \(part.map(\.memory).max() ?? 0) KiB at most"
            )
        }
        await noop.app.shutdown()
    }

    /// An idle worker, with so many that are due in an hour.
    private func postponed(_ count: Int) async throws {
        try await clear()
        try await fill(count, SendOptions(countdown: .seconds(3600)))
        let worker = try await started()
        try await Task.sleep(for: .seconds(5))
        let cpu = worker.cpu
        try await Task.sleep(for: .seconds(10))
        print(
            "scale, \(count) ETAs: idle worker's PSS \(worker.memory) KiB, "
                + "CPU over 10 s \(Int((worker.cpu - cpu) * 1000)) ms"
        )
        worker.stop()
        await noop.app.shutdown()
    }

    /// A worker that answers.
    private func started() async throws -> MeasuredProcess {
        let worker = try MeasuredProcess(Self.worker)
        let quick = ControlOptions(destination: [Self.node], timeout: .milliseconds(200))
        while try await noop.app.inspect(quick).ping().isEmpty {
            guard worker.isRunning else { throw BareConnection.Failure(what: "the worker ended:\n\(worker.output)") }
        }
        return worker
    }

    /// What waits or is held.
    private func left() async throws -> Int {
        let status = try await noop.app.transport().status(of: ["celery"]).first
        return (status?.ready ?? 0) + (status?.held ?? 0)
    }
}
