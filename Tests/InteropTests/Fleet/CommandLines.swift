//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Foundation
import ServiceTestSupport

/// What a command line printed, errors too, and its exit code.
struct CommandOutcome: Sendable {
    var output: String
    var code: Int

    /// What it printed as JSON. `inspect` answers an object by node, `control` a list of such objects.
    func replies(of words: [String]) throws -> [String: CeleryValue] {
        let line = output.split(separator: "\n").first { $0.hasPrefix("{") || $0.hasPrefix("[") } ?? ""
        let value = try JSONSerializer().decodeValue(Array(line.utf8), limits: .standard)
        let objects = if case .array(let replies) = value { replies } else { [value] }
        var found: [String: CeleryValue] = [:]
        for case .object(let object) in objects {
            for (node, reply) in object.members { found[node] = reply }
        }
        guard code == 0, !found.isEmpty else { throw ServiceError("\(words): exit code \(code)\n\(output)") }
        return found
    }
}

extension PythonClient {
    /// Runs Celery's own command line.
    func commandLine(_ words: [String]) async throws -> CommandOutcome {
        let answer = try await request("celery", ["words": .array(words.map { .string($0) })], within: .seconds(60))
        return CommandOutcome(output: answer["output"]?.text ?? "", code: answer["code"]?.whole ?? -1)
    }

    /// What one worker answers to one of Celery's own commands.
    func celery(_ words: [String], from hostname: String) async throws -> CeleryValue {
        let outcome = try await commandLine(words + ["-d", hostname, "-t", "30", "--json"])
        return try outcome.replies(of: words)[hostname] ?? .string("no answer of \(hostname)")
    }

    /// Calls a method of Celery's `app.control`; with options of `app.control.inspect`, one of that.
    func remote(
        _ method: String,
        _ args: [CeleryValue] = [],
        kwargs: CeleryObject = [:],
        inspect: CeleryObject? = nil
    ) async throws -> CeleryValue {
        let answer = try await request(
            "remote",
            [
                "method": .string(method), "args": .array(args), "kwargs": .object(kwargs),
                "inspect": inspect.map { .object($0) } ?? .null,
            ],
            within: .seconds(60)
        )
        return answer["value"] ?? .null
    }
}

extension RedisServer {
    /// Runs this project's own command line on this server.
    func commandLine(_ words: [String]) async throws -> CommandOutcome {
        let directory = try TemporaryDirectory("tool")
        defer { directory.remove() }
        let process = try startCommandLine(words, in: directory)
        let code = try await process.exitCode(within: .seconds(60))
        return CommandOutcome(output: process.logText, code: Int(code))
    }

    /// The same, left to run. It is ended when nothing holds it any more.
    func startCommandLine(_ words: [String], in directory: TemporaryDirectory) throws -> GuardedProcess {
        try GuardedProcess(
            TestPrograms.products.appendingPathComponent("celery").path,
            ["-b", url(), "-C"] + words,
            environment: ["CELERY_RESULT_BACKEND": url(database: RedisInterop.resultDatabase)],
            directory: directory.url,
            log: directory.url.appendingPathComponent("tool-\(UUID().uuidString.prefix(8)).log")
        )
    }
}
