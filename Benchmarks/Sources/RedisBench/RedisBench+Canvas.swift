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
    /// Workflows one after the other, from sending to the result in hand.
    mutating func canvas(_ system: System) async throws {
        guard !system.isCelery else {
            let figures = try celery("canvas", options.isQuick ? "1" : "3")
            for (name, key) in Self.shapes { for value in figures[key] as? [Double] ?? [] { add(name, system, value) } }
            return
        }
        let (inc, total) = (tasks.noop, tasks.total)
        for _ in 0..<(options.isQuick ? 3 : 9) {
            add(
                Self.shapes[0].0,
                system,
                try await timed {
                    _ = try await group((0..<1000).map { inc.s($0) }).then(total.s()).delay().get(timeout: .seconds(60))
                }
            )
            add(
                Self.shapes[1].0,
                system,
                try await timed {
                    _ = try await group((0..<1000).map { inc.s($0) }).delay().join(timeout: .seconds(60))
                }
            )
            add(
                Self.shapes[2].0,
                system,
                try await timed {
                    let steps = Array(repeating: inc.s(), count: 99)
                    _ = try await chain(inc.s(1), steps).delay().get(timeout: .seconds(60))
                }
            )
        }
        guard system == .async, !options.isQuick else { return }
        for count in [10_000, 100_000] {
            let seconds = try await timed {
                _ = try await group((0..<count).map { inc.s($0) }).then(total.s()).delay().get(timeout: .seconds(120))
            }
            report.add(
                Report.Row(
                    name: "chord of \(Report.text(Double(count), 0)), µs a member",
                    decimals: 1,
                    isLessBetter: true
                ),
                system,
                seconds * 1_000_000 / Double(count)
            )
        }
    }

    /// What the first messages of a chain of chords of ten take in the queue: each carries what is left to do.
    mutating func sizes() async throws {
        for count in [1, 2, 4, 8, 16, 32, 64] {
            let row = Report.Row(
                name: "chain of \(count) chords of ten: bytes a message",
                aim: "",
                isLessBetter: true
            )
            if options.python != nil, count <= 32 {
                try server.clear()
                _ = try celery("chords", "\(count)")
                report.add(row, .celeryPrefork, try bytesAMessage())
            }
            for limit in [nil, 16] {
                try server.clear()
                let app = CeleryApp("sizes", broker: server.url, backend: server.url) {
                    $0.taskChainInlineLimit = limit
                }
                let (inc, total) = (
                    app.task("bench.noop") { (x: Int) in x }, app.task("bench.total") { (_: [Int]) in 0 }
                )
                let first = group((0..<10).map { inc.s($0) }).then(total.s())
                let next = group((0..<10).map { _ in inc.s() }).then(total.s())
                _ = try await chain(first, Array(repeating: next, count: count - 1)).delay()
                let name = limit.map { row.name + ", task_chain_inline_limit \($0)" } ?? row.name
                report.add(Report.Row(name: name, aim: "", isLessBetter: true), .async, try bytesAMessage())
                await app.shutdown()
            }
        }
    }

    private func bytesAMessage() throws -> Double? {
        let script = """
            local bytes, messages = 0, redis.call('LRANGE', 'celery', 0, -1)
            for _, message in ipairs(messages) do bytes = bytes + #message end
            return #messages > 0 and math.floor(bytes / #messages) or 0
            """
        return Double(try BareConnection(port: server.port).ask("EVAL", script, "0"))
    }

    private static let shapes = [
        ("chord of 1,000, ms", "chord"), ("group of 1,000 joined, ms", "group"), ("chain of 100, ms", "chain"),
    ]

    private mutating func add(_ name: String, _ system: System, _ seconds: Double) {
        let aim = name.hasPrefix("chain") ? "8 ×" : "15 ×"
        report.add(Report.Row(name: name, decimals: 1, aim: aim, isLessBetter: true), system, seconds * 1000)
    }

    private func timed(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        return seconds(ContinuousClock.now - start)
    }
}
