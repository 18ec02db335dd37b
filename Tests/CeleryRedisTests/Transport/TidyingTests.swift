//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import NIOCore
import ServiceTestSupport
import Testing

@testable import CeleryRedis

/// Names of what has long gone are forgotten.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct TidyingTests {
    private func tidying(_ place: RedisPlace) -> Tidying {
        Tidying(store: place.transport.store, patience: .seconds(60))
    }

    @Test func `workers that were last seen long ago are forgotten, but for those that live`() async throws {
        let place = try await RedisPlace()
        let (server, keys) = (try await RedisServer.shared, place.transport.store.keys)
        func note(_ name: String, hoursAgo: Int) throws {
            let at = Timestamp.now.microseconds - Int64(hoursAgo) * 3_600_000_000
            let record = String(decoding: SeenRecord(queues: ["q"], at: at).encoded(), as: UTF8.self)
            try server.command("HSET", keys.seen, name, record)
        }
        let consumer = try await place.consumer()
        for index in 0..<1500 { try note("pod-\(index)", hoursAgo: 25) }
        try note("tester", hoursAgo: 1000)
        try note("yesterday's", hoursAgo: 23)
        try server.command("HSET", keys.seen, "garbled", "{")
        _ = await tidying(place).run([:])
        #expect(try Set(server.command("HKEYS", keys.seen).texts) == ["tester", "yesterday's"])
        #expect(try await place.transport.consumers().map(\.name) == ["tester", "yesterday's"])
        try await consumer.close()
        await place.end()
    }

    @Test func `queues that nobody has used for a while are forgotten, and known again when somebody does`()
        async throws
    {
        let place = try await RedisPlace()
        let (server, keys) = (try await RedisServer.shared, place.transport.store.keys)
        let consumer = try await place.consumer("served")
        try await place.publish(["a"], to: "filled")
        let later = Timestamp.now.advanced(by: .seconds(3600))
        try await place.transport.publish([place.message("b", to: "parked", notBefore: later)], timeout: .seconds(5))
        for index in 0..<1500 { try server.command("SADD", keys.queues, "reply-\(index)") }
        func names() throws -> Set<String> { Set(try server.command("SMEMBERS", keys.queues).texts) }
        // Not when they are first found unused.
        let found = await tidying(place).run([:])
        #expect(found.count == 1500)
        #expect(try names().count == 1503)
        let longAgo = found.mapValues { $0 - .seconds(61) }
        try server.command("LPUSH", keys.list("reply-7", step: 0), "x")
        let left = await tidying(place).run(longAgo)
        #expect(left.isEmpty)
        #expect(try names() == ["served", "filled", "parked", "reply-7"])
        let other = try await RedisPlace(prefix: place.prefix)
        try await other.publish(["c"], to: "reply-8")
        #expect(try names().contains("reply-8"))
        try await consumer.close()
        await other.end()
        await place.end()
    }

    @Test func `a queue is named to the server again after a while`() async throws {
        #expect(RedisRouter.notePatience < Tidying(store: try await RedisPlace().transport.store).patience)
    }
}
#endif
