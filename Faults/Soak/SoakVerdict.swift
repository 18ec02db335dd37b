//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// What a soak shows: nothing that grows, neither from its second quarter to its last nor from minute 5 to the last minute,
/// and every task run once.
struct SoakVerdict {
    private(set) var figures: [(name: String, value: String)] = []
    private(set) var broken: [String] = []

    /// From so many seconds on minute 5 is compared as well: before, it is part of the start.
    private static let long = 600.0
    private static let minute5 = 240.0...300.0

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
        // What may be added without being growth: an allocator's and a server's own pace, connections that come and go, a
        // machine that has something else to do.
        judge("worker, PSS in MB", samples, slack: 4) { $0.pss }
        judge("worker, RSS in MB", samples, slack: 4) { $0.rss }
        judge("worker, file descriptors", samples, slack: 4) { Double($0.descriptors) }
        judge("server, used_memory in MB", samples, slack: 4) { $0.serverMemory }
        judge("server, keys", samples, slack: 500) { Double($0.keys) }
        judge("server, connected clients", samples, slack: 6) { Double($0.clients) }
        judge("latency, median in ms", samples, slack: 2) { $0.medianLatency }
    }

    /// What comes later may be a tenth above what was earlier, and the slack.
    private mutating func judge(
        _ name: String,
        _ samples: [SoakSample],
        slack: Double,
        _ value: (SoakSample) -> Double
    ) {
        let values = samples.map(value)
        let quarter = values.count / 4
        let second = Self.mean(Array(values[quarter..<2 * quarter]))
        let last = Self.mean(Array(values[(values.count - quarter)...]))
        compare("\(name), second quarter → last", second, last, slack: slack)
        guard let end = samples.last?.seconds, end >= Self.long else { return }
        let early = samples.filter { Self.minute5.contains($0.seconds) }.map(value)
        let late = samples.filter { $0.seconds > end - 60 }.map(value)
        guard !early.isEmpty else { return }
        compare("\(name), minute 5 → last minute", Self.mean(early), Self.mean(late), slack: slack)
    }

    private mutating func compare(_ name: String, _ before: Double, _ after: Double, slack: Double) {
        figures.append((name, "\(Self.tenths(before)) → \(Self.tenths(after))"))
        if after > before * 1.1 + slack {
            broken.append("\(name): has grown from \(Self.tenths(before)) to \(Self.tenths(after))")
        }
    }

    mutating func add(_ name: String, _ value: String) { figures.append((name, value)) }
    mutating func breach(_ what: String) { broken.append(what) }

    private static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }
    private static func median(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.sorted()[values.count / 2] }
    static func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
