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

/// Where what dead Python workers held goes.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct KombuRestoreTests {
    private func envelope(_ id: String, _ place: RedisPlace) -> String {
        String(decoding: StoredMessage.encode(place.message(id).message), as: UTF8.self)
    }

    /// As a Python worker left it that died long ago.
    private func hold(
        _ tag: String,
        _ held: String,
        takenAt seconds: Int = 1,
        _ place: RedisPlace,
        _ own: RedisServer? = nil
    ) async throws {
        let keys = place.transport.store.keys
        let server = if let own { own } else { try await RedisServer.shared }
        try server.command("HSET", keys.unacked, tag, held)
        try server.command("ZADD", keys.unackedIndex, "\(seconds)", tag)
    }

    /// What waits in a queue, the next to be taken last.
    private func messages(_ queue: String, _ place: RedisPlace, _ own: RedisServer? = nil) async throws -> [Message] {
        let store = place.transport.store
        let server = if let own { own } else { try await RedisServer.shared }
        let texts = try server.command("LRANGE", store.keys.list(queue, step: 0), "0", "-1").texts
        return try texts.map { try StoredMessage.decode(Array($0.utf8), limits: store.codec.limits).0 }
    }

    private func declare(_ place: RedisPlace) async throws {
        let exchange = Exchange("news", .topic)
        try await place.transport.declare(
            Topology([
                Queue("a", exchange: exchange, routingKey: "news.#"),
                Queue("b", exchange: exchange, routingKey: "news.*"),
                Queue("c", exchange: exchange, routingKey: "sports.*"),
            ])
        )
    }

    @Test func `it goes to every queue that its exchange leads to, as kombu's workers do it`() async throws {
        let place = try await RedisPlace()
        let (server, store) = (try await RedisServer.shared, place.transport.store)
        try await declare(place)
        try await hold("tag", "[\(envelope("left", place)), \"news\", \"news.x\"]", place)
        await KombuRestore(store: store).run()
        let (first, second) = (try await messages("a", place), try await messages("b", place))
        #expect(first.map(\.headers.id) == ["left"])
        #expect(second.map(\.headers.id) == ["left"])
        #expect((first + second).map(\.properties.redelivered) == [true, true])
        // By its tag Python's workers know what they hold.
        #expect(Set((first + second).map(\.properties.deliveryTag)).count == 2)
        #expect(try await messages("c", place).isEmpty)
        #expect(try server.command("EXISTS", store.keys.unacked, store.keys.unackedIndex).number == 0)
        await place.end()
    }

    @Test func `it is looked for where the options say that Python's workers keep it`() async throws {
        let place = try await RedisPlace(options: ["unacked_key": "held", "unacked_index_key": "held_since"])
        let server = try await RedisServer.shared
        let held = "[\(envelope("left", place)), \"\", \"q\"]"
        try server.command("HSET", place.prefix + "held", "tag", held)
        try server.command("ZADD", place.prefix + "held_since", "1", "tag")
        await KombuRestore(store: place.transport.store).run()
        #expect(try await messages("q", place).map(\.headers.id) == ["left"])
        #expect(try server.command("EXISTS", place.prefix + "held", place.prefix + "held_since").number == 0)
        await place.end()
    }

    @Test func `it stays where it is while one of the queues cannot take it`() async throws {
        let place = try await RedisPlace()
        let (server, store) = (try await RedisServer.shared, place.transport.store)
        try await declare(place)
        try await hold("tag", "[\(envelope("left", place)), \"news\", \"news.x\"]", place)
        try await hold("older", "[\(envelope("older", place)), \"\", \"q\"]", takenAt: 0, place)
        try server.command("SET", store.keys.list("b", step: 0), "no list")
        await KombuRestore(store: store).run()
        #expect(try await messages("a", place).isEmpty)
        #expect(try await messages("q", place).map(\.headers.id) == ["older"])
        #expect(try server.command("HKEYS", store.keys.unacked).texts == ["tag"])
        try server.command("DEL", store.keys.list("b", step: 0))
        await KombuRestore(store: store).run()
        #expect(try await messages("a", place).map(\.headers.id) == ["left"])
        #expect(try await messages("b", place).map(\.headers.id) == ["left"])
        await place.end()
    }

    @Test func `what cannot be read and what goes nowhere become dead letters, and nothing is asked again`()
        async throws
    {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url(), deadLetterLimit: 1000)
            let store = place.transport.store
            let lost = "[\(envelope("lost", place)), \"nowhere\", \"k\"]"
            for number in 0..<230 {
                let held = number.isMultiple(of: 2) ? "{" : lost
                try await hold("stuck-\(number)", held, takenAt: 1000 + number, place, server)
            }
            try server.command("ZADD", store.keys.unackedIndex, "1500", "an index of nothing")
            for number in 0..<3 {
                let held = "[\(envelope("\(number)", place)), \"\", \"q\"]"
                try await hold("old-\(number)", held, takenAt: number, place, server)
            }
            await KombuRestore(store: store).run()
            #expect(try await messages("q", place, server).map(\.headers.id) == ["2", "1", "0"])
            #expect(try server.command("EXISTS", store.keys.unacked, store.keys.unackedIndex).number == 0)
            let dead = try await place.transport.deadLetters.list(.all, limit: 1000)
            #expect(dead.count { $0.reason.code == "malformed" } == 115)
            #expect(dead.count { $0.reason.code == "unroutable" && $0.taskID == "lost" } == 115)
            try server.command("CONFIG", "RESETSTAT")
            await KombuRestore(store: store).run()
            let statistics = try #require(try server.command("INFO", "commandstats").text)
            #expect(statistics.contains("cmdstat_zrevrangebyscore:calls=1,"))
            #expect(!statistics.contains("cmdstat_eval") && !statistics.contains("cmdstat_hmget"), "\(statistics)")
            await place.end()
        }
    }

    @Test func `however many there are, all come back at once, the first to have been taken next`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            let keys = place.transport.store.keys
            var (held, index) = (["HSET", keys.unacked], ["ZADD", keys.unackedIndex])
            for number in 0..<3000 {
                held += ["\(number)", "[\(envelope("\(number)", place)), \"\", \"q\"]"]
                index += ["\(number)", "\(number)"]
            }
            var probe = try RedisProbe(path: server.socketPath)
            _ = try probe.command(held)
            _ = try probe.command(index)
            await KombuRestore(store: place.transport.store).run()
            #expect(try await messages("q", place, server).map(\.headers.id).reversed() == (0..<3000).map { "\($0)" })
            await place.end()
        }
    }
}
#endif
