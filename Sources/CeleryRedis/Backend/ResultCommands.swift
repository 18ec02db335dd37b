//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// Commands that store results, for the batch or transaction of whoever sends them.
enum ResultCommands {
    /// A result database that differs from the connection's own in its number only.
    struct DatabaseSwitch: Sendable {
        var results: Int
        var back: Int
    }

    /// A result whose meta is already bytes.
    struct Encoded: Sendable {
        var key: String
        var payload: [UInt8]
        /// Milliseconds; nil for ever.
        var life: Int64?
        var isSuccess: Bool
        /// As it came, if it may have to give way to an end; see ``StoredResult/since``.
        var passing: StoredResult?

        init(_ result: StoredResult, codec: WireCodec, prefix: String) throws(TransportError) {
            passing = result.since != nil && !result.meta.state.isReady ? result : nil
            key = RedisResultKeys.key(of: result.meta.taskID, prefix: prefix)
            life = result.expires.map(RedisResultKeys.milliseconds)
            isSuccess = result.meta.state == .success
            do throws(WireError) {
                payload = try codec.encodeStored(result.meta)
            } catch {
                throw TransportError(
                    .unsupported,
                    "the result of task \(result.meta.taskID) cannot be written as \(codec.resultSerializer)",
                    cause: error
                )
            }
        }
    }

    /// Appends what stores the results in order and announces them; also for use between `MULTI` and `EXEC`.
    ///
    /// - Parameters:
    ///   - database: Nil when the results go to the connection's own database.
    ///   - verdicts: On what is stored already and the server cannot tell the state of, by the results' places; nil when none
    ///     of the tasks can be stored as SUCCESS, which is not overwritten. Then it is Python's `SETEX` and `PUBLISH` for
    ///     each, else one script.
    static func append(
        _ results: [Encoded],
        to commands: inout RedisCommands,
        database: DatabaseSwitch? = nil,
        verdicts: [ResultVerdict]?
    ) {
        guard !results.isEmpty else { return }
        commands.reserve(results.reduce(128) { $0 + 2 * ($1.payload.count + $1.key.utf8.count + 48) })
        if let database { commands.add("SELECT", database.results) }
        if let verdicts {
            appendScript(results, verdicts, .text, to: &commands)
        } else {
            for result in results { appendPlain(result, to: &commands) }
        }
        if let database { commands.add("SELECT", database.back) }
    }

    static func encode(
        _ results: [StoredResult],
        codec: WireCodec,
        prefix: String
    ) throws(TransportError) -> [Encoded] {
        try results.map { result throws(TransportError) in try Encoded(result, codec: codec, prefix: prefix) }
    }

    /// One call of ``RedisScript/storeResults`` for all of them.
    static func appendScript(
        _ results: [Encoded],
        _ verdicts: [ResultVerdict],
        _ form: RedisScript.Form,
        to commands: inout RedisCommands
    ) {
        RedisScript.storeResults.begin(form, keys: results.count, arguments: results.count * 3, in: &commands)
        for result in results { commands.argument(result.key) }
        for (result, verdict) in zip(results, verdicts) {
            commands.argument(result.payload)
            commands.argument(result.life ?? 0)
            commands.argument(verdict.argument)
        }
    }

    private static func appendPlain(_ result: Encoded, to commands: inout RedisCommands) {
        set(result.key, result.payload, life: result.life, in: &commands)
        commands.add("PUBLISH", result.key, result.payload)
    }

    /// Appends what sets a key for so many milliseconds, or for ever.
    static func set(_ key: String, _ payload: [UInt8], life: Int64?, in commands: inout RedisCommands) {
        switch life {
        case nil: commands.add("SET", key, payload)
        case let life? where life % 1000 == 0: commands.add("SETEX", key, life / 1000, payload)
        case let life?: commands.add("PSETEX", key, life, payload)
        }
    }
}
#endif
