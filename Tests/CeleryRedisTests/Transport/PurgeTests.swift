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

@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(1)))
struct PurgeTests {
    @Test func `a purge counts what it deletes, and does not hold up the server until that is freed`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            let consumer = try await place.consumer("other")
            try await place.publish(["a", "b"])
            let later = Timestamp.now.advanced(by: .seconds(3600))
            try await place.transport.publish([place.message("c", notBefore: later)], timeout: .seconds(5))
            #expect(try await place.transport.purge(["q", "none"]) == 3)
            #expect(try await place.transport.status(of: ["q"]) == [QueueStatus(name: "q")])
            let statistics = try #require(try server.command("INFO", "commandstats").text)
            #expect(statistics.contains("cmdstat_unlink:calls=2,"))
            try await consumer.close()
            await place.end()
        }
    }
}
#endif
