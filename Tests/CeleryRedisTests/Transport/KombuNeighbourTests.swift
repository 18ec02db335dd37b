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

/// What is shared with Python workers and clients on the same server.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct KombuNeighbourTests {
    @Test func `what a dead Python worker held comes back after the visibility timeout`() async throws {
        let place = try await RedisPlace(options: ["visibility_timeout": 2])
        let keys = place.transport.store.keys
        let server = try await RedisServer.shared
        let message = place.message("left")
        let envelope = String(decoding: StoredMessage.encode(message.message), as: UTF8.self)
        for (tag, age) in [("old", 100.0), ("young", 0)] {
            let held = "[\(envelope), \"\", \"q\"]"
            let taken = Timestamp.now.unixSeconds - age + (age == 0 ? 1000 : 0)
            _ = try server.command("HSET", keys.unacked, tag, held)
            _ = try server.command("ZADD", keys.unackedIndex, "\(taken)", tag)
        }
        _ = try server.command("ZADD", keys.unackedIndex, "1", "an index of nothing")
        let consumer = try await place.consumer(lease: .seconds(2))
        let delivery = try #require(try await consumer.receive(upTo: 5).first)
        #expect(delivery.id == "left")
        #expect(delivery.redelivered)
        #expect(delivery.attempt == 2)
        #expect(try server.command("HKEYS", keys.unacked).texts == ["young"])
        // The entry of nothing goes after what can be given back.
        #expect(try await eventually { try server.command("ZRANGE", keys.unackedIndex, "0", "-1").texts == ["young"] })
        try await consumer.settle([Settlement(delivery.tag, .acknowledge)])
        await place.end()
    }

    @Test func `what Python publishes to a fanout exchange reaches our queue, and what we publish reaches it once`()
        async throws
    {
        try await RedisServer.with { try await hears($0) }
    }

    @Test func `the same on a server that knows no RESP3`() async throws {
        try await RedisServer.with(RedisServerOptions(directives: [("rename-command", "HELLO \"\"")])) { server in
            try await hears(server)
        }
    }

    private func hears(_ server: RedisServer) async throws {
        let place = try await RedisPlace(server.url())
        let exchange = Exchange("news", .fanout)
        try await place.transport.declare(Topology([Queue("q", exchange: exchange, routingKey: "")]))
        let consumer = try await place.consumer()
        let channel = place.transport.store.router.channel("news", "")
        func publish(_ id: String) throws -> Int {
            let envelope = String(decoding: StoredMessage.encode(place.message(id).message), as: UTF8.self)
            return try server.command("PUBLISH", channel, envelope).number ?? 0
        }
        _ = try await waited(for: "somebody who listens") { try publish("theirs") > 0 ? true : nil }
        #expect(try await consumer.receive(upTo: 1).map(\.id) == ["theirs"])
        var ours = place.message("ours")
        ours.message.properties.exchange = "news"
        ours.message.properties.routingKey = ""
        try await place.transport.publish([ours], timeout: .seconds(5))
        #expect(try await consumer.receive(upTo: 5).map(\.id) == ["ours"])
        // Also over the next connection.
        try server.command("CLIENT", "KILL", "TYPE", "pubsub")
        try server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        _ = try await waited(for: "somebody who listens again") { try publish("again") > 0 ? true : nil }
        #expect(try await consumer.receiveWhenReachable(upTo: 5).map(\.id) == ["again"])
        try await place.publish(["last"])
        #expect(try await consumer.receive(upTo: 5).map(\.id) == ["last"])
        await place.end()
    }

    @Test func `bindings are kombu's, in the form of 5.6 and in that of 5.7`() async throws {
        let place = try await RedisPlace()
        let server = try await RedisServer.shared
        let queue = Queue("feeds", exchange: Exchange("feed", .topic), routingKey: "feed.#")
        try await place.transport.declare(Topology([queue]))
        for key in ["_kombu.binding.feed", "_kombu.binding_permanent.feed"] {
            let members = try server.command("SMEMBERS", place.prefix + key).texts
            #expect(members == ["feed.#\u{6}\u{16}^feed\\..*?$\u{6}\u{16}feeds"])
        }
        await place.end()
    }

    @Test func `the last of our workers leaves what is parked to Python's`() async throws {
        let place = try await RedisPlace()
        let (first, second) = (try await place.consumer(), try await place.consumer())
        let later = Timestamp.now.advanced(by: .seconds(3600))
        try await place.transport.publish([place.message("a", notBefore: later)], timeout: .seconds(5))
        #expect(try await place.transport.status(of: ["q"]).first?.delayed == 1)
        try await first.close()
        #expect(try await place.transport.status(of: ["q"]).first?.delayed == 1)
        try await second.close()
        let status = try #require(try await place.transport.status(of: ["q"]).first)
        #expect([status.ready, status.delayed] == [1, 0])
        await place.end()
    }

    @Test func `where only Python's workers are, a client parks nothing`() async throws {
        let place = try await RedisPlace()
        let later = Timestamp.now.advanced(by: .seconds(3600))
        try await place.transport.publish([place.message("a", notBefore: later)], timeout: .seconds(5))
        #expect(try await place.ready() == 1)
        await place.end()
    }
}
#endif
