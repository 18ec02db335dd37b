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

    /// The table is compared with what the parser itself says, so that no option is forgotten.
    @Test(arguments: ["worker", "call", "result", "purge", "report", "events"])
    func everyOptionHasItsVariable(command: String) throws {
        let help = try #require(
            try JSONSerialization.jsonObject(with: Data(CommandsOnly._dumpHelp().utf8)) as? [String: Any]
        )
        let root = try #require(help["command"] as? [String: Any])
        let page = try #require(
            (root["subcommands"] as? [[String: Any]])?.first { $0["commandName"] as? String == command }
        )
        var options: [String: Bool] = [:]
        for argument in page["arguments"] as? [[String: Any]] ?? [] {
            let names = (argument["names"] as? [[String: Any]] ?? []).filter { $0["kind"] as? String == "long" }
            guard let name = names.first?["name"] as? String, name != "help" else { continue }
            options[name] = argument["kind"] as? String == "flag"
        }
        let table = OptionEnvironment.entries(of: command)
        #expect(Set(options.keys).subtracting(table.map(\.option)) == [])
        #expect(Set(table.map(\.option)).subtracting(options.keys) == [])
        for entry in table { #expect(options[entry.option] == entry.isFlag, "\(entry.option)") }
    }
}
