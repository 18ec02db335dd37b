//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// All that a worker's health is judged by. Judging is pure.
struct HealthFacts: Sendable {
    /// Where the worker is in its life.
    enum Phase: Sendable { case idle, connecting, running, ended }

    var phase = Phase.idle
    var work = WorkSight()
    var troubles: [Troubles.Place: Troubles.Trouble] = [:]
    /// Since the watch loop last ran; nil where none runs.
    var silence: Duration?
    /// How long nothing has begun although something could.
    var poolStall: Duration?
    /// How long nothing was received although something could be.
    var intakeStall: Duration?
    /// Messages that wait in the worker's queues.
    var waiting = 0
    /// How long it may stand still.
    var timeout: Duration = .seconds(30)
    var now = ContinuousClock.now

    func judge() -> WorkerHealth {
        let alive = liveness
        return WorkerHealth(
            startup: WorkerHealth.Probe([WorkerHealth.Check("started", problem: startupProblem)]),
            readiness: WorkerHealth.Probe(readiness + alive),
            liveness: WorkerHealth.Probe(alive)
        )
    }

    private var startupProblem: String? {
        guard work.startedAt == nil else { return nil }
        let problem = brokerProblem ?? lifeProblem ?? poolProblem ?? consumerProblem
        return "no task can be taken yet: \(problem ?? "it is being prepared")"
    }

    private var readiness: [WorkerHealth.Check] {
        let isRunning = phase == .running
        return [
            WorkerHealth.Check("worker", problem: lifeProblem),
            WorkerHealth.Check("broker", problem: brokerProblem),
            WorkerHealth.Check("pool", problem: isRunning ? poolProblem : nil),
            WorkerHealth.Check("consumer", problem: isRunning ? consumerProblem : nil),
            WorkerHealth.Check("outcomes", problem: text(.settling, "outcomes cannot be stored")),
        ]
    }

    private var lifeProblem: String? {
        switch phase {
        case .idle: "the worker has not been started"
        case .ended: "the worker has ended"
        case .connecting: "the broker has not been reached yet"
        case .running: work.shutdown.map { "a \($0) shutdown is under way" }
        }
    }

    private var brokerProblem: String? {
        // One finds out before the other.
        let since = [troubles[.intake]?.since, troubles[.sampling]?.since].compactMap { $0 }.min()
        return text(.connecting, "cannot connect to the broker") ?? text(.intake, "the broker is away", since: since)
            ?? text(.sampling, "the broker is away", since: since) ?? text(.starting, "tasks cannot be marked as begun")
    }

    private var poolProblem: String? { work.poolIsReady ? nil : "the pool is not ready" }
    private var consumerProblem: String? { work.hasEpoch ? nil : "no consumer is open at the broker" }

    private func text(
        _ place: Troubles.Place,
        _ what: String,
        since: ContinuousClock.Instant? = nil
    ) -> String? {
        guard let trouble = troubles[place] else { return nil }
        return "\(what) (for \(Self.seconds(now - (since ?? trouble.since)))): \(trouble.text)"
    }

    private var liveness: [WorkerHealth.Check] {
        [
            WorkerHealth.Check(
                "threads",
                problem: standsStill(silence) { "the threads that Swift runs tasks on have been blocked for \($0)" }
            ),
            WorkerHealth.Check(
                "starting",
                problem: standsStill(poolStall) {
                    "the pool has begun nothing for \($0) although tasks wait (\(work.unbegun)) "
                        + "and \(max(0, work.slots - work.busy)) of \(work.slots) slots are free"
                }
            ),
            WorkerHealth.Check(
                "consuming",
                problem: standsStill(intakeStall) {
                    "nothing was received for \($0) although messages wait in the queues (\(waiting))"
                }
            ),
        ]
    }

    private func standsStill(_ length: Duration?, _ problem: (String) -> String) -> String? {
        guard let length, length >= timeout else { return nil }
        return problem(Self.seconds(length))
    }

    /// `41 s`, `0.3 s`.
    private static func seconds(_ duration: Duration) -> String {
        let seconds = duration.inSeconds
        return seconds < 10 ? "\((seconds * 10).rounded() / 10) s" : "\(Int(seconds)) s"
    }
}
