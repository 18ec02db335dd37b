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

/// Queues of fanout exchanges: how many copies come into them, and for how long.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct FanoutQueueTests {
    private let exchange = Exchange("news", .fanout)

    private func declare(_ names: String..., arguments: CeleryObject = [:], at transport: RedisTransport) async throws {
        let queues = names.map { Queue($0, exchange: exchange, routingKey: "", arguments: arguments) }
        try await transport.declare(Topology(queues))
    }

    /// As Python publishes; how many heard it.
    private func publish(_ id: String, to channel: String, _ server: RedisServer, _ place: RedisPlace) throws -> Int {
        let envelope = String(decoding: StoredMessage.encode(place.message(id).message), as: UTF8.self)
        return try server.command("PUBLISH", channel, envelope).number ?? 0
    }

    private func publishOurs(_ id: String, at place: RedisPlace) async throws {
        var message = place.message(id)
        message.message.properties.exchange = exchange.name
        message.message.properties.routingKey = ""
        try await place.transport.publish([message], timeout: .seconds(5))
    }

    /// Ids of what waits in a queue, sorted.
    private func ids(_ queue: String, _ server: RedisServer, _ place: RedisPlace) throws -> [String] {
        let store = place.transport.store
        return try server.command("LRANGE", store.keys.list(queue, priority: nil), "0", "-1").texts
            .map { try StoredMessage.decode(Array($0.utf8), limits: store.codec.limits).0.headers.id }
            .sorted()
    }

    /// Returns when a consumer has put away all that was published before: it answers in order, and what it heard is on its
    /// way with the first answer.
    private func settle(_ consumer: any TransportConsumer, _ queues: [String]) async throws {
        for _ in 0..<2 { try await consumer.consume(queues) }
    }

    @Test func `several workers of one queue put what Python publishes there once`() async throws {
        try await RedisServer.with { server in
            var places: [RedisPlace] = []
            var consumers: [any TransportConsumer] = []
            for _ in 0..<3 {
                let place = try await RedisPlace(server.url(), prefix: "p-")
                try await declare("q", at: place.transport)
                places.append(place)
                consumers.append(try await place.consumer())
            }
            let place = places[0]
            let channel = place.transport.store.router.channel("news", "")
            var sent: [String] = []
            _ = try await waited(for: "three that listen") { () -> Bool? in
                let id = "early-\(sent.count)"
                let heard = try publish(id, to: channel, server, place)
                if heard > 0 { sent.append(id) }
                return heard == 3 ? true : nil
            }
            for number in 0..<50 {
                #expect(try publish("m\(number)", to: channel, server, place) == 3)
                sent.append("m\(number)")
            }
            for consumer in consumers { try await settle(consumer, ["q"]) }
            #expect(try ids("q", server, place) == sent.sorted())
            // What says so goes by itself.
            let note = try #require(try server.command("KEYS", "p-_swift.copied.*").texts.first)
            #expect(try (1...60_000).contains(server.command("PTTL", note).number ?? 0))
            for place in places { await place.end() }
        }
    }

    @Test func `each queue of a worker that is bound to the exchange has what Python publishes`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url(), options: ["fanout_prefix": "/{db}/mine."])
            try await declare("a", "b", at: place.transport)
            let consumer = try await place.consumer("a")
            try await consumer.consume(["a", "b"])
            let channel = "\(place.prefix)/0/mine.news"
            _ = try await waited(for: "somebody who listens") { () -> Bool? in
                try publish("x", to: channel, server, place) > 0 ? true : nil
            }
            try await settle(consumer, ["a", "b"])
            #expect(try ids("a", server, place) == ["x"])
            #expect(try ids("b", server, place) == ["x"])
            await place.end()
        }
    }

    @Test func `a queue with x-expires that no worker takes from is filled no longer, and forgotten`() async throws {
        let server = try await RedisServer.shared
        let place = try await RedisPlace()
        let keys = place.transport.store.keys
        try await declare("q", arguments: ["x-expires": 120_000], at: place.transport)
        #expect(try server.command("SMEMBERS", keys.copies("news")).texts.isEmpty)
        let first = try await RedisPlace(prefix: place.prefix)
        try await publishOurs("kept", at: first)
        #expect(try ids("q", server, place) == ["kept"])
        // As if its time were over.
        try server.command("ZADD", keys.passingCopies("news"), "1", "q")
        let second = try await RedisPlace(prefix: place.prefix)
        try await publishOurs("late", at: second)
        #expect(try ids("q", server, place) == ["kept"])
        _ = await Tidying(store: place.transport.store).run([:])
        #expect(try ids("q", server, place).isEmpty)
        let left = [keys.passingCopies("news"), keys.binding("news"), keys.permanentBinding("news")]
        for key in left { #expect(try server.command("EXISTS", key).number == 0, "\(key)") }
        for place in [first, second, place] { await place.end() }
    }

    @Test func `one that a worker takes from is filled for as long as it does`() async throws {
        let server = try await RedisServer.shared
        let place = try await RedisPlace()
        let keys = place.transport.store.keys
        try await declare("q", arguments: ["x-expires": 120_000], at: place.transport)
        let consumer = try await place.consumer(lease: .seconds(1))
        try server.command("ZADD", keys.passingCopies("news"), "1", "q")
        _ = await Tidying(store: place.transport.store).run([:])
        // The next renewal of the lease enters it again, should it ever be late.
        _ = try await waited(for: "another term") { () -> Bool? in
            (try server.command("ZSCORE", keys.passingCopies("news"), "q").number ?? 0) > 1 ? true : nil
        }
        let other = try await RedisPlace(prefix: place.prefix)
        try await publishOurs("a", at: other)
        #expect(try await consumer.receive(upTo: 5).map(\.id) == ["a"])
        // Without x-expires it is for good again.
        try await declare("q", at: place.transport)
        #expect(try server.command("SMEMBERS", keys.copies("news")).texts == ["q"])
        try await consumer.close()
        try server.command("LPUSH", keys.list("q", priority: nil), "kept")
        try server.command("ZADD", keys.passingCopies("news"), "1", "q")
        _ = await Tidying(store: place.transport.store).run([:])
        #expect(try server.command("LLEN", keys.list("q", priority: nil)).number ?? 0 >= 1)
        #expect(try server.command("ZSCORE", keys.passingCopies("news"), "q") == .null)
        for place in [other, place] { await place.end() }
    }

    @Test func `doctor tells of a queue that is filled although nobody takes from it`() async throws {
        try await Patient.with { patient in
            try await declare("q", at: patient.transport)
            let place = try await RedisPlace(patient.server.url(), prefix: "")
            try await publishOurs("a", at: place)
            let found = try await patient.look()
            #expect(found.map(\.code) == ["unattended-copies"])
            #expect(found.first?.found.contains("1 message waits in queue q") == true, "\(found)")
            #expect(found.first?.cure.contains("x-expires") == true, "\(found)")
            let consumer = try await patient.consumer(lease: .seconds(10))
            #expect(try await patient.look().contains { $0.code == "unattended-copies" } == false)
            try await consumer.close()
            await place.end()
        }
    }

    @Test func `a queue that was bound just now has what a sender publishes that does not know of it yet, once`()
        async throws
    {
        try await RedisServer.with { server in
            let sender = try await RedisPlace(server.url(), prefix: "p-")
            try await declare("old", at: sender.transport)
            try await publishOurs("before", at: sender)
            let place = try await RedisPlace(server.url(), prefix: "p-")
            try await declare("old", "new", at: place.transport)
            let consumer = try await place.consumer("new")
            let channel = place.transport.store.router.channel("news", "")
            try await eventually("somebody who listens") {
                try server.command("PUBSUB", "NUMPAT").number == 1
            }
            try await consumer.consume(["old", "new"])
            // What the sender has read of the bindings is younger than a second.
            try await publishOurs("at once", at: sender)
            try await publishOurs("later", at: place)
            try await settle(consumer, ["old", "new"])
            #expect(try ids("new", server, place) == ["at once", "later"])
            #expect(try ids("old", server, place) == ["at once", "before", "later"])
            // Python's own come everywhere.
            #expect(try publish("theirs", to: channel, server, place) == 1)
            try await settle(consumer, ["old", "new"])
            #expect(try ids("new", server, place) == ["at once", "later", "theirs"])
            for place in [sender, place] { await place.end() }
        }
    }

    @Test func `what a queue that lives for a while leaves is for kombu's sweep`() async throws {
        let server = try await RedisServer.shared
        let place = try await RedisPlace()
        let keys = place.transport.store.keys
        let exchange = Exchange("passing", .direct)
        let queue = Queue("q", exchange: exchange, routingKey: "k", arguments: ["x-expires": 7_200_000])
        try await place.transport.declare(Topology([queue], isConsumed: false))
        let member = "k\u{6}\u{16}\u{6}\u{16}q"
        #expect(try server.command("SMEMBERS", keys.binding("passing")).texts == [member])
        #expect(try server.command("EXISTS", keys.permanentBinding("passing")).number == 0)
        let score = try #require(try server.command("ZSCORE", keys.bindingDeadlines, "passing").text)
        let life = Double(score).map { $0 - Timestamp.now.unixSeconds * 1000 } ?? 0
        #expect((13_000_000...14_400_000).contains(life), "twice its life")
        // As if its time were over: a table with a binding for good stays.
        try await place.transport.declare(Topology([Queue("r", exchange: Exchange("kept", .direct), routingKey: "k")]))
        try server.command("ZADD", keys.bindingDeadlines, "1", "passing", "2", "kept")
        try await place.transport.store.router.sweepBindings()
        #expect(try server.command("EXISTS", keys.binding("passing"), keys.bindingDeadlines).number == 0)
        #expect(try server.command("EXISTS", keys.binding("kept")).number == 1)
        await place.end()
    }

    @Test func `a worker that takes from one keeps its binding`() async throws {
        let server = try await RedisServer.shared
        let place = try await RedisPlace()
        let keys = place.transport.store.keys
        let queue = Queue("q", exchange: Exchange("passing", .topic), routingKey: "k", arguments: ["x-expires": 60_000])
        try await place.transport.declare(Topology([queue]))
        let consumer = try await place.consumer(lease: .seconds(1))
        try server.command("DEL", keys.binding("passing"), keys.bindingDeadlines)
        try await eventually("the binding") {
            try server.command("EXISTS", keys.binding("passing"), keys.bindingDeadlines).number == 2
        }
        try await consumer.close()
        await place.end()
    }
}
#endif
