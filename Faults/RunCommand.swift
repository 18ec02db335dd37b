//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser

/// One campaign: so many blows, then the verdict. Exits with 1 when a promise was broken.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Strikes workers at random while tasks flow; exits with 1 when a promise was broken."
    )

    @Option(help: "early: Celery's default. late: acks_late with reject_on_worker_lost.")
    var contract: Contract = .late
    @Option(help: "prefork, async, threads or solo.")
    var pool = "prefork"
    @Option(help: "sqlite, or redis: a redis-server of its own that writes everything to its disk.")
    var broker = Broker.sqlite
    @Option(help: "How many blows.")
    var kills = 20
    @Option(help: "Workers at a time.")
    var workers = 2
    @Option(help: "Slots of each worker.")
    var concurrency = 2
    @Option(help: "Tasks sent per second.")
    var rate = 20.0
    @Option(help: "The workers' lease in seconds.")
    var lease = 10.0
    @Option(help: "Repeats a campaign's decisions; drawn when not given.")
    var seed: UInt64?
    @Option(help: "A folder to keep ledger, logs and store in; deleted after a campaign that kept all promises.")
    var folder: String
    @Option(help: "A Markdown file to append the figures to.")
    var report: String?

    enum Broker: String, ExpressibleByArgument, CaseIterable {
        case sqlite, redis
    }

    func run() async throws {
        let seed = seed ?? UInt64.random(in: 0..<1_000_000)
        let title =
            "\(broker.rawValue), \(contract.rawValue) acknowledgement, \(pool), \(kills) blows, lease \(lease) s"
        print("\(title), seed \(seed)")
        let campaign = try Campaign(options: self, seed: seed)
        let verdict = try await campaign.run()

        let width = verdict.figures.map(\.name.count).max() ?? 0
        for (name, value) in verdict.figures {
            print("  \(name)\(String(repeating: " ", count: width - name.count))  \(value)")
        }
        for breach in verdict.broken.prefix(20) { print("  BROKEN: \(breach)") }
        if verdict.broken.count > 20 { print("  BROKEN: … and \(verdict.broken.count - 20) more") }
        if let report { try append(verdict, title: title, seed: seed, to: report) }
        guard verdict.broken.isEmpty else {
            print("  kept for a look: \(folder)")
            throw ExitCode(1)
        }
    }

    private func append(_ verdict: Verdict, title: String, seed: UInt64, to path: String) throws {
        var text = "\n## \(title)\n\n| figure | value |\n|---|---|\n| seed | \(seed) |\n"
        for (name, value) in verdict.figures { text += "| \(name) | \(value) |\n" }
        text += "| promises broken | \(verdict.broken.count) |\n"
        for breach in verdict.broken.prefix(20) { text += "\n- \(breach)" }
        try TextFile.append(text, to: path)
    }
}

extension Contract: ExpressibleByArgument {}
