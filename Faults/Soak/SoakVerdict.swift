//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What a soak shows: memory that is the same in its last quarter as in its second, and every task run once.
struct SoakVerdict {
    private(set) var figures: [(name: String, value: String)] = []
    private(set) var broken: [String] = []

    init(_ samples: [SoakSample], sent: Int, run: Int, rate: Double) {
        let seconds = samples.last?.seconds ?? 0
        figures = [
            ("tasks sent", "\(sent)"), ("tasks run", "\(run)"),
            ("tasks a second", seconds > 0 ? "\(Int(Double(samples.last?.runs ?? 0) / seconds))" : "–"),
            ("… asked for", "\(Int(rate))"),
            ("latency, median of the samples' medians", "\(Self.tenths(Self.median(samples.map(\.medianLatency)))) ms"),
            ("latency, at most", "\(Self.tenths(samples.map(\.worstLatency).max() ?? 0)) ms"),
            ("tasks that waited, at most", "\(samples.map(\.waiting).max() ?? 0)"),
        ]
        if sent != run { broken.append("\(sent) tasks were sent and \(run) were run") }
        guard samples.count >= 8 else {
            broken.append("\(samples.count) samples are too few to tell anything")
            return
        }
        // What may be added without being growth: an allocator's and a server's own pace.
        judge("worker, PSS in MB", samples.map(\.pss), slack: 4)
        judge("worker, RSS in MB", samples.map(\.rss), slack: 4)
        judge("server, used_memory in MB", samples.map(\.serverMemory), slack: 4)
        judge("server, keys", samples.map { Double($0.keys) }, slack: 500)
    }

    /// The last quarter may be a tenth above the second, and the slack.
    private mutating func judge(_ name: String, _ values: [Double], slack: Double) {
        let quarter = values.count / 4
        let second = Self.mean(values[quarter..<2 * quarter])
        let last = Self.mean(values[(values.count - quarter)...])
        figures.append(("\(name), second quarter → last", "\(Self.tenths(second)) → \(Self.tenths(last))"))
        if last > second * 1.1 + slack {
            broken.append("\(name) has grown from \(Self.tenths(second)) to \(Self.tenths(last))")
        }
    }

    mutating func breach(_ what: String) { broken.append(what) }

    private static func mean(_ values: ArraySlice<Double>) -> Double {
        values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }
    private static func median(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.sorted()[values.count / 2] }
    static func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
