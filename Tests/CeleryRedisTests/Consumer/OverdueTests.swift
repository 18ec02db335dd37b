//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryTesting
import CeleryWire
import ServiceTestSupport
import Testing

@testable import CeleryRedis

@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct OverdueTests {
    /// So many messages, due one after the other within a second, which begins when all are sent.
    private func park(_ count: Int, in place: RedisPlace) async throws -> Timestamp {
        let start = Timestamp.now.advanced(by: .milliseconds(500))
        func due(_ number: Int) -> Timestamp { start.advanced(by: .microseconds((number + 1) * 1_000_000 / count)) }
        let shuffled = (0..<count).map { $0 * 211 % count }
        try await place.transport.publish(
            shuffled.map { place.message("\($0)", notBefore: due($0)) },
            timeout: .seconds(5)
        )
        return due(count)
    }

    private func take(_ count: Int, from consumer: any TransportConsumer) async throws -> [Int] {
        var ids: [Int] = []
        while ids.count < count {
            let deliveries = try await consumer.receive(upTo: min(64, count - ids.count))
            try #require(!deliveries.isEmpty)
            ids += deliveries.compactMap { Int($0.id) }
            try await consumer.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
        }
        return ids
    }

    @Test func `what is overdue is handed out in the order of its time, however much it is, and before what waits`()
        async throws
    {
        let place = try await RedisPlace()
        let consumer = try await place.consumer()
        let last = try await park(1200, in: place)
        try await eventually("all to be due") { Timestamp.now > last.advanced(by: .milliseconds(500)) }
        try await place.publish((0..<100).map { "later-\($0)" })
        #expect(try await take(1200, from: consumer) == Array(0..<1200))
        let status = try #require(try await place.transport.status(of: ["q"]).first)
        #expect([status.ready, status.delayed] == [100, 0])
        try await consumer.close()
        await place.end()
    }

    @Test func `what is due is moved although no worker of ours takes it, for others, in the order of its time`()
        async throws
    {
        let place = try await RedisPlace()
        let consumer = try await place.consumer()
        let (server, keys) = (try await RedisServer.shared, place.transport.store.keys)
        let list = keys.list("q", step: 0)
        _ = try await park(300, in: place)
        var numbers: [Int] = []
        // As a Python worker takes them.
        while numbers.count < 300 {
            try await eventually("the next") { try server.command("LLEN", list).number ?? 0 > 0 }
            let bytes = try server.command("RPOP", list).text ?? ""
            let (message, _) = try StoredMessage.decode(Array(bytes.utf8), limits: place.transport.store.codec.limits)
            numbers.append(try #require(Int(message.headers.id)))
        }
        #expect(numbers == Array(0..<300))
        try await consumer.close()
        await place.end()
    }
}
#endif
