//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import ServiceTestSupport
import Testing

@testable import CeleryRedis

/// A server that becomes another while it is connected: its password, its role.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct ChangedServerTests {
    private static let options = RedisServerOptions(password: "old")

    /// One command of somebody who knows the password of the moment.
    @discardableResult
    private func command(
        _ arguments: String...,
        to server: RedisServer,
        password: String = "new"
    ) throws -> RedisReply {
        var probe = try RedisProbe(path: server.socketPath)
        _ = try probe.command(["AUTH", password])
        return try probe.command(arguments)
    }

    /// Changes the password, and lets everybody come again.
    private func lock(_ server: RedisServer) throws {
        try command("CONFIG", "SET", "requirepass", "new", to: server, password: "old")
        for type in ["normal", "pubsub"] { try command("CLIENT", "KILL", "TYPE", type, to: server) }
    }

    private func unlock(_ server: RedisServer) throws {
        try command("CONFIG", "SET", "requirepass", "old", to: server)
    }

    @Test func `a password that changes is an outage once it was right`() async throws {
        try await RedisServer.with(Self.options) { server in
            let place = try await RedisPlace(server.url())
            try await place.backend.store("a", .success)
            try lock(server)
            let result = StoredResult(TaskMeta(taskID: "b", state: .success), expires: .seconds(60))
            // The first call may meet the end of the old connection.
            try await eventually("a refused password") {
                let error = await #expect(throws: TransportError.self) {
                    try await place.backend.store([result], timeout: .milliseconds(500))
                }
                #expect(error?.code == .unavailable)
                return error?.message.contains("refuses user and password") == true
            }
            let storing = Task { try await place.backend.store([result], timeout: .seconds(60)) }
            try unlock(server)
            try await storing.value
            #expect(try await place.backend.state("b") == .success)
            await place.end()
        }
    }

    @Test func `who waits for a result waits on while the password is another`() async throws {
        try await RedisServer.with(Self.options) { server in
            let place = try await RedisPlace(server.url())
            let channel = RedisResultKeys.key(of: "a", prefix: place.prefix)
            let waiting = Task { try await place.backend.wait(for: "a", timeout: .seconds(60)) }
            try await eventually("the subscription") {
                try server.command("PUBSUB", "NUMSUB", channel).items.last?.number == 1
            }
            try lock(server)
            try await eventually("a refused password") { try !command("ACL", "LOG", to: server).items.isEmpty }
            try unlock(server)
            try await eventually("the subscription") {
                try server.command("PUBSUB", "NUMSUB", channel).items.last?.number == 1
            }
            try await place.backend.store("a", .success)
            #expect(try await waiting.value?.state == .success)
            await place.end()
        }
    }

    /// Two servers, and a place at the first that knows of the second.
    private func withPair(_ body: (RedisServer, RedisServer, RedisPlace) async throws -> Void) async throws {
        try await RedisServer.with { old in
            try await RedisServer.with { new in
                let place = try await RedisPlace(old.url(), alternates: try BrokerURL.list(new.url()))
                try await body(old, new, place)
                await place.end()
            }
        }
    }

    @Test func `what a demoted server refuses goes to the one in its place, transactions too`() async throws {
        try await withPair { old, new, place in
            try await place.publish(["a"])
            #expect(try old.command("LLEN", "\(place.prefix)q").number == 1)
            try old.command("REPLICAOF", "127.0.0.1", "\(new.port)")
            // With a queue that the server is to be told of: a transaction.
            try await place.publish(["b", "c"], to: "other")
            #expect(try new.command("LLEN", "\(place.prefix)other").number == 2)
        }
    }

    @Test func `what may have taken effect in part goes once, and what follows to the new server`() async throws {
        try await withPair { old, new, place in
            let client = place.backend.client
            #expect(try await client.ask("PING") == .text("PONG"))
            // Nobody is there to be followed, so that it never begins to load.
            let nowhere = try LoopbackSocket.freePort()
            try old.command("REPLICAOF", "127.0.0.1", "\(nowhere)")
            var commands = RedisCommands()
            commands.add("MULTI")
            commands.add("PUBLISH", "channel", "said")
            commands.add("EVAL", "return redis.call('INCR', KEYS[1])", 1, "count")
            commands.add("EXEC")
            let batch = commands
            let error = await #expect(throws: TransportError.self) { try await client.send(batch) }
            #expect(error?.code == .unavailable)
            #expect(try new.command("GET", "count") == .null)
            let replies = try await client.send(batch)
            #expect(replies.last?.elements.last == .int(1))
            #expect(try new.command("GET", "count").number == 1)
        }
    }
}
#endif
