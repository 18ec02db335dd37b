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
