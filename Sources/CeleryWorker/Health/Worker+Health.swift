//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import Synchronization

extension Worker {
    /// How it is now. Synchronous, and answered from any thread, also while every thread that Swift runs tasks on is blocked.
    ///
    /// From the first call on the worker watches itself: it wakes once a second and asks its broker every five seconds how full
    /// its queues are. What that tells is in the answers a few seconds later.
    public var health: WorkerHealth {
        watch.begin()
        let (phase, pipeline) = lifeSpan
        var facts = HealthFacts()
        facts.phase = phase
        facts.troubles = troubles.all
        if let pipeline { facts.work = pipeline.sight(now: facts.now) }
        watch.complete(&facts)
        return watch.dated(facts.judge())
    }

    /// Watches from the start, and takes it for dead when it has stood still for so long.
    package func beginWatching(timeout: Duration) { watch.begin(timeout: timeout) }

    /// It in numbers.
    package var observation: WorkerObservation {
        let now = ContinuousClock.now
        let figures = watch.figures(now: now)
        let isBrokerUp = troubles.isBrokerUp
        let (phase, pipeline) = lifeSpan
        return WorkerObservation(
            hostname: hostname,
            pool: plan.poolName,
            work: pipeline.map { WorkerObservation.Work($0.sight(now: now)) },
            isBrokerUp: isBrokerUp && phase == .running,
            recoveries: troubles.recoveries,
            loopLag: figures.lag,
            droppedEvents: pipeline?.events.dropped,
            timesMessages: pipeline?.transport.capabilities.timesMessages ?? false,
            // A depth that may have changed long ago is none.
            queues: isBrokerUp && phase == .running ? figures.queues : nil
        )
    }
}

extension WorkerPipeline {
    func sight(now: ContinuousClock.Instant) -> WorkSight {
        let slots = pool.slots
        let prefetch = prefetch(slots: slots)
        return state.withLock { $0.sight(slots: slots, prefetch: prefetch, now: now) }
    }
}
