//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryKit
import CeleryWire

/// `celery inspect`: asks the workers something.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Ask the workers.",
        usage: "celery inspect [<options>] <command> [<arguments>]",
        discussion: "Exit code 69 when no worker answers. --list shows the commands."
    )

    @OptionGroup var remote: RemoteArguments

    func run() async throws { try await remote.run(.inspect) }
}

/// `celery control`: has the workers do something.
struct ControlWorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control",
        abstract: "Steer the workers.",
        usage: "celery control [<options>] <command> [<arguments>]",
        discussion: "Exit code 69 when no worker answers. --list shows the commands."
    )

    @OptionGroup var remote: RemoteArguments

    func run() async throws { try await remote.run(.control) }
}

/// `celery status`: which workers are there.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show which workers are online.",
        discussion: "Exit code 69 when none is."
    )

    @OptionGroup var remote: RemoteOptions

    func run() async throws {
        try await RemoteRun(kind: .inspect, remote: remote, list: false, words: ["ping"], showsBody: false).run()
    }
}

/// What `inspect` and `control` take: one of workers' commands.
struct RemoteArguments: ParsableArguments {
    @OptionGroup var options: RemoteOptions

    @Flag(help: "List the commands.")
    var list = false

    @Argument(help: ArgumentHelp("Command and its arguments.", valueName: "command"))
    var words: [String] = []

    func run(_ kind: ControlCommand.Kind) async throws {
        try await RemoteRun(kind: kind, remote: options, list: list, words: words).run()
    }
}

/// What the three commands do.
struct RemoteRun {
    var kind: ControlCommand.Kind
    var remote: RemoteOptions
    var list: Bool
    var words: [String]
    var showsBody = true

    func run() async throws {
        let context = try CommandContext.current
        if list {
            let commands = RemoteCall.listed(kind, app: context.app).settingJSON
            let columns = Terminal.outputColumns ?? 80
            return Terminal.say(remote.json ? commands : RemoteCall.list(kind, app: context.app, columns: columns))
        }
        let call = try RemoteCall(words, kind: kind, app: context.app)
        try await context.applySettings()
        let terminal = context.terminal(1)
        let layout = ReplyText(terminal: terminal, isQuiet: context.globals.isQuiet)
        let showsBody = showsBody
        let isJSON = remote.json
        let replies = try await context.app.control(remote.control)
            .request(call.command.name, call.arguments) { reply in
                if !isJSON { Terminal.say(layout.text(reply, showsBody: showsBody)) }
            }
        guard !replies.isEmpty else {
            throw CommandFailure("No nodes replied within time constraint", code: .unavailable)
        }
        if remote.json {
            // Dates and decimals as kombu marks them, which Python's command line prints as well.
            Terminal.say(terminal.safe(String(decoding: try JSONSerializer().encode(json(replies)), as: UTF8.self)))
        } else if kind == .inspect, !context.globals.isQuiet {
            Terminal.say(ReplyText.count(Set(replies.map(\.hostname)).count))
        }
    }

    /// By node for what was asked; one after the other for what was done, as Celery has it.
    private func json(_ replies: [ControlReply]) -> CeleryValue {
        guard kind == .inspect else { return .array(replies.map { .object([$0.hostname: $0.value]) }) }
        return .object(replies.reduce(into: CeleryObject()) { $0[$1.hostname] = $1.value })
    }
}
