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

/// How workers look at each other's leases.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(1)))
struct PeerLookTests {
    private func open(_ count: Int, _ place: RedisPlace, lease: Duration) async throws -> [any TransportConsumer] {
        var consumers: [any TransportConsumer] = []
        for _ in 0..<count { consumers.append(try await place.consumer(lease: lease)) }
        return consumers
    }

    private func calls(_ command: String, _ server: RedisServer) throws -> Int {
        let start = "cmdstat_\(command):calls="
        let statistics = try server.command("INFO", "commandstats").text ?? ""
        let line = statistics.split(separator: "\r\n").first { $0.hasPrefix(start) } ?? ""
        return Int(line.dropFirst(start.count).prefix { $0 != "," }) ?? 0
    }

    @Test func `however many others there are, a renewal asks for all their leases by one command`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            let consumers = try await open(8, place, lease: .seconds(4))
            try server.command("CONFIG", "RESETSTAT")
            try await eventually("some renewals") { try calls("hgetall", server) >= 24 }
            #expect(try calls("exists", server) <= 2 * calls("hgetall", server))
            for consumer in consumers { try await consumer.close() }
            await place.end()
        }
    }

    @Test func `one that is silent among many is found, and what it held comes back`() async throws {
        let place = try await RedisPlace()
        let dead = try await place.consumer(lease: .seconds(1))
        try await place.publish(["a"])
        #expect(try await dead.receive(upTo: 1).map(\.id) == ["a"])
        let others = try await open(4, place, lease: .seconds(1))
        await (dead as? RedisConsumer)?.abandon()
        #expect(try await others[0].receive(upTo: 1).map(\.id) == ["a"])
        for consumer in others { try await consumer.close() }
        await place.end()
    }
}

struct KeyCountTests {
    private let count = KeyCount((0..<600).map { "key-\($0)" })

    @Test func `hundreds of keys go into one command, and none is left out`() {
        let words = count.commands.words.map { $0.map { String(decoding: $0, as: UTF8.self) } }
        #expect(words.map(\.first) == ["EXISTS", "EXISTS", "EXISTS"])
        #expect(words.flatMap { $0.dropFirst() } == (0..<600).map { "key-\($0)" })
        #expect(KeyCount([]).commands.isEmpty)
    }

    @Test func `only where too few are found is each in doubt, and an error says nothing`() {
        #expect(count.doubtful([.int(250), .int(250), .int(100)]) == [])
        #expect(count.doubtful([.int(250), .int(249), .int(100)]) == Array(250..<500))
        #expect(count.doubtful([.int(0), .error(RESPError("ERR no")), .int(99)]) == Array(0..<250) + Array(500..<600))
    }
}
#endif
