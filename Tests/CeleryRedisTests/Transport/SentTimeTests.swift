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

/// When a message was sent, which kombu's messages say nowhere.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct SentTimeTests {
    @Test func `a delivery and a queue's status know when a message of ours was sent, to the millisecond`() async throws
    {
        let place = try await RedisPlace()
        let before = Timestamp.now
        try await place.publish(["first"])
        let between = Timestamp.now
        try await place.publish(["second"])
        let status = try #require(try await place.transport.status(of: ["q", "empty"]).first)
        let oldest = try #require(status.oldest)
        #expect(oldest.microseconds / 1000 >= before.microseconds / 1000 && oldest <= between)
        let consumer = try await place.consumer()
        let deliveries = try await consumer.receive(upTo: 2)
        #expect(deliveries.map(\.id) == ["first", "second"])
        #expect(deliveries.first?.enqueuedAt == oldest)
        #expect(try await place.transport.status(of: ["q"]).first?.oldest == nil, "nothing waits")
        // Given back, it is as old as it was.
        try await consumer.close()
        #expect(try await place.transport.status(of: ["q"]).first?.oldest == oldest)
        await place.end()
    }

    @Test func `a task that comes at its time waits from then on`() async throws {
        let place = try await RedisPlace()
        let due = Timestamp.now.advanced(by: .seconds(2))
        try await place.transport.publish([place.message("later", notBefore: due)], timeout: .seconds(5))
        let consumer = try await place.consumer()
        #expect(try await consumer.receive(upTo: 1).first?.enqueuedAt == due)
        await place.end()
    }

    @Test(arguments: [nil, "2c1a5b0e-6f5e-4d0c-9d5b-0d6f6a4c8b11", "an own one", ""])
    func `of a message that says nothing of it nothing is known`(_ tag: String?) async throws {
        let place = try await RedisPlace()
        var message = place.message("theirs").message
        message.properties.deliveryTag = tag
        message.headers.argsRepr = #"('"delivery_tag": "01936781-1b2c-7000-8000-000000000000"',)"#
        let list = place.transport.store.keys.list("q", priority: nil)
        let server = try await RedisServer.shared
        _ = try server.command("LPUSH", list, String(decoding: Envelope.encode(message), as: UTF8.self))
        let status = try #require(try await place.transport.status(of: ["q"]).first)
        #expect(status.ready == 1 && status.oldest == nil)
        let delivery = try #require(try await place.consumer().receive(upTo: 1).first)
        #expect(delivery.id == "theirs" && delivery.enqueuedAt == nil)
        await place.end()
    }
}
#endif
