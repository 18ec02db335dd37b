//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import Logging
import NIOCore

/// A server that has reached `maxmemory` refuses every transaction, and every command that may take memory, `LMOVE` and the
/// marks included: no worker could take anything from it any more, and it would stay full for ever. So rounds go out as a
/// script that is allowed to pass the limit, with what lets go of as much as it writes.
extension EpochEngine {
    /// For how long rounds go out in that way after a refusal; then the ordinary one is tried again.
    private static let pause = TimeAmount.milliseconds(500)

    /// Whether the server said a moment ago that it is full, and can be passed.
    func isFull(_ connection: RedisConnection) -> Bool { connection.passesMemoryLimit && fullUntil > .now() }

    /// Whether a refused round can go out again in the other form.
    func canPass(_ reply: RESPError) -> Bool {
        guard reply.code == "OOM", let connection = link.connection, !isFull(connection) else { return false }
        guard connection.passesMemoryLimit else { return false }
        if fullUntil == .distantPast { store.logger.warning("Redis is full: what empties it goes on, the rest waits") }
        fullUntil = .now() + Self.pause
        return true
    }

    /// Fails the settlements that would take more than they give; their callers try again.
    func refuseWhatFillsUp() {
        let refused = settles.filter { !empties($0) }
        guard !refused.isEmpty else { return }
        settles.removeAll { !empties($0) }
        let error = RedisFailure.error(RESPError("OOM command not allowed"), at: store.configuration.location)
        for request in refused {
            for (tag, _) in request.dispositions { table[tag]?.isSettling = false }
            if !request.isAbandoned { request.completion(error) }
        }
    }

    /// Whether it lets go of at least as many bytes as it stores, and needs no script but that for results: none could run
    /// inside another.
    private func empties(_ request: SettleRequest) -> Bool {
        var released = 0
        for (tag, disposition) in request.dispositions {
            switch disposition {
            case .acknowledge: released += table[tag]?.bytes.count ?? 0
            case .requeue: continue
            case .deadLetter: return false
            }
        }
        var stored = 0
        for command in request.commands.words {
            let size = command.reduce(0) { $0 + $1.count }
            switch command.first.map({ String(decoding: $0, as: UTF8.self) }) {
            case "EVAL":
                guard Self.storesResults(command) else { return false }
                stored += size - RedisScript.storeResults.text.utf8.count
            case "PUBLISH": continue
            default: stored += size
            }
        }
        return stored <= released
    }

    private static func storesResults(_ command: [[UInt8]]) -> Bool {
        command.count > 1 && command[1].elementsEqual(RedisScript.storeResults.text.utf8)
    }

    /// The same round as a script; the answers that count come at the same places from the end.
    func passing(_ round: RedisCommands, _ number: Int) -> RedisCommands {
        // Without MULTI and the fence's SET before them, and EXEC, WATCH and GET behind.
        var words = Array(round.words.dropFirst(2).dropLast(3))
        for index in words.indices where Self.storesResults(words[index]) { words[index][1] = [] }
        var commands = RedisCommands(capacity: round.size + 1024)
        // Or the script's own change of the fence would fail the next transaction.
        commands.add("UNWATCH")
        commands.begin("EVAL", arguments: 5 + words.reduce(0) { $0 + 1 + $1.count })
        commands.argument("#!lua flags=allow-oom\n" + RedisScripts.round)
        commands.argument(1)
        commands.argument(keys.fence)
        commands.argument(connectionNumber)
        commands.argument(number)
        for command in words {
            commands.argument(command.count)
            for word in command { commands.argument(word) }
        }
        commands.add("WATCH", keys.fence)
        commands.add("GET", keys.fence)
        return commands
    }
}
#endif
