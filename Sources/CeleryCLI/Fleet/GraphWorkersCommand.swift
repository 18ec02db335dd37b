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

/// `celery graph workers`: the fleet as a graph, `celery graph workers | dot -Tpng -o fleet.png`.
struct GraphWorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "Draw workers with their slots, the broker and the result backend.",
        discussion: """
            Without nodes: the workers that answer are drawn. Words: nodes:a,b threads:2,4 \
            broker:url backend:url wmax:4 tmax:3 (0 draws all) generic enumerate.
            """
    )

    @Flag(name: [.customShort("j"), .long], help: "Print JSON instead of a graph.")
    var json = false

    @Argument(help: ArgumentHelp("What to draw otherwise.", valueName: "name:value"))
    var words: [String] = []

    func run() async throws {
        let context = try CommandContext.current
        let options = try GraphWords(words)
        try await context.applySettings()
        var workers: [FleetGraph.Worker]
        if let nodes = options.nodes {
            workers = nodes.enumerated()
                .map { FleetGraph.Worker(name: $1, slots: $0 < options.threads.count ? options.threads[$0] : 0) }
        } else {
            workers = try await context.app.inspect.stats().sorted { $0.key < $1.key }
                .map { name, stats in
                    var slots = 0
                    if case .object(let pool)? = stats["pool"] { slots = pool["max-concurrency"]?.whole ?? 0 }
                    return FleetGraph.Worker(name: name, slots: slots)
                }
            guard !workers.isEmpty else {
                throw CommandFailure("No nodes replied within time constraint", code: .unavailable)
            }
        }
        if options.isEnumerated {
            workers = workers.enumerated().map { FleetGraph.Worker(name: "Worker\($0 + 1)", slots: $1.slots) }
        }
        let broker: String
        if let given = options.broker { broker = given } else { broker = try await context.app.transport().location }
        let backend: String
        if let given = options.backend {
            backend = given
        } else {
            backend = try await context.app.resultBackend().location
        }
        let graph = FleetGraph(
            workers: workers,
            broker: options.isGeneric ? FleetGraph.generic(broker, "Broker") : broker,
            backend: options.isGeneric ? FleetGraph.generic(backend, "Backend") : backend,
            workerLimit: options.workerLimit,
            slotLimit: options.slotLimit
        )
        Terminal.say(context.terminal(1).safe(json ? graph.value.settingJSON : graph.text))
    }
}

/// The words behind `graph workers`.
struct GraphWords: Equatable {
    var nodes: [String]?
    var threads: [Int] = []
    var broker: String?
    var backend: String?
    var workerLimit = 4
    var slotLimit = 3
    var isGeneric = false
    var isEnumerated = false

    /// - Throws: ``CommandFailure`` with code 64 for a word that is none of these.
    init(_ words: [String]) throws(CommandFailure) {
        for word in words {
            let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
            let (name, value) = (parts.first ?? "", parts.count == 2 ? parts[1] : "")
            switch name {
            case "nodes": nodes = value.split(separator: ",").map(String.init)
            case "threads":
                for number in value.split(separator: ",") { threads.append(try Self.number(name, String(number))) }
            case "broker": broker = BrokerURL.mask(value)
            case "backend": backend = BrokerURL.mask(value)
            case "wmax": workerLimit = try Self.number(name, value)
            case "tmax": slotLimit = try Self.number(name, value)
            case "generic": isGeneric = true
            case "enumerate": isEnumerated = true
            default:
                throw .usage(
                    "graph workers: '\(word)' is none of nodes:, threads:, broker:, backend:, wmax:, tmax:, generic, enumerate",
                    help: "graph"
                )
            }
        }
    }

    private static func number(_ name: String, _ text: String) throws(CommandFailure) -> Int {
        guard let number = Int(text), number >= 0 else {
            throw .usage("graph workers: \(name) is '\(text)'; it has to be a whole number, 0 or more", help: "graph")
        }
        return number
    }
}
