//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import Celery

/// One executable is worker, client and supervisor: `FaultHarness run` starts itself again as the other two.
@main
enum Program {
    static func main() async throws {
        if let verb = CommandLine.arguments.dropFirst().first,
            ["run", "produce", "soak", "pace", "--help", "-h"].contains(verb)
        {
            await FaultHarness.main()
        } else {
            await CeleryCommand.main(try LedgerTasks(environment: .current).app)
        }
    }
}

/// What the supervisor's command line offers.
struct FaultHarness: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Kills workers at random while tasks flow, and counts what became of every task.",
        subcommands: [RunCommand.self, ProduceCommand.self, SoakCommand.self, PaceCommand.self]
    )
}
