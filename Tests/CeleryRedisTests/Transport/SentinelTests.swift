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

/// A master that fails, with sentinels that make its replica the next.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(3)))
struct SentinelTests {
    @Test func `publishing and consuming go on at the new master`() async throws {
        let group = try await SentinelGroup.start()
        let place = try await RedisPlace(
            group.url(),
            alternates: [],
            prefix: "",
            options: ["master_name": .string(SentinelGroup.name)]
        )
        let consumer = try await place.consumer(lease: .seconds(60))
        try await place.publish(["before"])
        let first = try await consumer.receive(upTo: 5)
        #expect(first.map(\.id) == ["before"])
        try await consumer.settle(first.map { Settlement($0.tag, .acknowledge) })
        _ = try await group.failover()
        _ = try await waited(for: "publishing at the new master", within: .seconds(60)) {
            (try? await place.publish(["after"])) != nil ? true : nil
        }
        #expect(try await consumer.receiveWhenReachable(upTo: 1).map(\.id) == ["after"])
        await place.end()
        await group.end()
    }
}
#endif
