//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser

/// A steady load for a long time, while connections come and go; exits with 1 when something grew or a task was lost.
struct SoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Sends tasks steadily for a long time; exits with 1 when something grew or a task was lost."
    )

    @Option(help: "How long.")
    var minutes = 30.0
    @Option(help: "Tasks sent per second.")
    var rate = 2000.0
    @Option(help: "prefork, async, threads or solo.")
    var pool = "async"
    @Option(help: "Slots of the worker.")
    var concurrency = 16
    @Option(help: "Every so many seconds a connection of the worker is closed and a client comes and goes; 0: never.")
    var churn = 3.0
    @Option(help: "A folder to keep counts and logs in.")
    var folder: String
    @Option(help: "A Markdown file to append the figures to.")
    var report: String?

    func run() async throws {
        let title = "\(pool), \(Int(rate)) tasks a second for \(minutes) minutes, churn every \(churn) s"
        print(title)
        let soak = try Soak(self)
        let (verdict, samples) = try await soak.run()
        var text = "\n## \(title)\n\n| figure | value |\n|---|---|\n"
        for (name, value) in verdict.figures { text += "| \(name) | \(value) |\n" }
        text += "| promises broken | \(verdict.broken.count) |\n"
        for breach in verdict.broken { text += "\n- \(breach)" }
        text += "\n" + table(of: samples)
        print(text)
        if let report { try TextFile.append(text, to: report) }
        guard verdict.broken.isEmpty else { throw ExitCode(1) }
    }

    /// About thirty of the samples.
    private func table(of samples: [SoakSample]) -> String {
        let step = max(1, samples.count / 30)
        var text = "| s | run | worker PSS, MB | RSS, MB | descriptors | server, MB | keys | clients | waiting "
        text += "| latency, ms | at most |\n|---|---|---|---|---|---|---|---|---|---|---|\n"
        for index in stride(from: step - 1, to: samples.count, by: step) {
            let sample = samples[index]
            let cells = [
                "\(Int(sample.seconds))", "\(sample.runs)", SoakVerdict.tenths(sample.pss),
                SoakVerdict.tenths(sample.rss), "\(sample.descriptors)", SoakVerdict.tenths(sample.serverMemory),
                "\(sample.keys)", "\(sample.clients)", "\(sample.waiting)",
                SoakVerdict.tenths(sample.medianLatency), SoakVerdict.tenths(sample.worstLatency),
            ]
            text += "| \(cells.joined(separator: " | ")) |\n"
        }
        return text
    }
}
