//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ArgumentParser
import Foundation
import Testing

@testable import CeleryCLI

@Suite struct OptionEnvironmentTests {
    @Test func optionsAreReadFromVariablesAndFlagsFromTruth() {
        let arguments = OptionEnvironment.arguments(
            for: "worker",
            environment: [
                "CELERY_WORKER_CONCURRENCY": "4", "CELERY_WORKER_MAX_TASKS_PER_CHILD": "10",
                "CELERY_WORKER_PURGE": "yes",
                "CELERY_WORKER_BEAT": "0", "CELERY_WORKER_LOGLEVEL": "", "CELERY_PURGE_FORCE": "1",
            ]
        )
        #expect(arguments == ["--concurrency=4", "--max-tasks-per-child=10", "--purge"])
    }

    @Test func whatIsWrittenWinsOverTheEnvironment() throws {
        let injected = OptionEnvironment.arguments(
            for: "worker",
            environment: ["CELERY_WORKER_CONCURRENCY": "4", "CELERY_WORKER_POOL": "solo"]
        )
        let command = try #require(
            try CommandsOnly.parseAsRoot(["worker"] + injected + ["-c", "9"]) as? WorkerCommand
        )
        #expect(command.pool.concurrency == 9)
        #expect(command.pool.pool == "solo")
    }

    @Test(
        arguments: [
            ("worker", ["-c", "2"], ["--pool=solo", "-c", "2"]), ("dead", ["list"], ["list", "--limit=3"]),
            ("dead", [], ["list", "--limit=3"]), ("dead", ["-n", "9"], ["list", "--limit=3", "-n", "9"]),
            ("dead", ["purge", "--all"], ["purge", "--force", "--all"]), ("dead", ["show", "7"], ["show", "7"]),
            ("dead", ["--help"], ["--help"]), ("dead", ["frob"], ["frob"]), ("list", [], []),
            ("list", ["bindings"], ["bindings", "--json"]),
        ] as [(String, [String], [String])]
    )
    func optionsOfACommandBelowAnotherGoBehindItsName(command: String, rest: [String], words: [String]) {
        let environment = [
            "CELERY_WORKER_POOL": "solo", "CELERY_DEAD_LIST_LIMIT": "3", "CELERY_DEAD_PURGE_FORCE": "1",
            "CELERY_LIST_BINDINGS_JSON": "yes",
        ]
        #expect(OptionEnvironment.words(behind: command, rest, environment: environment) == words)
    }

    @Test func whatIsWrittenWinsForACommandBelowAnotherToo() throws {
        let words = OptionEnvironment.words(
            behind: "dead",
            ["-n", "9"],
            environment: ["CELERY_DEAD_LIST_LIMIT": "3", "CELERY_DEAD_LIST_QUEUE": "images"]
        )
        let command = try #require(try CommandsOnly.parseAsRoot(["dead"] + words) as? DeadListCommand)
        #expect(command.limit == 9)
        #expect(command.selection.queue == "images")
    }

    /// The table is compared with what the parser itself says, so that no option of any command is forgotten.
    @Test func everyOptionHasItsVariable() throws {
        let help = try #require(
            try JSONSerialization.jsonObject(with: Data(CommandsOnly._dumpHelp().utf8)) as? [String: Any]
        )
        let pages = Self.pages(try #require(help["command"] as? [String: Any]))
        #expect(pages.count > 20, "\(pages.map(\.name))")
        for (name, page) in pages {
            let options = Self.options(page)
            let table = OptionEnvironment.entries(of: name)
            #expect(Set(options.keys) == Set(table.map(\.option)), "\(name)")
            for entry in table { #expect(options[entry.option] == entry.isFlag, "\(name) \(entry.option)") }
        }
        #expect(Set(OptionEnvironment.table.keys).subtracting(pages.map(\.name)) == [])
    }

    /// The pages of all commands, those below others by both names: `dead list`.
    private static func pages(
        _ page: [String: Any],
        _ names: [String] = []
    ) -> [(name: String, page: [String: Any])] {
        var pages: [(name: String, page: [String: Any])] = []
        if !names.isEmpty { pages.append((names.joined(separator: " "), page)) }
        for below in page["subcommands"] as? [[String: Any]] ?? [] {
            guard let name = below["commandName"] as? String else { continue }
            pages += Self.pages(below, names + [name])
        }
        return pages
    }

    /// Long names of a page's options, and whether each is a flag.
    private static func options(_ page: [String: Any]) -> [String: Bool] {
        var options: [String: Bool] = [:]
        for argument in page["arguments"] as? [[String: Any]] ?? [] {
            let names = (argument["names"] as? [[String: Any]] ?? []).filter { $0["kind"] as? String == "long" }
            guard let name = names.first?["name"] as? String, !["help", "version"].contains(name) else { continue }
            options[name] = argument["kind"] as? String == "flag"
        }
        return options
    }
}
