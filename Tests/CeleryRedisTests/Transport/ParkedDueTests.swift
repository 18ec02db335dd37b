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

/// All workers are told when the first of what is parked is due, whoever parks it.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct ParkedDueTests {
    /// With such a one a worker looks for what nobody has told it of only after 15 seconds.
    private static let lease = Duration.seconds(60)

    /// As a sweep does.
    private func park(_ id: String, due: Int64, in place: RedisPlace) async throws {
        let store = place.transport.store
        let bytes = StoredMessage.encode(place.message(id).message, notBefore: due)
        let joined = Addressed.join(store.keys.list("q", step: 0), bytes)
        var commands = RedisCommands()
        commands.add("MULTI")
        Destination.parked(queue: "q", due: due, joined).append(to: &commands, keys: store.keys)
        commands.add("EXEC")
        _ = try await store.client.send(commands)
    }

    /// Takes one, which has to come soon.
    private func take(from consumer: any TransportConsumer) async throws -> [String] {
        let start = ContinuousClock.now
        let deliveries = try await consumer.receive(upTo: 1)
        #expect(ContinuousClock.now - start < .seconds(8))
        try await consumer.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
        return deliveries.map(\.id)
    }

    @Test func `what is given back for later brings forward when the first of all is due, and never puts it off`()
        async throws
    {
        let place = try await RedisPlace()
        let (server, keys) = (try await RedisServer.shared, place.transport.store.keys)
        for (due, first) in [(500, "500"), (900, "500"), (200, "200")] as [(Int64, String)] {
            try await park("\(due)", due: due, in: place)
            #expect(try server.command("GET", keys.parkedDue).text == first)
        }
        try server.command("SET", keys.parkedDue, "-1")
        try await park("700", due: 700, in: place)
        #expect(try server.command("GET", keys.parkedDue).text == "700")
        #expect(try server.command("ZCARD", keys.parked("q")).number == 4)
        #expect(try server.command("SMEMBERS", keys.parkedQueues).texts == ["q"])
        await place.end()
    }

    @Test func `what others park is handed out when it is due, also after the worker has taken such itself`()
        async throws
    {
        let place = try await RedisPlace()
        let consumer = try await place.consumer(lease: Self.lease)
        for id in ["first", "second"] {
            try await park(id, due: Timestamp.now.advanced(by: .seconds(1)).microseconds, in: place)
            #expect(try await take(from: consumer) == [id])
        }
        for id in ["third", "fourth"] {
            let later = Timestamp.now.advanced(by: .seconds(1))
            try await place.transport.publish([place.message(id, notBefore: later)], timeout: .seconds(5))
            #expect(try await take(from: consumer) == [id])
        }
        try await consumer.close()
        await place.end()
    }

    @Test func `what a worker put aside before it died is handed out when it is due`() async throws {
        let place = try await RedisPlace()
        let (first, heir) = (try await place.consumer(lease: Self.lease), try await place.consumer(lease: Self.lease))
        try await place.publish(["a"])
        let delivery = try #require(try await first.receive(upTo: 1).first)
        let later = Timestamp.now.advanced(by: .seconds(1))
        try await first.settle([Settlement(delivery.tag, .requeue(Requeue(.back, notBefore: later)))])
        await (first as? RedisConsumer)?.abandon()
        #expect(try await take(from: heir) == ["a"])
        try await heir.close()
        await place.end()
    }

    @Test(.enabled(if: RedisServer.isModern, "\(RedisServer.isOld)"))
    func `what is put aside on a full server is told of as well`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            let consumer = try await place.consumer()
            try await place.publish(["a"])
            let delivery = try #require(try await consumer.receive(upTo: 1).first)
            try server.command("CONFIG", "SET", "maxmemory", "1mb")
            let later = Timestamp.now.advanced(by: .seconds(3600))
            try await consumer.settle([Settlement(delivery.tag, .requeue(Requeue(.back, notBefore: later)))])
            #expect(
                try server.command("GET", place.transport.store.keys.parkedDue).text == "\(later.microseconds)"
            )
            try server.command("CONFIG", "SET", "maxmemory", "0")
            #expect(try await place.transport.status(of: ["q"]).first?.delayed == 1)
            try await consumer.close()
            await place.end()
        }
    }
}
#endif
