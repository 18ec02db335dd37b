//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser

/// The command line's first page, with the global options.
struct RootCommand: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: ProgramName.current,
            abstract: "A distributed task queue that speaks Python Celery's protocol.",
            usage: "celery [<global options>] <command> [<options of the command>]",
            discussion: """
                The options of commands, and the global ones, are also read from the environment: CELERY_BROKER_URL, \
                CELERY_WORKER_CONCURRENCY, …; settings as CELERY_ and the setting's name.

                Celery's other commands (beat, …) come with later versions.
                """,
            version: "swift-celery \(Version.current)",
            subcommands: commands
        )
    }

    static let commands: [any ParsableCommand.Type] = [
        WorkerCommand.self, CallCommand.self, ResultCommand.self, PurgeCommand.self, ListCommand.self, DeadCommand.self,
        DoctorCommand.self, ReportCommand.self, InspectCommand.self, ControlWorkersCommand.self, StatusCommand.self,
        EventsCommand.self, MultiCommand.self, GraphCommand.self,
    ]

    @OptionGroup var globals: GlobalOptions
}

/// What the program is called, for what a shell is to complete: a user's program is typed by its own name.
enum ProgramName {
    @TaskLocal static var current: String = "celery"
}

/// The same without global options: what stands behind them is parsed by this one, see ``ArgumentSplit``.
struct CommandsOnly: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "celery", subcommands: RootCommand.commands)
}
