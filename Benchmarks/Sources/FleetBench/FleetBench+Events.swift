//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Celery
import Foundation

extension FleetBench {
    /// What of task events is told while they are counted. Somebody listens in any case.
    private enum Audience: String, CaseIterable {
        case nothing = "events off, one fast subscriber"
        case fast = "events on, one fast subscriber"
        case fastAndStopped = "events on, one fast subscriber and one that is stopped"
    }

    /// One load.
    private struct Sample {
        /// Of the worker, microseconds a task.
        var cost: Double
        /// Tasks a second, from the first that was sent to the last that has ended.
        var rate: Double
        var count: Int
        /// Tasks of which the fast subscriber heard that they were received, had started and had ended.
        var heard: Int
        var dropped: Int
    }

    /// What a task costs the worker at a steady rate.
    func events(_ pool: Pool) async throws {
        var samples: [Audience: [Sample]] = [:]
        // In turn: what else the machine does meets all alike.
        for _ in 0..<options.rounds {
            for audience in Audience.allCases {
                let sample = try await sample(audience, pool)
                samples[audience, default: []].append(sample)
            }
        }
        let off = quantile((samples[.nothing] ?? []).map(\.cost), 0.5) ?? 0
        for audience in Audience.allCases { report(audience, samples[audience] ?? [], off: off, pool) }
    }

    /// What events cost where the worker's batches are full with and without them. At a steady rate they are not: a worker that has
    /// to share its cores with a busy listener finds more whenever it looks, and so takes less for each.
    func eventsOfDrain(_ pool: Pool) async throws {
        var costs: [Audience: [Double]] = [:]
        for _ in 0..<options.rounds {
            for audience in [Audience.nothing, .fast] {
                costs[audience, default: []].append(try await drain(audience, pool))
            }
        }
        guard let off = quantile(costs[.nothing] ?? [], 0.5), let on = quantile(costs[.fast] ?? [], 0.5) else { return }
        add(
            "drain of \(options.drained) tasks, events off, one fast subscriber: worker CPU a task, µs",
            pool,
            number(off, 1)
        )
        add("… events on", pool, number(on, 1))
        add("… what events cost a task, µs", pool, number(on - off, 1))
    }

    /// The worker's CPU for each task of a queue that was filled before, in microseconds; its start is in it.
    private func drain(_ audience: Audience, _ pool: Pool) async throws -> Double {
        try await clear()
        let load = try MeasuredProcess(["load", "\(options.drained)", "1"])
        while load.isRunning { try await Task.sleep(for: .milliseconds(20)) }
        load.stop()
        let listener = try await listener(path("heard-\(UUID().uuidString)"))
        let worker = try await worker(pool, ["--loglevel=WARNING"] + (audience == .nothing ? [] : ["-E"]))
        while try await queued() > 0 { try await Task.sleep(for: .milliseconds(20)) }
        let cost = worker.cpu / Double(max(1, try await processed())) * 1e6
        listener.signal(SIGKILL)
        listener.stop()
        worker.stop()
        return cost
    }

    private func sample(_ audience: Audience, _ pool: Pool) async throws -> Sample {
        try await clear()
        let switches = audience == .nothing ? [] : ["-E"]
        let worker = try await worker(pool, ["--loglevel=WARNING"] + switches)
        let file = path("heard-\(UUID().uuidString)")
        let listener = try await listener(file)
        let stopped = audience == .fastAndStopped ? try await self.listener(path("stopped-\(UUID().uuidString)")) : nil
        stopped?.signal(SIGSTOP)
        let before = worker.cpu
        let begun = ContinuousClock.now
        let load = try MeasuredProcess(["load", "\(options.rate)", "\(options.seconds)"])
        while load.isRunning { try await Task.sleep(for: .milliseconds(20)) }
        while try await queued() > 0 { try await Task.sleep(for: .milliseconds(20)) }
        let elapsed = seconds(ContinuousClock.now - begun)
        let count = try await processed()
        let cost = (worker.cpu - before) / Double(max(1, count)) * 1e6
        let heard = try await read(file, audience == .nothing ? 0 : count)
        stopped?.signal(SIGCONT)
        for process in [listener, stopped, load] { process?.signal(SIGKILL) }
        for process in [listener, stopped, load] { process?.stop() }
        worker.stop()
        return Sample(
            cost: cost,
            rate: Double(count) / elapsed,
            count: count,
            heard: heard?.whole ?? 0,
            dropped: heard?.dropped ?? 0
        )
    }

    private func listener(_ file: String) async throws -> MeasuredProcess {
        let listener = try MeasuredProcess(["listen", file])
        while Listener.read(file) == nil, listener.isRunning { try await Task.sleep(for: .milliseconds(5)) }
        return listener
    }

    private func processed() async throws -> Int {
        guard case .object(let total)? = try await tasks.app.inspect(control).stats()[Self.node]?["total"],
            case .int(let count)? = total["fleet.silent"]
        else { return 0 }
        return count
    }

    /// What the fast one has heard, when it has heard of all.
    private func read(_ file: String, _ count: Int) async throws -> Listener.Heard? {
        let patience = ContinuousClock.now + .seconds(5)
        while (Listener.read(file)?.whole ?? 0) < count, ContinuousClock.now < patience {
            try await Task.sleep(for: .milliseconds(50))
        }
        return Listener.read(file)
    }

    private func report(_ audience: Audience, _ samples: [Sample], off: Double, _ pool: Pool) {
        func median(_ value: (Sample) -> Double) -> Double { quantile(samples.map(value), 0.5) ?? 0 }
        let cost = median { $0.cost }
        let what = "\(audience.rawValue), \(options.rate) tasks/s: worker CPU a task"
        add("\(what), median of \(samples.count), µs", pool, number(cost, 1))
        add("… tasks/s that it came to", pool, number(median { $0.rate }, 0), aim: "\(options.rate)")
        guard audience != .nothing else { return }
        if audience == .fast, off > 0 {
            add("… more than without events", pool, "\(number((cost / off - 1) * 100, 1)) %", aim: "≤ 20 %")
        }
        func sum(_ value: (Sample) -> Int) -> Int { samples.reduce(0) { $0 + value($1) } }
        add(
            "… of \(sum { $0.count }) tasks the fast one heard all three events of",
            pool,
            "\(sum { $0.heard })",
            aim: "all"
        )
        add("… messages it dropped", pool, "\(sum { $0.dropped })", aim: "0")
    }
}
