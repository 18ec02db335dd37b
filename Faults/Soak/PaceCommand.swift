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
    static let configuration = CommandConfiguration(commandName: "pace", shouldDisplay: false)
    /// No more than that are on their way at a time.
    private static let width = 512

    @Option var rate: Double
    @Option var seconds: Double

    func run() async throws {
        let environment = CampaignEnvironment.current
        let tick = try LedgerTasks(environment: environment).tick
        let sent = try CountingFile(path: environment.sentTicks)
        let underWay = Mutex(0)
        let start = ContinuousClock.now
        var count = 0
        await withDiscardingTaskGroup { group in
            while true {
                let elapsed = (ContinuousClock.now - start) / .seconds(1)
                guard elapsed < seconds else { return }
                while Double(count) < elapsed * rate, underWay.withLock({ $0 }) < Self.width {
                    count += 1
                    underWay.withLock { $0 += 1 }
                    group.addTask {
                        do {
                            _ = try await tick.delay(1)
                            sent.count()
                        } catch {
                            print("not sent: \(error)")
                        }
                        underWay.withLock { $0 -= 1 }
                    }
                }
                try? await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}
