//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import BenchSupport
import Celery
import Foundation

/// Whether much that waits costs anything: a million messages, a million ETAs, a hundred thousand results, ten idle workers.
/// Only ours: the question is whether the figures stay what they are with little.
extension RedisBench {
    mutating func scale() async throws {
        let most = options.isQuick ? 100_000 : 1_000_000
        var rows = [["what", "few", "many"]]
        rows += try await wakeUp()
        if options.only.contains("scale") {
            rows += try await waitingMessages(most)
            rows += try await waitingETAs(most)
            rows += try await waitingResults(most / 10)
        }
        scales = rows
    }

    var scaleTable: String {
        guard let head = scales.first else { return "" }
        let lines = ["| " + head.joined(separator: " | ") + " |", "|---|---:|---:|"]
        return (lines + scales.dropFirst().map { "| " + $0.joined(separator: " | ") + " |" }).joined(separator: "\n")
    }

    // MARK: Messages

    /// One drain, at its beginning, where most are still there, and at its end; and what another queue's worker is to the rest.
    private func waitingMessages(_ count: Int) async throws -> [[String]] {
        try server.clear()
        var sides: [Side] = []
        for waiting in [0, count] {
            if waiting > 0 { try await fillInBulk(waiting) }
            let other = try worker(.async, ["-l", "INFO", "-Q", "other"])
            try await other.waitUntilReady()
            sides.append(Side(try await latencies(500, SendOptions(queue: "other"))))
            other.stop()
        }
        let connection = try BareConnection(port: server.port)
        let worker = try worker(.async)
        let looks = try await looks(at: worker, until: 0, connection)
        worker.stop()
        let slices = [(0.0, 0.12), (0.0, 0.98)]
            .map { (low, high) in
                looks.filter { Double($0.left) / Double(count) >= low && Double($0.left) / Double(count) <= high }
            }
        let (late, early) = (Array(slices[0]), Array(slices[1].prefix { Double($0.left) >= Double(count) * 0.88 }))
        let name = Report.text(Double(count), 0)
        return [
            row("drain, tasks/s, with up to \(name) waiting", rate(late), rate(early), 0),
            row("… worker's memory, PSS, MB", late.last?.memory, early.last?.memory, 1),
            row("… server's CPU a task, µs", work(late), work(early), 1),
            row("send → start on another queue meanwhile, p50, ms", sides[0].median, sides[1].median, 2),
            row("… p99, ms", sides[0].tail, sides[1].tail, 2),
        ]
    }

    private struct Look {
        var at: ContinuousClock.Instant
        var left: Int
        /// MB.
        var memory: Double
        var serverCPU: Double
    }

