//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryTesting
import ServiceTestSupport
import Testing

@testable import CeleryRedis

@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)")) struct RedisTransportConformanceTests {
    @Test(arguments: TransportCheck.all)
    func `keeps the transport contract`(_ check: TransportCheck) async throws {
        let place = try await RedisPlace()
        try await check.run(place.harness())
        await place.end()
    }

    @Test(arguments: TransportCheck.chords)
    func `keeps what it says of chords with results in another database`(_ check: TransportCheck) async throws {
        let place = try await RedisPlace(results: 1)
        try await check.run(place.harness())
        await place.end()
    }
}
#endif
