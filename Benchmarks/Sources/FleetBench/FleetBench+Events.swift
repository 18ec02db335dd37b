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
    /// Who listens to task events while they are counted.
    private enum Audience: String, CaseIterable {
        case nobody = "events off"
        case fast = "events on, one fast subscriber"
        case fastAndStopped = "events on, one fast subscriber and one that is stopped"
    }

    /// What a task costs the worker at a steady rate.
    func events(_ pool: Pool) async throws {
        var off: Double?
        for audience in Audience.allCases {
            try await clear()
            let worker = try await worker(pool, audience == .nobody ? "--loglevel=WARNING" : "-E")
            let file = path("heard-\(UUID().uuidString)")
            let listener = audience == .nobody ? nil : try await listener(file)
            let stopped = audience == .fastAndStopped ? try await self.listener(path("stopped-\(getpid())")) : nil
            stopped?.signal(SIGSTOP)
            let before = worker.cpu
            let load = try MeasuredProcess(["load", "\(options.rate)", "\(options.seconds)"])
            while load.isRunning { try await Task.sleep(for: .milliseconds(20)) }
            while try await queued() > 0 { try await Task.sleep(for: .milliseconds(20)) }
            let count = try await processed()
            let cost = (worker.cpu - before) / Double(max(1, count)) * 1e6
            add("\(audience.rawValue), \(options.rate) tasks/s: worker CPU a task, µs", pool, number(cost, 1))
            if let off, audience == .fast {
                add("… more than without events", pool, "\(number((cost / off - 1) * 100, 1)) %", aim: "≤ 20 %")
            }
            if audience == .nobody { off = cost }
            if listener != nil { try await report(file, count, pool) }
            stopped?.signal(SIGCONT)
            for process in [listener, stopped, load] { process?.signal(SIGKILL) }
            for process in [listener, stopped, load] { process?.stop() }
            worker.stop()
        }
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

    /// How many of the tasks that have ended the fast one has heard of.
    private func report(_ file: String, _ count: Int, _ pool: Pool) async throws {
        let patience = ContinuousClock.now + .seconds(5)
        while (Listener.read(file)?.succeeded ?? 0) < count, ContinuousClock.now < patience {
            try await Task.sleep(for: .milliseconds(50))
        }
        let heard = Listener.read(file)
        add("… of \(count) tasks the fast one heard the end of", pool, "\(heard?.succeeded ?? 0)", aim: "all")
        add("… messages it dropped", pool, "\(heard?.dropped ?? 0)", aim: "0")
    }
}
