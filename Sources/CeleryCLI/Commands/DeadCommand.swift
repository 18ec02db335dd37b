//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryCore
import CeleryKit
import CeleryWire

/// `celery dead`: the messages that were set aside.
struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Messages that were set aside: list, show, replay, purge.",
        discussion: """
            A message is set aside when no task of its name is registered, when it cannot \
            be read, or when the processes that ran it died too often.
            """,
        subcommands: [DeadListCommand.self, DeadShowCommand.self, DeadReplayCommand.self, DeadPurgeCommand.self],
        defaultSubcommand: DeadListCommand.self
    )
}

/// Which dead letters.
struct DeadSelection: ParsableArguments {
    @Option(
        name: [.customShort("Q", allowingJoined: true), .long],
        help: ArgumentHelp("Only from this queue.", valueName: "name")
    )
    var queue: String?

    @Option(
        name: [.customShort("t", allowingJoined: true), .long],
        help: ArgumentHelp("Only of this task.", valueName: "name")
    )
    var task: String?

    func selection(_ ids: [String]) -> DeadLetterSelection {
        DeadLetterSelection(ids: ids.isEmpty ? nil : ids, queue: queue, taskName: task)
    }

    /// Whether it names anything.
    func isEmpty(_ ids: [String]) -> Bool { ids.isEmpty && queue == nil && task == nil }
}

struct DeadListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List them, newest first.")

    @OptionGroup var selection: DeadSelection

    @Option(
        name: [.customShort("n", allowingJoined: true), .long],
        help: ArgumentHelp("At most so many.", valueName: "n")
    )
    var limit = 50

    @Flag(help: "Print a JSON list.")
    var json = false

    mutating func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is \(limit); it has to be 1 or more") }
    }

    func run() async throws {
        let context = try CommandContext.current
        try await context.applySettings()
        let transport = try await context.app.transport()
        let letters = try await transport.deadLetters.list(selection.selection([]), limit: limit)
        if json {
            Terminal.say(CeleryValue.array(letters.map { .object(DeadLetterText.object($0)) }).settingJSON)
            return
        }
        guard !letters.isEmpty else {
            if !context.globals.isQuiet { Terminal.say("There are no dead letters in \(transport.location).") }
            return
        }
        var table = TextTable("No", "Died at", "Task", "Queue", "Reason")
        for letter in letters {
            table.add(
                String(letter.number),
                String(letter.diedAt.iso8601.prefix(19)),
                DeadLetterText.label(letter),
                letter.queue,
                letter.reason.code
            )
        }
        Terminal.say(table.text)
        if letters.count == limit, !context.globals.isQuiet {
            Terminal.complain("These are the newest \(limit); --limit shows more.")
        }
    }
}

struct DeadShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one with its message."
    )

    @Argument(help: ArgumentHelp("Its number, or the id of its task.", valueName: "number or id"))
    var id: String

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() async throws {
        let context = try CommandContext.current
        try await context.applySettings()
        let store = try await context.app.transport().deadLetters
        guard let letter = try await store.list(DeadLetterSelection(ids: [id]), limit: 1).first else {
            throw CommandFailure("there is no dead letter \(id)")
        }
        if json {
            var object = DeadLetterText.object(letter)
            let message = DeadLetterMessage(letter.raw, codec: context.app.codec)
            for (key, value) in message.members.members { object[key] = value }
            Terminal.say(CeleryValue.object(object).settingJSON)
        } else {
            Terminal.say(DeadLetterText.page(letter, codec: context.app.codec))
        }
    }
}

struct DeadReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Put them back on their queues, under the same id.",
        usage: "celery dead replay [<options>] [<number or id> ...]"
    )

    @Argument(help: ArgumentHelp("Numbers, or ids of tasks.", valueName: "number or id"))
    var ids: [String] = []

    @OptionGroup var selection: DeadSelection

    @Flag(help: "All of them.")
    var all = false

    @Flag(help: "Print {\"replayed\": …}.")
    var json = false

    func run() async throws {
        guard all || !selection.isEmpty(ids) else {
            throw CommandFailure.usage("say which: numbers, ids, --queue, --task or --all", help: "dead replay")
        }
        let context = try CommandContext.current
        try await context.applySettings()
        let count = try await context.app.transport().deadLetters.replay(selection.selection(ids))
        try DeadCount(key: "replayed", verb: "Replayed", count: count).say(asJSON: json, wanted: ids, context)
    }
}

struct DeadPurgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Delete them.",
        usage: "celery dead purge [<options>] [<number or id> ...]"
    )

    @Argument(help: ArgumentHelp("Numbers, or ids of tasks.", valueName: "number or id"))
    var ids: [String] = []

    @OptionGroup var selection: DeadSelection

    @Flag(help: "All of them.")
    var all = false

    @Flag(name: [.customShort("f"), .long], help: "Do not ask.")
    var force = false

    @Flag(help: "Print {\"purged\": …}.")
    var json = false

    func run() async throws {
        guard all || !selection.isEmpty(ids) else {
            throw CommandFailure.usage("say which: numbers, ids, --queue, --task or --all", help: "dead purge")
        }
        let context = try CommandContext.current
        try await context.applySettings()
        let transport = try await context.app.transport()
        if !force { try Confirmation.ask("Delete dead letters in \(transport.location)?") }
        let count = try await transport.deadLetters.purge(selection.selection(ids))
        try DeadCount(key: "purged", verb: "Deleted", count: count).say(asJSON: json, wanted: ids, context)
    }
}
