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

/// The set of revoked ids on Redis.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(1)))
struct RevocationBoundTests {
    @Test func `of too many revocations on Redis the first to come go, unless they came again`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url(), prefix: "")
            var revocations = try #require(place.transport.revocations as? RedisRevocations)
            revocations.limit = 2500
            func revoke(_ numbers: some Sequence<Int>) async throws {
                let entries = numbers.map {
                    Revocation(taskID: "\($0)", terminate: false, signal: "", expires: .now.advanced(by: .seconds(60)))
                }
                try await revocations.revoke(entries)
            }
            try await revoke(0..<2500)
            try await revoke([0])
            try await revoke(2500..<4999)
            let kept = Set([0]).union(2500..<4999)
            let known = try await revocations.revoked(among: (0..<4999).map { "\($0)" })
            #expect(known == Set(kept.map { "\($0)" }))
            for (command, key) in [("HLEN", "_swift.revoked"), ("ZCARD", "_swift.revoked.index")] {
                #expect(try server.command(command, key) == .integer(2500))
            }
            await place.end()
        }
    }
}
#endif
