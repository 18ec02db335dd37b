//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import Synchronization

/// What a worker does on the side: follows revocations, scales its pool, deletes expired results, writes state.
struct Housekeeping {
    private static let period: Duration = .milliseconds(500)
    private let pipeline: WorkerPipeline

    init(_ pipeline: WorkerPipeline) { self.pipeline = pipeline }

    /// Runs until cancelled.
    func run() async {
        var autoscaler = pipeline.configuration.autoscale.map { Autoscaler(max: $0.max, min: $0.min) }
        var cleanup = ContinuousClock.now
        var processed = 0
        while !Task.isCancelled {
            await followRevocations()
            returnSurplus(&processed)
            if let size = autoscaler?
                .size(
                    now: .now,
                    slots: pipeline.pool.slots,
                    wanted: pipeline.state.withLock { $0.held }
                )
            {
                pipeline.log.autoscale(from: pipeline.pool.slots, to: size)
                pipeline.pool.resize(to: size)
            }
            if cleanup <= .now {
                _ = try? await pipeline.backend.removeExpired()
                cleanup = .now + .seconds(300)
            }
            pipeline.saveRevocations()
            try? await Task.sleep(for: Self.period)
        }
    }

    /// When tasks have stopped ending, what was taken because they ended so fast goes back, for other workers.
    private func returnSurplus(_ processed: inout Int) {
        let prefetch = pipeline.configuration.prefetch(slots: pipeline.pool.slots)
        let (now, held) = pipeline.state.withLock { ($0.processed, $0.held) }
        defer { processed = now }
        guard now == processed, held > prefetch else { return }
        for job in pipeline.state.withLock({ $0.giveBackSurplus(prefetch: prefetch) }) { pipeline.pool.recall(job) }
        pipeline.settleBell.ring()
    }

    private func followRevocations() async {
        guard let store = pipeline.transport.revocations,
            let entries = try? await pipeline.revocations.refresh(from: store)
        else { return }
        for entry in entries {
            let job = pipeline.state.withLock { state in
                state.running.first { $0.value.task.request.message.headers.id == entry.taskID }?.key
            }
            guard let job else { continue }
            // One that only waits for a child comes back, to be ended as revoked.
            guard entry.terminate else {
                pipeline.pool.recall(job)
                continue
            }
            let signal = SignalName.number(entry.signal) ?? 15
            if !pipeline.pool.kill(job, .terminated(signal: signal)) { pipeline.pool.cancel(job, .terminated) }
        }
    }
}

/// Signals by Python's names.
enum SignalName {
    /// The number of `SIGTERM`, `TERM` or `15`; nil for an unknown name.
    static func number(_ name: String) -> Int32? {
        let known: [String: Int32] = ["HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15]
        let upper = name.uppercased()
        return Int32(name) ?? known[upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper]
    }
}
