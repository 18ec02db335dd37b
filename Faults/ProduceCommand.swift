//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import Celery
import CeleryKit
import CeleryWire

/// The client under test: sends tasks at a steady rate until it is stopped, and writes down what was accepted.
struct ProduceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "produce", shouldDisplay: false)

    @Option var contract: String
    @Option var rate: Double
    @Option var seed: UInt64
    /// No task takes longer, in milliseconds.
    @Option var longest = 200
    /// Nothing is for later; else one in ten is.
    @Flag var prompt = false

    func run() async throws {
        let environment = CampaignEnvironment.current
        let ledger = try Ledger(path: environment.ledger)
        let tasks = try LedgerTasks(environment: environment)
        var random = SplitMix64(state: seed)
        let task = contract == Contract.late.rawValue ? tasks.late : tasks.early
        while true {
            let milliseconds = Int.random(in: 1...longest, using: &random)
            let countdown =
                !prompt && Int.random(in: 0..<10, using: &random) == 0 ? Double.random(in: 0.2...3, using: &random) : 0
            let due = countdown > 0 ? Timestamp.now.advanced(bySeconds: countdown) : .now
            do {
                let options = SendOptions(countdown: countdown > 0 ? .bounded(seconds: countdown) : nil)
                let result = try await task.applyAsync(milliseconds, options: options)
                ledger.append(.sent(id: result.id, due: due, at: .now))
            } catch let error as CeleryError where error.code == .brokerUnavailable {
                // An error within its time is an answer: this task was not promised.
                print("not sent: \(error)")
            }
            try await Task.sleep(for: .seconds(1 / rate))
        }
    }
}
