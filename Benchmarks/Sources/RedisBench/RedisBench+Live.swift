//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Celery
import Foundation

extension RedisBench {
    /// One worker's life: start, one task at a time, an open loop, stop.
    mutating func live(_ system: System) async throws {
        try server.clear()
        let started = ContinuousClock.now
        let worker = try worker(system, ["-l", "INFO"])
        try await worker.waitUntilReady()
        let ready = seconds(ContinuousClock.now - started)
        report.add(row("start to ready, ms", 0, "< 100"), system, ready * 1000)
        if options.wants("latency") { try await latency(system) }
        if options.wants("open") { try await openLoop(system) }
        if options.wants("canvas") { try await canvas(system) }
        try await Task.sleep(for: .milliseconds(500))
        let stop = ContinuousClock.now
        worker.stop()
        report.add(row("warm stop when idle, ms", 0, "< 200"), system, seconds(ContinuousClock.now - stop) * 1000)
        say("live \(system.rawValue)")
    }

    private func row(_ name: String, _ decimals: Int, _ aim: String) -> Report.Row {
        Report.Row(name: name, decimals: decimals, aim: aim, isLessBetter: true)
    }

    /// One task at a time, between two processes.
    private mutating func latency(_ system: System) async throws {
        var starts: [Double] = []
        var results: [Double] = []
        if system.isCelery {
            let figures = try celery("latency", options.isQuick ? "200" : "300")
            starts = figures["starts"] as? [Double] ?? []
            results = figures["results"] as? [Double] ?? []
        } else {
            _ = try await tasks.moment.delay().get(timeout: .seconds(20))
            for _ in 0..<1000 {
                let sent = Timestamp.now.unixSeconds
                let started = try await tasks.moment.delay().get(timeout: .seconds(20))
                results.append(Timestamp.now.unixSeconds - sent)
                starts.append(started - sent)
            }
        }
        add("send → start, one at a time", starts, "< 0.4", "< 1.5", system)
        add("send → result, one at a time", results, "< 0.6", "< 2", system)
    }

    private mutating func add(
        _ name: String,
        _ values: [Double],
        _ median: String,
        _ tail: String,
        _ system: System
    ) {
        report.add(row("\(name), p50, ms", 2, median), system, quantile(values, 0.5).map { $0 * 1000 })
        report.add(row("\(name), p99, ms", 2, tail), system, quantile(values, 0.99).map { $0 * 1000 })
    }

    /// A thousand tasks a second, whatever becomes of them; each writes down how late it is.
    private mutating func openLoop(_ system: System) async throws {
        let count = options.isQuick ? 1500 : 2500
        let path = folder.appendingPathComponent("starts").path
        // The worker keeps it open.
        truncate(path, 0)
        if system.isCelery {
            _ = try celery("open", "\(count)", "1000")
        } else {
            let begin = ContinuousClock.now
            let stamp = tasks.stamp
            try await withThrowingTaskGroup(of: Void.self) { group in
                for x in 0..<count {
                    try await Task.sleep(until: begin + .milliseconds(x), tolerance: .zero)
                    group.addTask { try await stamp.delay(Timestamp.now.unixSeconds) }
                }
                try await group.waitForAll()
            }
        }
        var values: [Double] = []
        for _ in 0..<200 {
            let data = FileManager.default.contents(atPath: path) ?? Data()
            values = data.withUnsafeBytes { raw in
                (0..<raw.count / 8).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
            }
            if values.count >= count { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        if values.count < count { say("\(system.rawValue): \(count - values.count) of the open loop are missing") }
        add("open loop 1000/s, send → start", values, "< 0.35", "< 1.2", system)
    }

    /// Two idle workers with two children each, at servers of their own so that their commands can be told apart.
    mutating func idle() async throws {
        let systems = systems.filter { $0 == .celeryPrefork || $0 == .prefork }
        var pairs: [(System, BenchServer, MeasuredProcess)] = []
        for system in systems {
            let server = try BenchServer()
            pairs.append((system, server, try worker(system, ["-l", "INFO"], on: server)))
        }
        for (_, _, worker) in pairs { try await worker.waitUntilReady() }
        try await Task.sleep(for: .seconds(3))
        let before = try pairs.map { ($0.2.cpu, try $0.1.work) }
        try await Task.sleep(for: .seconds(options.idle))
        for ((system, server, worker), (cpu, work)) in zip(pairs, before) {
            let span = Double(options.idle)
            report.add(row("idle, two children: PSS, MB", 1, "< 25"), system, Double(worker.memory) * 1.024 / 1000)
            // Without the two looks of our own, and their connections.
            let commands = try server.work.commands - work.commands - 2
            report.add(row("idle: Redis commands/s", 2, ""), system, commands / span)
            report.add(row("idle: worker CPU, ms/s", 2, ""), system, (worker.cpu - cpu) * 1000 / span)
            worker.stop()
            server.stop()
        }
    }
}
