//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import ServiceTestSupport

/// What the command lines are told to do, and what workers have to show.
extension MixedFleet {
    /// Runs a command line of a language.
    func run(_ line: Language, _ words: [String]) async throws -> CommandOutcome {
        line == .swift ? try await server.commandLine(words) : try await client.commandLine(words)
    }

    /// What workers answer to a command line of a language.
    func replies(
        to line: Language,
        _ words: [String],
        of workers: [Language] = Language.allCases
    ) async throws -> [Language: CeleryValue] {
        let nodes = workers.map(\.node).joined(separator: ",")
        let outcome = try await run(line, words + ["-d", nodes, "-t", "30", "--json"])
        let replies = try outcome.replies(of: words)
        guard Set(replies.keys) == Set(workers.map(\.node)) else { throw ServiceError("\(words): \(outcome.output)") }
        return Dictionary(uniqueKeysWithValues: workers.map { ($0, replies[$0.node] ?? .null) })
    }

    /// What one of them answers.
    func reply(to line: Language, _ words: [String], of worker: Language) async throws -> CeleryValue {
        try await replies(to: line, words, of: [worker])[worker] ?? .null
    }

    /// Sends a task to a worker under an id: the language and a name.
    @discardableResult
    func send(
        _ name: String,
        _ args: [CeleryValue],
        to worker: Language,
        as id: String,
        options: CeleryObject = [:]
    ) async throws -> String {
        var all = options
        all["queue"] = .string(worker.queue)
        all["task_id"] = .string("\(worker)-\(id)")
        return try await client.send(name, args, options: all)
    }

    /// Gives each worker a task that runs, one that waits for the slot, one that waits for its time, a revoked id and a rate limit.
    fileprivate func occupyWorker(_ worker: Language) async throws {
        try await send("interop.sleep", [3600], to: worker, as: "running")
        _ = try await waited(for: "\(worker)'s running task", within: .seconds(60)) {
            try await reply(to: .python, ["inspect", "active"], of: worker).items.first
        }
        try await send("interop.sleep", [3600], to: worker, as: "reserved", options: ["priority": 3])
        let values: [CeleryValue] = [1.5, "h\u{e9} \"quoted\"", .decimal("1.10"), .null]
        try await send("interop.add", values, to: worker, as: "scheduled", options: ["countdown": 3600])
        for words in [["revoke", "\(worker)-revoked"], ["rate_limit", "interop.add", "10/m"]] {
            _ = try await reply(to: .python, ["control"] + words, of: worker)
        }
        for command in ["reserved", "scheduled", "revoked"] {
            _ = try await waited(for: "\(worker) to have something \(command)", within: .seconds(60)) {
                try await reply(to: .python, ["inspect", command], of: worker).items.first
            }
        }
    }

    func occupy() async throws {
        for worker in Language.allCases { try await occupyWorker(worker) }
    }
}
