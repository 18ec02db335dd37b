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
        var cleanup = ContinuousClock.now
        var processed = 0
        while !Task.isCancelled {
            await followRevocations()
            returnSurplus(&processed)
            scale()
            if cleanup <= .now {
                _ = try? await pipeline.backend.removeExpired()
                cleanup = .now + .seconds(300)
            }
            pipeline.saveRevocations()
            try? await Task.sleep(for: Self.period)
        }
    }

    private func scale() {
        let (slots, wanted) = (pipeline.pool.slots, pipeline.state.withLock { $0.held })
        let size = pipeline.autoscaler.withLock { $0?.size(now: .now, slots: slots, wanted: wanted) }
        guard let size else { return }
        pipeline.log.autoscale(from: slots, to: size)
        pipeline.pool.resize(to: size)
    }

    /// When tasks have stopped ending, what was taken because they ended so fast goes back, for other workers.
    private func returnSurplus(_ processed: inout Int) {
        let prefetch = pipeline.prefetch
        let (now, held) = pipeline.state.withLock { ($0.processed, $0.held) }
        defer { processed = now }
        guard now == processed, held > prefetch else { return }
        for job in pipeline.state.withLock({ $0.giveBackSurplus(prefetch: prefetch) }) { pipeline.pool.recall(job) }
        pipeline.settleBell.ring()
    }

    private func followRevocations() async {
        guard let store = pipeline.transport.revocations else { return }
        while !Task.isCancelled, let entries = try? await pipeline.revocations.refresh(from: store) {
            // Many at a time: each look goes through all that the worker holds.
            for (manner, entries) in Dictionary(grouping: entries, by: Manner.init) {
                pipeline.revoke(entries.map(\.taskID), terminate: manner.terminate, signal: manner.signal)
            }
        }
    }
}

/// How a task is to be revoked.
private struct Manner: Hashable {
    var terminate: Bool
    var signal: String

    init(_ revocation: Revocation) { (terminate, signal) = (revocation.terminate, revocation.signal) }
}

/// Signals by name.
enum SignalName {
    /// The number of `SIGTERM`, `TERM` or `15`; nil for an unknown name.
    static func number(_ name: String) -> Int32? {
        let known: [String: Int32] = ["HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15]
        let upper = name.uppercased()
        return Int32(name) ?? known[upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper]
    }
}
