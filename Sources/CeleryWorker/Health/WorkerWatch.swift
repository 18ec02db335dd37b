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

/// Looks at a worker again and again: whether Swift's threads are free, and whether work that could go on does.
///
/// It sleeps until somebody asks for health or metrics: a worker that nobody asks gets no wake-up and no call to its broker.
final class WorkerWatch: Sendable {
    /// How often it looks: so that it notices whose fault something is before that has lasted for the timeout.
    struct Rhythm: Sendable {
        /// Between two looks; a second at most.
        let period: Duration
        /// Between two questions to the broker how full the queues are; five seconds at most.
        let sampling: Duration
        /// A broker that has not answered for so long is away; three seconds at most.
        let patience: Duration

        init(timeout: Duration) {
            period = min(.seconds(1), timeout / 8)
            sampling = min(.seconds(5), timeout / 4)
            patience = min(.seconds(3), timeout / 2)
        }
    }

    private struct State {
        var timeout: Duration = .seconds(30)
        var lastBeat: ContinuousClock.Instant?
        var lags = RecentMaximum()
        /// Of a question that is not answered yet.
        var askedAt: ContinuousClock.Instant?
        var sample: (queues: [QueueStatus], at: ContinuousClock.Instant)?
        var pool = Stall()
        var intake = Stall()
        var last: WorkerHealth?

        /// Messages that could be received, by the last sample.
        func waiting(now: ContinuousClock.Instant) -> Int {
            guard let sample, isFresh(now) else { return 0 }
            return sample.queues.reduce(0) { $0 + $1.ready }
        }

        /// Whether the last sample still says something.
        func isFresh(_ now: ContinuousClock.Instant) -> Bool {
            sample.map { now - $0.at < rhythm.sampling * 3 } ?? false
        }

        var rhythm: Rhythm { Rhythm(timeout: timeout) }
    }

    private let state = Mutex(State())
    private let bell = Doorbell()
    private let troubles: Troubles

    init(troubles: Troubles) { self.troubles = troubles }

    /// From now on it looks.
    func begin(timeout: Duration? = nil) {
        state.withLock { state in
            if let timeout { state.timeout = timeout }
        }
        bell.ring()
    }

    /// Whether its loop runs.
    var isLooking: Bool { state.withLock { $0.lastBeat != nil } }

    /// Runs until cancelled.
    ///
    /// - Parameter pipeline: The one that is in force; nil before there is one.
    func run(_ pipeline: @escaping @Sendable () -> WorkerPipeline?) async {
        await bell.wait()
        guard !Task.isCancelled else { return }
        state.withLock { $0.lastBeat = .now }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.beat(pipeline) }
            group.addTask { await self.sample(pipeline) }
        }
        state.withLock { state in
            (state.lastBeat, state.lags, state.sample, state.askedAt) = (nil, RecentMaximum(), nil, nil)
        }
    }

    private func beat(_ pipeline: @Sendable () -> WorkerPipeline?) async {
        while !Task.isCancelled {
            let rhythm = state.withLock { $0.rhythm }
            let due = ContinuousClock.now + rhythm.period
            try? await Task.sleep(for: rhythm.period)
            let now = ContinuousClock.now
            beat(late: max(.zero, now - due), now: now)
            let overdue = state.withLock { state in state.askedAt.map { now - $0 >= rhythm.patience } ?? false }
            if overdue { troubles.note(.sampling, "it does not answer") }
            if let pipeline = pipeline() { look(at: pipeline.sight(now: now), now: now) }
        }
    }

    /// It has looked, so much later than it was to.
    func beat(late: Duration, now: ContinuousClock.Instant) {
        state.withLock { state in
            state.lastBeat = now
            state.lags.add(late, at: now)
        }
    }

    /// One look at whether work goes on.
    func look(at work: WorkSight, now: ContinuousClock.Instant) {
        let isBrokerUp = troubles.isBrokerUp
        state.withLock { state in
            state.pool.look(isDue: work.mustStart(isBrokerUp: isBrokerUp), progress: work.starts, now: now)
            let isDue = isBrokerUp && work.mustReceive && state.waiting(now: now) > 0
            state.intake.look(isDue: isDue, progress: work.received, now: now)
        }
    }

    private func sample(_ pipeline: @Sendable () -> WorkerPipeline?) async {
        while !Task.isCancelled {
            if let pipeline = pipeline() {
                let answered = Doorbell()
                // Left alone when cancelled: a transport may not hear of that before its own time-out, and a worker that ends
                // does not wait for it.
                let question = Task {
                    await self.ask(pipeline)
                    answered.ring()
                }
                await answered.wait()
                question.cancel()
            }
            // Soon at the start, when there is no pipeline yet.
            let pause = state.withLock { $0.sample == nil ? $0.rhythm.period : $0.rhythm.sampling }
            try? await Task.sleep(for: pause)
        }
    }

    private func ask(_ pipeline: WorkerPipeline) async {
        let consumed = pipeline.queues.names
        // An empty list would be all queues of the store; the broker is asked something all the same.
        let asked = consumed.isEmpty ? [pipeline.app.settings.taskDefaultQueue] : consumed
        state.withLock { $0.askedAt = .now }
        do throws(TransportError) {
            let queues = try await pipeline.transport.status(of: asked)
            took(consumed.isEmpty ? [] : queues, at: .now)
        } catch {
            guard !Task.isCancelled else { return }
            state.withLock { ($0.askedAt, $0.sample) = (nil, nil) }
            troubles.note(.sampling, error.description)
        }
    }

    /// The broker has answered.
    func took(_ queues: [QueueStatus], at now: ContinuousClock.Instant) {
        state.withLock { state in
            (state.askedAt, state.sample) = (nil, (queues, now))
        }
        troubles.clear(.sampling)
        // A consumer that waits for messages cannot know that the broker is back, nor who has nothing left to begin.
        troubles.clearRetried(.intake)
        troubles.clearRetried(.starting)
    }

    /// Adds what it has seen.
    func complete(_ facts: inout HealthFacts) {
        state.withLock { state in
            facts.timeout = state.timeout
            facts.silence = state.lastBeat.map { facts.now - $0 }
            facts.poolStall = state.pool.length(now: facts.now)
            facts.waiting = state.waiting(now: facts.now)
            // What was known to wait may have become too old to be said since the last look.
            facts.intakeStall = facts.waiting > 0 ? state.intake.length(now: facts.now) : nil
        }
    }

    /// The same with the times since when each answer has been what it is.
    func dated(_ health: WorkerHealth) -> WorkerHealth {
        state.withLock { state in
            var health = health
            if let last = state.last {
                if last.startup.passes == health.startup.passes { health.startup.since = last.startup.since }
                if last.readiness.passes == health.readiness.passes { health.readiness.since = last.readiness.since }
                if last.liveness.passes == health.liveness.passes { health.liveness.since = last.liveness.since }
            }
            state.last = health
            return health
        }
    }

    /// How late the loop is or was lately, and how full the queues are as far as that is known.
    func figures(now: ContinuousClock.Instant) -> (lag: Duration, queues: [QueueStatus]?) {
        state.withLock { state in
            let silence = state.lastBeat.map { now - $0 - state.rhythm.period } ?? .zero
            return (max(state.lags.value(at: now), silence), state.isFresh(now) ? state.sample?.queues : nil)
        }
    }
}
