//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A worker's tasks at one moment, in numbers.
struct WorkSight: Sendable, Hashable {
    var poolIsReady = false
    var hasEpoch = false
    var shutdown: ShutdownMode?
    /// When tasks could be taken for the first time.
    var startedAt: ContinuousClock.Instant?
    var slots = 0
    /// Tasks that run.
    var busy = 0
    /// Handed to the pool and not begun.
    var handed = 0
    /// Admitted, waiting for a slot.
    var ready = 0
    /// Being marked as begun.
    var starting = 0
    /// Deliveries that are not settled.
    var held = 0
    /// How many may be held.
    var prefetch = 0
    /// Of the one that has run longest.
    var longest: Duration?
    /// Tasks that have begun so far.
    var starts = 0
    /// Deliveries received so far.
    var received = 0
    /// Stays at the broker so far, and those that others ended.
    var epochs = 0
    var lostEpochs = 0

    /// Tasks that have not begun, wherever they are on their way to the pool, or back from a child that is late.
    var unbegun: Int { ready + starting + handed }

    /// Whether the pool ought to begin something.
    func mustStart(isBrokerUp: Bool) -> Bool {
        guard poolIsReady, shutdown == nil, busy < slots else { return false }
        if handed > 0 { return true }
        // Beginning one needs the broker: what waits for that is not the pool's fault.
        return ready + starting > 0 && isBrokerUp
    }

    /// Whether the consumer ought to receive something, provided that there is something to receive.
    var mustReceive: Bool {
        guard poolIsReady, shutdown == nil else { return false }
        guard hasEpoch else { return true }
        let free = prefetch - held
        return free > 0 && (free * 2 >= prefetch || unbegun + busy < slots)
    }
}

extension WorkerState {
    func sight(slots: Int, prefetch: Int, now: ContinuousClock.Instant) -> WorkSight {
        var sight = WorkSight()
        (sight.poolIsReady, sight.hasEpoch, sight.shutdown) = (poolIsReady && !poolHasEnded, epoch != nil, shutdown)
        (sight.startedAt, sight.slots, sight.prefetch) = (startedAt, slots, prefetch)
        for task in running.values {
            guard task.pid != 0 else {
                sight.handed += 1
                continue
            }
            sight.busy += 1
            sight.longest = max(sight.longest ?? .zero, now - task.startedAt)
        }
        (sight.ready, sight.starting, sight.held) = (ready.count, starting, held)
        (sight.starts, sight.received) = (starts, receipts)
        (sight.epochs, sight.lostEpochs) = (epochs, lostEpochs)
        return sight
    }
}
