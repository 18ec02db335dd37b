//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import CeleryKit
import CeleryWire

/// `celery call NAME`: sends a task by name and prints its id.
struct CallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call",
        abstract: "Send a task by name; prints its id.",
        usage: "celery call <task> [<options>]",
        discussion: "For example: celery call proj.add -a '[2, 3]' --countdown 10"
    )

    @Argument(help: ArgumentHelp("Name of the task.", valueName: "task"))
    var name: String

    @Option(
        name: [.customShort("a", allowingJoined: true), .long],
        help: ArgumentHelp("Positional arguments, a JSON list.", valueName: "json")
    )
    var args = "[]"

    @Option(
        name: [.customShort("k", allowingJoined: true), .long],
        help: ArgumentHelp("Keyword arguments, a JSON object.", valueName: "json")
    )
    var kwargs = "{}"

    @Option(help: ArgumentHelp("Not before this time, ISO 8601.", valueName: "time"))
    var eta: String?

    @Option(help: ArgumentHelp("Not before so many seconds have passed.", valueName: "s"))
    var countdown: Double?

    @Option(help: ArgumentHelp("Not later than this: seconds or ISO 8601.", valueName: "time"))
    var expires: String?

    @Option(help: ArgumentHelp("json, msgpack, … (default: as the settings say).", valueName: "name"))
    var serializer: String?

    @Option(help: ArgumentHelp("Queue to send to.", valueName: "name"))
    var queue: String?

    @Option(help: ArgumentHelp("Exchange to send to.", valueName: "name"))
    var exchange: String?

    @Option(help: ArgumentHelp("Routing key.", valueName: "key"))
    var routingKey: String?

    @Option(help: ArgumentHelp("0–9.", valueName: "n"))
    var priority: Int?

    @Flag(help: "Print {\"id\": …}.")
    var json = false

    func run() async throws {
        let context = try CommandContext.current
        try await context.applySettings()
        let result = try await context.app.sendTask(
            name,
            args: try JSONArgument.list(args, option: "--args"),
            kwargs: try JSONArgument.object(kwargs, option: "--kwargs"),
            options: try options()
        )
        Terminal.say(json ? CeleryValue.object(["id": .string(result.id)]).settingJSON : result.id)
    }

    private func options() throws -> SendOptions {
        var options = SendOptions()
        if let countdown {
            options.countdown = try seconds(countdown, option: "--countdown")
        }
        if let eta { options.eta = try time(eta, option: "--eta") }
        if let expires {
            if let number = Double(expires) {
                options.expires = try seconds(number, option: "--expires")
            } else {
                options.expiresAt = try time(expires, option: "--expires")
            }
        }
        options.serializer = serializer
        options.queue = queue
        options.exchange = exchange
        options.routingKey = routingKey
        options.priority = priority
        return options
    }

    private func seconds(_ number: Double, option: String) throws(CommandFailure) -> Duration {
        guard (0...1e11).contains(number) else {
            throw .usage("\(option) is \(number); it has to be a number of seconds, 0 or more", help: "call")
        }
        return .bounded(seconds: number)
    }

    private func time(_ text: String, option: String) throws(CommandFailure) -> Timestamp {
        guard let time = Timestamp(iso8601: text) else {
            throw .usage("\(option) is '\(text)'; it has to be a time as in 2030-01-02T03:04:05+00:00", help: "call")
        }
        return time
    }
}

/// JSON on the command line.
enum JSONArgument {
    static func list(_ text: String, option: String) throws(CommandFailure) -> [CeleryValue] {
        guard case .array(let values)? = CeleryValue(settingJSON: text) else {
            throw .usage("\(option) is '\(text)'; it has to be a JSON list: '[2, \"a\"]'", help: "call")
        }
        return values
    }

    static func object(_ text: String, option: String) throws(CommandFailure) -> CeleryObject {
        guard case .object(let object)? = CeleryValue(settingJSON: text) else {
            throw .usage("\(option) is '\(text)'; it has to be a JSON object: '{\"x\": 2}'", help: "call")
        }
        return object
    }
}
