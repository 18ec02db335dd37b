//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import ServiceTestSupport
import Testing

@testable import CeleryRedis

/// What a server refuses, and what the caller is told.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct RefusalTests {
    private func error(_ server: RedisServer, url: String? = nil) async throws -> TransportError? {
        let place = try await RedisPlace(url ?? server.url())
        defer { Task { await place.end() } }
        return await #expect(throws: TransportError.self) { try await place.publish(["a"]) }
    }

    @Test func `no password, and a wrong one`() async throws {
        try await RedisServer.with(RedisServerOptions(password: "secret")) { server in
            let missing = try await error(server, url: "redis://127.0.0.1:\(server.port)/0")
            #expect(missing?.code == .misconfigured)
            #expect(missing?.message.contains("asks for a password") == true)
            let wrong = try await error(server, url: "redis://:nonsense@127.0.0.1:\(server.port)/0")
            #expect(wrong?.code == .misconfigured)
            #expect("\(String(describing: wrong))".contains("nonsense") == false)
        }
    }

    @Test func `a user of the access list who may not write`() async throws {
        try await RedisServer.with(RedisServerOptions(users: ["reader on >pw ~* &* +@all -@write"])) { server in
            let refused = try await error(server, url: "redis://reader:pw@127.0.0.1:\(server.port)/0")
            #expect(refused?.code == .misconfigured)
        }
    }

    @Test func `a full server`() async throws {
        try await RedisServer.with(RedisServerOptions(maxMemory: "100kb")) { server in
            let refused = try await error(server)
            #expect(refused?.code == .full)
            #expect(refused?.message.contains("maxmemory") == true)
        }
    }

    @Test func `a database that there is not`() async throws {
        try await RedisServer.with { server in
            let refused = try await error(server, url: server.url(database: 99))
            #expect(refused?.code == .misconfigured)
            #expect(refused?.message.contains("database 99") == true)
        }
    }

    @Test func `a cluster`() async throws {
        try await RedisServer.with(RedisServerOptions(directives: [("cluster-enabled", "yes")])) { server in
            let refused = try await error(server)
            #expect(refused?.code == .misconfigured)
            #expect(refused?.message.contains("cluster") == true)
        }
    }

    @Test func `a replica`() async throws {
        try await RedisServer.with { master in
            try await RedisServer.with(RedisServerOptions(replicaOf: master.port)) { replica in
                let place = try await RedisPlace(replica.url())
                let refused = await #expect(throws: TransportError.self) {
                    try await place.transport.publish([place.message("a")], timeout: .seconds(1))
                }
                #expect(refused?.code == .unavailable)
                #expect(refused?.message.contains("replica") == true)
                await place.end()
            }
        }
    }

    @Test func `a server that is not there`() async throws {
        let port = try LoopbackSocket.freePort()
        let place = try await RedisPlace("redis://127.0.0.1:\(port)/0")
        let start = ContinuousClock.now
        let refused = await #expect(throws: TransportError.self) {
            try await place.transport.publish([place.message("a")], timeout: .milliseconds(500))
        }
        #expect(refused?.code == .unavailable)
        #expect(refused?.message.contains("127.0.0.1:\(port)") == true)
        #expect(ContinuousClock.now - start < .seconds(20))
        await place.end()
    }

    @Test func `another server behind the first is used when the first is away`() async throws {
        try await RedisServer.with { server in
            let gone = try LoopbackSocket.freePort()
            let urls = try BrokerURL.list("redis://127.0.0.1:\(gone)/0;\(server.url())")
            #expect(urls.count == 2)
            let place = try await RedisPlace("redis://127.0.0.1:\(gone)/0", alternates: [urls[1]])
            try await place.publish(["a"])
            #expect(try await place.ready() == 1)
            await place.end()
        }
    }

    @Test func `of several servers a replica is passed over`() async throws {
        try await RedisServer.with { master in
            try await RedisServer.with(RedisServerOptions(replicaOf: master.port)) { replica in
                let place = try await RedisPlace(replica.url(), alternates: try BrokerURL.list(master.url()))
                try await place.publish(["a"])
                #expect(try master.command("LLEN", "\(place.prefix)q").number == 1)
                await place.end()
            }
        }
    }

    @Test func `several servers that are all replicas are named`() async throws {
        // Nobody is there to be followed.
        let options = RedisServerOptions(replicaOf: try LoopbackSocket.freePort())
        try await RedisServer.with(options) { first in
            try await RedisServer.with(options) { second in
                let place = try await RedisPlace(first.url(), alternates: try BrokerURL.list(second.url()))
                let refused = await #expect(throws: TransportError.self) {
                    try await place.transport.publish([place.message("a")], timeout: .seconds(1))
                }
                #expect(refused?.code == .unavailable)
                for port in [first.port, second.port] {
                    #expect(refused?.message.contains("127.0.0.1:\(port) is a replica") == true)
                }
                await place.end()
            }
        }
    }

    @Test func `a script that runs for too long makes no database wrong`() async throws {
        try await RedisServer.with(RedisServerOptions(directives: [("lua-time-limit", "10")])) { server in
            let other = try await RedisPlace(server.url())
            let place = try await RedisPlace(server.url(database: 1))
            let running = Task { _ = try? await other.backend.client.ask("EVAL", "while true do end", 0) }
            try await eventually("a busy server") {
                do {
                    try server.command("PING")
                    return false
                } catch {
                    return "\(error)".contains("BUSY")
                }
            }
            let refused = await #expect(throws: TransportError.self) {
                try await place.backend.fetch(["a"], timeout: .seconds(2))
            }
            #expect(refused?.code == .unavailable)
            #expect(refused?.message.contains("a script runs for too long") == true)
            try server.command("SCRIPT", "KILL")
            #expect(try await place.backend.fetch(["a"], timeout: .seconds(5)).isEmpty)
            await running.value
            for place in [other, place] { await place.end() }
        }
    }
}
#endif
