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

/// A caller's time is over when he said, whatever has to be found out before his message can go.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(1)))
struct SendingTimeTests {
    @Test func `declaring, finding the way and sending share it`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            let queues = (0..<5).map { Queue("q\($0)", exchange: Exchange("news", .topic), routingKey: "k\($0)") }
            try await place.transport.declare(Topology(queues))
            var message = place.message("a")
            message.message.properties.exchange = "news"
            message.message.properties.routingKey = "k1"
            let batch = [message]
            try await server.whileSuspended {
                var begun = ContinuousClock.now
                await #expect(throws: TransportError.self) {
                    try await place.transport.publish(batch, timeout: .milliseconds(500))
                }
                #expect(ContinuousClock.now - begun < .seconds(3))
                begun = .now
                await #expect(throws: TransportError.self) {
                    try await place.transport.declare(Topology(queues, isConsumed: false), timeout: .milliseconds(500))
                }
                #expect(ContinuousClock.now - begun < .seconds(3))
            }
            try await eventually("a server that answers") {
                (try? await place.transport.publish(batch, timeout: .seconds(5))) != nil
            }
            await place.end()
        }
    }

    @Test func `all bindings are declared in two round trips, however many there are`() async throws {
        try await RedisServer.with { server in
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            let place = try await RedisPlace(server.url(port: proxy.port))
            _ = try await place.ready()
            // One way and back.
            proxy.mode = .delaying(.milliseconds(100))
            let queues = (0..<40).map { Queue("q\($0)", exchange: Exchange("news", .topic), routingKey: "k\($0)") }
            let begun = ContinuousClock.now
            try await place.transport.declare(Topology(queues), timeout: .seconds(30))
            // One for each would take eight seconds.
            #expect(ContinuousClock.now - begun < .seconds(4))
            await place.end()
        }
    }
}
#endif
