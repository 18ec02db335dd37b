//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import Celery
import CeleryKit
import Synchronization

/// The client of a soak: sends so many tasks a second for so long, and then ends when all are sent.
struct PaceCommand: AsyncParsableCommand {
    /// Those that are on their way.
    private final class Tasks: Sendable { let count = Atomic(0) }

    static let configuration = CommandConfiguration(commandName: "pace", shouldDisplay: false)
    /// No more than that are on their way at a time.
    private static let width = 512

    @Option var rate: Double
    @Option var seconds: Double

    func run() async throws {
        let environment = CampaignEnvironment.current
        let tick = try LedgerTasks(environment: environment).tick
        let sent = try CountingFile(path: environment.sentTicks)
        let underWay = Tasks()
        let start = ContinuousClock.now
        var count = 0
        await withDiscardingTaskGroup { group in
            while true {
                let elapsed = (ContinuousClock.now - start) / .seconds(1)
                guard elapsed < seconds else { return }
                while Double(count) < elapsed * rate, underWay.count.load(ordering: .relaxed) < Self.width {
                    count += 1
                    underWay.count.add(1, ordering: .relaxed)
                    group.addTask {
                        do {
                            _ = try await tick.delay(1)
                            sent.count()
                        } catch {
                            print("not sent: \(error)")
                        }
                        underWay.count.subtract(1, ordering: .relaxed)
                    }
                }
                try? await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}
