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

/// A fetch that took effect while its answer was lost, and connections that break again before what it took is put back.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(1)))
struct UnheardFetchTests {
    @Test(arguments: [nil, AcknowledgementMode.late], [false, true])
    func `what nobody heard of comes again, once and in order, however often the connection breaks`(
        _ starts: AcknowledgementMode?,
        isDelayed: Bool
    ) async throws {
        try await RedisServer.with { server in
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            let sender = try await RedisPlace(server.url(), prefix: "")
            let place = try await RedisPlace(server.url(port: proxy.port), prefix: "")
            try await sender.publish(["known"])
            let consumer = try await place.consumer(lease: .seconds(30), starts: starts)
            let known = try await consumer.receive(upTo: 5)
            #expect(known.map(\.id) == ["known"])

            // Answers with what was fetched are lost, and so is every try to put it back.
            proxy.mode = .breaking(before: ["unheard0", "'LLEN', KEYS[i]"])
            let ids = (0..<3).map { "unheard\($0)" }
            let before = proxy.accepted
            let due = isDelayed ? Timestamp.now.advanced(by: .milliseconds(200)) : nil
            try await sender.transport.publish(
                ids.map { sender.message($0, notBefore: due) },
                timeout: .seconds(5)
            )
            async let received = consumer.receiveWhenReachable(upTo: 5)
            _ = try await waited(for: "connections that break again") { proxy.accepted > before + 3 ? true : nil }
            // After a single message a touched list is asked for two.
            #expect(try await sender.ready() <= 1, "the fetch did not take effect")
            try proxy.heal()

            let deliveries = try await received
            #expect(deliveries.map(\.id) == ids)
            try await consumer.settle((known + deliveries).map { Settlement($0.tag, .acknowledge) })
            try await consumer.close()
            #expect(try await sender.transport.status(of: ["q"]) == [QueueStatus(name: "q")])
            await place.end()
            await sender.end()
        }
    }
}
#endif
