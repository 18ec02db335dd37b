//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// What the checks of one examination share.
///
/// They have a connection of their own, used by one at a time, so that `WATCH` and `MULTI` concern nobody else.
struct Examination: Sendable {
    let store: RedisStore
    let connection: RedisConnection
    let facts: ServerFacts
    let repairs: Bool

    var keys: RedisKeys { store.keys }

    /// Replies, none of which is an error.
    func send(_ commands: RedisCommands) async throws(TransportError) -> [RESPValue] {
        guard !commands.isEmpty else { return [] }
        let replies = try await sendRaw(commands)
        if let error = RedisFailure.first(in: replies) { throw failure(error) }
        return replies
    }

    /// Replies with errors among them.
    func sendRaw(_ commands: RedisCommands) async throws(TransportError) -> [RESPValue] {
        try await connection.send(commands, timeout: store.configuration.timeout)
    }

    func failure(_ error: RESPError) -> TransportError { RedisFailure.error(error, at: store.configuration.location) }

    /// Sends one command and returns its reply.
    func ask<each Argument: RESPArgument>(
        _ name: StaticString,
        _ arguments: repeat each Argument
    ) async throws(TransportError) -> RESPValue {
        var commands = RedisCommands()
        commands.add(name, repeat each arguments)
        return try await send(commands).first ?? .null
    }

    /// All keys that begin so, sorted.
    func scan(_ start: String, type: String? = nil) async throws(TransportError) -> [String] {
        let pattern = start.map { "*?[]\\".contains($0) ? "\\\($0)" : String($0) }.joined() + "*"
        var cursor = "0"
        var found: Set<String> = []
        repeat {
            var commands = RedisCommands()
            commands.add("SCAN", cursor, "MATCH", pattern, "COUNT", 1000, list: type.map { ["TYPE", $0] } ?? [])
            let answer = try await send(commands)[0].elements
            cursor = answer.first?.string ?? "0"
            found.formUnion(answer.last?.elements.compactMap(\.string) ?? [])
        } while cursor != "0"
        return found.sorted()
    }

    /// Epochs whose lease is in force.
    func livingEpochs() async throws(TransportError) -> [String] {
        let ids = try await ask("HKEYS", keys.epochs).elements.compactMap(\.string)
        var commands = RedisCommands()
        for id in ids { commands.add("EXISTS", keys.epoch(id).lease) }
        return zip(ids, try await send(commands)).filter { $1.int == 1 }.map(\.0)
    }

    /// Marks it as repairable, and repairs it when that is wanted. What keeps it from being repaired is added to what was found.
    ///
    /// - Parameter repair: Returns false when it was left as it is, for it has changed meanwhile.
    func mend(_ finding: Finding, _ repair: () async throws(TransportError) -> Bool) async -> Finding {
        var finding = finding
        finding.isRepairable = true
        guard repairs else { return finding }
        do throws(TransportError) {
            finding.isRepaired = try await repair()
            if !finding.isRepaired { finding.found += "; it could not be repaired now: look again" }
        } catch {
            finding.found += "; the repair failed: \(error)"
        }
        return finding
    }
}

/// "1 message", "2 messages".
func counted(_ count: some BinaryInteger, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
#endif
