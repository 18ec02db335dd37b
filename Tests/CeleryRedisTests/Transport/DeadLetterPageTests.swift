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

/// Dead letters of which there are many.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(1)))
struct DeadLetterPageTests {
    /// Sends, and refuses what comes.
    private func bury(_ count: Int, _ place: RedisPlace) async throws {
        try await place.publish((0..<count).map { "t\($0)" })
        let consumer = try await place.consumer()
        var dead = 0
        while dead < count {
            let found = try await consumer.receive(upTo: 100)
            dead += found.count
            try await consumer.settle(
                found.map { Settlement($0.tag, .deadLetter(DeadLetterReason("test", "refused"))) }
            )
        }
        try await consumer.close()
    }

    @Test func `all are replayed page by page, the oldest first, and all are purged`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url(), deadLetterLimit: 1000)
            try await bury(350, place)
            let letters = try await place.transport.deadLetters.list(.all, limit: 1000).compactMap(\.taskID)
            #expect(letters.count == 350)
            try server.command("CONFIG", "RESETSTAT")
            #expect(try await place.transport.deadLetters.replay(.all) == 350)
            let statistics = try #require(try server.command("INFO", "commandstats").text)
            #expect(statistics.contains("cmdstat_hmget:calls=4,"), "not all letters are read at once")
            let consumer = try await place.consumer()
            var next: [String] = []
            while next.count < 3 { next += try await consumer.receive(upTo: 3 - next.count).map(\.id) }
            #expect(next == letters.suffix(3).reversed())
            try await consumer.close()
            await place.end()
        }
    }

    @Test func `what is chosen is taken wherever it lies`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url(), deadLetterLimit: 1000)
            try await bury(250, place)
            let letters = place.transport.deadLetters
            #expect(try await letters.replay(DeadLetterSelection(ids: ["t3", "t120", "t249"])) == 3)
            #expect(try await letters.purge(.all) == 247)
            #expect(try await place.ready() == 3)
            await place.end()
        }
    }
}
#endif