    private func looks(at worker: MeasuredProcess, until end: Int, _ connection: BareConnection) async throws -> [Look]
    {
        var looks: [Look] = []
        let giveUp = ContinuousClock.now + .seconds(180)
        while worker.isRunning, ContinuousClock.now < giveUp {
            let status = try await tasks.app.transport().status(of: ["celery"]).first
            let left = (status?.ready ?? 0) + (status?.held ?? 0)
            looks.append(
                Look(at: .now, left: left, memory: Double(worker.memory) * 1.024 / 1000, serverCPU: try server.work.cpu)
            )
            if left <= end { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        return looks
    }

    private func rate(_ looks: [Look]) -> Double? {
        guard let first = looks.first, let last = looks.last, first.at < last.at else { return nil }
        return Double(first.left - last.left) / seconds(last.at - first.at)
    }

    private func work(_ looks: [Look]) -> Double? {
        guard let first = looks.first, let last = looks.last, first.left > last.left else { return nil }
        return (last.serverCPU - first.serverCPU) / Double(first.left - last.left) * 1e6
    }

    private func fillInBulk(_ count: Int) async throws {
        let transport = try await tasks.app.transport()
        for start in stride(from: 0, to: count, by: 500) {
            try await transport.publish((start..<start + 500).map { Self.message($0) }, timeout: .seconds(10))
        }
    }

    // MARK: ETAs

    /// All due within a minute, and as many as the many are in the same rate at the few.
    private func waitingETAs(_ count: Int) async throws -> [[String]] {
        var sides: [(lateness: Side, memory: Double, commands: Double)] = []
        for count in [count / 1000, count] {
            try server.clear()
            let path = folder.appendingPathComponent("starts").path
            truncate(path, 0)
            let worker = try worker(.async, ["-l", "INFO"])
            try await worker.waitUntilReady()
            let lead = Duration.seconds(options.isQuick ? 10 : 100)
            let first = Timestamp.now.advanced(by: lead)
            try await publishETAs(count, from: first, over: options.isQuick ? 10 : 60)
            let spare = first.unixSeconds - Timestamp.now.unixSeconds
            if spare < 1 { say("publishing \(count) ETAs took so long that \(-spare) s of them were late already") }
            try await untilParked(count, within: spare)
            let before = try server.work
            let span = max(0.2, min(first.unixSeconds - Timestamp.now.unixSeconds - 0.5, 5))
            try await Task.sleep(for: .seconds(span))
            let commands = (try server.work - before).commands / span
            let memory = Double(worker.memory) * 1.024 / 1000
            let values = try await stamps(count, within: lead + .seconds(150))
            if values.count < count { say("\(count - values.count) of \(count) ETAs are missing") }
            worker.stop()
            sides.append((Side(values), memory, commands))
        }
        let name = Report.text(Double(count), 0)
        return [
            row(
                "ETAs, \(Report.text(Double(count / 1000), 0)) and \(name) in a minute: lateness p50, ms",
                sides.map(\.lateness.median)
            ),
            row("… lateness p99, ms (aim < 100)", sides.map(\.lateness.tail)),
            row("… worker's memory while all wait, PSS, MB", sides.map(\.memory), 1),
            row("… Redis commands/s while all wait", sides.map(\.commands), 1),
        ]
    }

    private func publishETAs(_ count: Int, from first: Timestamp, over span: Double) async throws {
        let stamp = tasks.stamp
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<256 {
                group.addTask {
                    for x in stride(from: lane, to: count, by: 256) {
                        let eta = first.advanced(by: .seconds(Double(x) * span / Double(count)))
                        try await stamp.applyAsync(eta.unixSeconds, options: SendOptions(eta: eta))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Until the worker has put all of them where they wait for their time.
    private func untilParked(_ count: Int, within seconds: Double) async throws {
        let connection = try BareConnection(port: server.port)
        let giveUp = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < giveUp {
            if Int(try connection.ask("ZCARD", "_swift.parked.of.celery")) == count { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        say("not all of \(count) ETAs were put aside before the first was due")
    }

    private func stamps(_ count: Int, within limit: Duration) async throws -> [Double] {
        let giveUp = ContinuousClock.now + limit
        let path = folder.appendingPathComponent("starts").path
        while true {
            let data = FileManager.default.contents(atPath: path) ?? Data()
            if data.count >= count * 8 || ContinuousClock.now > giveUp {
                return data.withUnsafeBytes { raw in
                    (0..<raw.count / 8).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
                }
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Milliseconds, of values in seconds.
    struct Side {
        var median: Double?
        var tail: Double?

        init(_ values: [Double]) {
            (median, tail) = (quantile(values, 0.5).map { $0 * 1000 }, quantile(values, 0.99).map { $0 * 1000 })
        }
    }

    private func row(_ name: String, _ few: Double?, _ many: Double?, _ decimals: Int) -> [String] {
        row(name, [few, many], decimals)
    }

    func row(_ name: String, _ values: [Double?], _ decimals: Int = 1) -> [String] {
        say("\(name): \(values.map { $0.map { Report.text($0, decimals) } ?? "?" }.joined(separator: ", "))")
        return [name] + values.map { $0.map { Report.text($0, decimals) } ?? "" }
    }
}
