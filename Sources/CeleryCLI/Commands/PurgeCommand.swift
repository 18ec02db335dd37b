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

/// `celery purge`: deletes what waits in the queues.
struct PurgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Delete all messages that wait in the queues.",
        discussion: "Messages that a worker holds are not deleted. There is no undo."
    )

    @Flag(name: [.customShort("f"), .long], help: "Do not ask.")
    var force = false

    @OptionGroup var selection: PurgeSelection

    @Flag(help: "Print {\"queues\": …, \"purged\": …}.")
    var json = false

    func run() async throws {
        let context = try CommandContext.current
        try await context.applySettings()
        let queues = try Router(context.app.settings)
            .queues(only: selection.queues?.names, excluding: selection.excludeQueues?.names ?? [])
            .map(\.name)
        guard !queues.isEmpty else { throw CommandFailure.usage("no queue is left: all are excluded", help: "purge") }
        let transport = try await context.app.transport()
        if !force { try ask(queues, at: transport.location, context) }
        let count = try await transport.purge(queues)
        if json {
            let object: CeleryObject = ["queues": .array(queues.map { .string($0) }), "purged": .int(count)]
            Terminal.say(CeleryValue.object(object).settingJSON)
        } else {
            let known = "\(queues.count) known task \(queues.count == 1 ? "queue" : "queues")"
            let messages = count == 1 ? "message" : "messages"
            Terminal.say(
                count == 0
                    ? "No messages purged from \(known) in \(transport.location)."
                    : "Purged \(count) \(messages) from \(known)."
            )
        }
    }

    private func ask(_ queues: [String], at place: String, _ context: CommandContext) throws(CommandFailure) {
        Terminal.complain(
            """
            \(context.terminal(2).paint("WARNING", .red)): this deletes all tasks from: \(queues.joined(separator: ", "))
                     in \(place)
                     There is no undo! (-f does not ask)
            """
        )
        try Confirmation.ask("Delete all tasks?")
    }
}

struct PurgeSelection: ParsableArguments {
    @Option(
        name: [.customShort("Q", allowingJoined: true), .long],
        help: ArgumentHelp("Only these queues.", valueName: "a,b")
    )
    var queues: NameList?

    @Option(
        name: [.customShort("X", allowingJoined: true), .long],
        help: ArgumentHelp("Not these queues.", valueName: "a,b")
    )
    var excludeQueues: NameList?
}

/// Asks before something that cannot be undone.
enum Confirmation {
    /// - Throws: ``CommandFailure`` unless the answer is yes; the end of the input is a no.
    static func ask(_ question: String) throws(CommandFailure) {
        Terminal.write("\(question) [yes/NO] ", to: 2)
        let answer = readLine()?.lowercased() ?? ""
        guard ["y", "yes"].contains(answer) else { throw CommandFailure("nothing was deleted") }
    }
}
