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

/// `celery list`: what the broker knows.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show what the broker knows: bindings.",
        subcommands: [ListBindingsCommand.self]
    )
}

/// `celery list bindings`.
struct ListBindingsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bindings",
        abstract: "Show queues with the exchanges and keys they are bound to."
    )

    @Flag(help: "Print a JSON list.")
    var json = false

    func run() async throws {
        let context = try CommandContext.current
        try await context.applySettings()
        let transport = try await context.app.transport()
        let bindings = try await transport.bindings()
            .sorted { ($0.queue, $0.exchange, $0.routingKey) < ($1.queue, $1.exchange, $1.routingKey) }
        if json {
            let list = bindings.map { binding -> CeleryValue in
                [
                    "queue": .string(binding.queue), "exchange": .string(binding.exchange),
                    "exchange_type": .string(binding.kind.rawValue), "routing_key": .string(binding.routingKey),
                ]
            }
            Terminal.say(CeleryValue.array(list).settingJSON)
            return
        }
        var table = TextTable("Queue", "Exchange", "Routing Key")
        for binding in bindings {
            let exchange = binding.exchange.isEmpty ? "(default)" : "\(binding.exchange)(\(binding.kind.rawValue))"
            table.add(binding.queue, exchange, binding.routingKey)
        }
        Terminal.say(table.text)
        // Scripts read the table; whoever asks in a wrong folder has to see which broker was asked.
        if bindings.isEmpty, !context.globals.isQuiet {
            Terminal.complain("There are no bindings in \(transport.location).")
        }
    }
}
