//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// Whether the user may do all that clients and workers do, their scripts included.
///
/// Nothing of it is carried out: it is queued in a transaction, where the server says what it refuses, and `DISCARD` drops it. `WATCH`,
/// which cannot stand there, only looks.
enum PermissionChecks {
    static func permissions(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let key = examination.keys.epoch("doctor").held
        var watch = RedisCommands()
        watch.add("WATCH", key)
        watch.add("UNWATCH")
        var errors = try await examination.sendRaw(watch).compactMap(\.error)
        var multi = RedisCommands()
        multi.add("MULTI")
        if let error = try await examination.sendRaw(multi)[0].error {
            errors.append(error)
        } else {
            errors += try await examination.sendRaw(queued(examination, key)).compactMap(\.error)
        }
        var findings: [Finding] = []
        let refusals = errors.filter { $0.code == "NOPERM" }.map(\.message)
        if !refusals.isEmpty {
            findings.append(
                Finding(
                    .serious,
                    "access",
                    "the user of broker_url may not do what workers do: \(Set(refusals).sorted().joined(separator: "; "))",
                    cure: cure
                )
            )
        }
        if let error = errors.first(where: { ["OOM", "MISCONF", "NOREPLICAS"].contains($0.code) }) {
            let failure = examination.failure(error)
            findings.append(Finding(.serious, "no-writes", "\(failure)", cure: "put right what the message names"))
        }
        return findings
    }

    /// All that is needed, and little more. `role` is for servers that sentinels name and that know no `HELLO`; before Redis 7 all of
    /// `client` is among the dangerous.
    static let cure =
        "ACL SETUSER name ~* &* +@all -@admin -@dangerous +info +role +client|setname +client|tracking +client|unblock, "
        + "or what of it is missing"

    private static func queued(_ examination: Examination, _ key: String) -> RedisCommands {
        let channel = examination.store.router.channel("doctor", "")
        var commands = RedisCommands()
        let alone: [StaticString] = [
            "HGETALL", "HKEYS", "HLEN", "SMEMBERS", "SCARD", "GET", "DEL", "EXISTS", "LLEN", "ZCARD", "UNLINK", "TYPE",
            "PTTL", "PERSIST", "INCR", "RPOP", "MGET",
        ]
        for name in alone { commands.add(name, key) }
        let one: [StaticString] = [
            "LPUSH", "RPUSH", "HDEL", "HGET", "HEXISTS", "HMGET", "SADD", "SREM", "SISMEMBER", "ZREM", "ZSCORE",
            "ZMSCORE",
            "SET", "PEXPIRE", "INCRBY", "LINDEX", "LPOS", "BRPOP",
        ]
        for name in one { commands.add(name, key, 1) }
        let two: [StaticString] = [
            "HSET", "ZADD", "LTRIM", "LRANGE", "LREM", "LSET", "GETRANGE", "SETEX", "PSETEX", "ZRANGE", "ZREVRANGE",
            "ZRANGEBYSCORE", "ZREVRANGEBYSCORE", "ZREMRANGEBYRANK", "ZREMRANGEBYSCORE",
        ]
        for name in two { commands.add(name, key, 1, 1) }
        commands.add("LMOVE", key, key, "RIGHT", "LEFT")
        commands.add("EVAL", "return 1", 1, key)
        commands.add("EVALSHA", RedisScript.storeResults.digest, 1, key)
        commands.add("PUBLISH", channel, "")
        for name in ["SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE"] as [StaticString] {
            commands.add(name, channel)
        }
        commands.add("SCAN", "0")
        commands.add("SELECT", examination.store.configuration.database)
        commands.add("TIME")
        commands.add("PING")
        commands.add("ECHO", "")
        commands.add("DISCARD")
        return commands
    }

    /// Whether a worker's fetch can wait in the server: without it each waits for what the server tells.
    static func waiting(_ examination: Examination) async throws(TransportError) -> [Finding] {
        let key = examination.keys.epoch("doctor").held
        var multi = RedisCommands()
        multi.add("MULTI")
        guard try await examination.sendRaw(multi)[0].error == nil else { return [] }
        var commands = RedisCommands()
        commands.add("BLMOVE", key, key, "RIGHT", "LEFT", 1)
        commands.add("CLIENT", "UNBLOCK", 0)
        commands.add("DISCARD")
        let refusals = try await examination.sendRaw(commands).compactMap(\.error).filter { $0.code == "NOPERM" }
        guard !refusals.isEmpty else { return [] }
        return [
            Finding(
                .note,
                "no-waiting-fetch",
                "workers cannot wait in the server for the next message (\(refusals.map(\.message).joined(separator: "; "))): "
                    + "they fetch it when they are told of it",
                cure: "ACL SETUSER name +blmove +client|unblock"
            )
        ]
    }
}
#endif
