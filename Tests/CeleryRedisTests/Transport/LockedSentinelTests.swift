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

/// Sentinels that ask for a password: `sentinel_kwargs` has it, while that in the URL is for the servers.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct LockedSentinelTests {
    private func withSentinel(_ body: (LockedSentinel, RedisServer) async throws -> Void) async throws {
        try await RedisServer.with(RedisServerOptions(password: "s3rvers")) { server in
            let sentinel = try await LockedSentinel.start(watching: server, password: "s3ntinels")
            do {
                try await body(sentinel, server)
            } catch {
                await sentinel.end()
                throw error
            }
            await sentinel.end()
        }
    }

    private func place(
        _ sentinel: LockedSentinel,
        keywords: CeleryObject?,
        password: String = "s3rvers"
    ) async throws -> RedisPlace {
        var options: CeleryObject = ["master_name": .string(SentinelGroup.name)]
        if let keywords { options["sentinel_kwargs"] = .object(keywords) }
        return try await RedisPlace("sentinel://:\(password)@127.0.0.1:\(sentinel.port)/0", options: options)
    }

    @Test func `each is told its own password`() async throws {
        try await withSentinel { sentinel, server in
            let place = try await place(sentinel, keywords: ["password": "s3ntinels"])
            try await place.publish(["a"])
            #expect(try server.command("LLEN", "\(place.prefix)q").number == 1)
            // And its own user, where that is named.
            let named = try await self.place(sentinel, keywords: ["username": "default", "password": "s3ntinels"])
            try await named.publish(["b"])
            for used in [place, named] { await used.end() }
        }
    }

    @Test(arguments: [nil, ["password": "s3rvers"], ["password": "mist4ke"]] as [CeleryObject?])
    func `without its password a sentinel is named as the one that refuses, and no password is shown`(
        _ keywords: CeleryObject?
    ) async throws {
        try await withSentinel { sentinel, _ in
            let place = try await place(sentinel, keywords: keywords)
            let error = await #expect(throws: TransportError.self) { try await place.publish(["a"]) }
            #expect(error?.code == .misconfigured)
            #expect(
                error?.message.hasPrefix("sentinel 127.0.0.1:\(sentinel.port): ") == true,
                "\(error?.message ?? "")"
            )
            #expect(error?.message.contains("sentinel_kwargs") == true)
            let text = "\(String(describing: error))"
            for password in ["s3rvers", "mist4ke"] { #expect(!text.contains(password)) }
            await place.end()
        }
    }

    @Test func `where the sentinel is content and the server is not, it is the server that is named`() async throws {
        try await withSentinel { sentinel, server in
            let place = try await place(sentinel, keywords: ["password": "s3ntinels"], password: "s3ntinels")
            let error = await #expect(throws: TransportError.self) { try await place.publish(["a"]) }
            #expect(error?.code == .misconfigured)
            #expect(error?.message.contains("127.0.0.1:\(server.port)") == true, "\(error?.message ?? "")")
            await place.end()
        }
    }

    // MARK: - The servers' users

    @Test(arguments: [("", true, true), ("-role", true, true), ("", false, true), ("-role", false, false)])
    func `a master says what it is in one way or another, or it is told what it refuses`(
        _ rules: String,
        _ knowsHello: Bool,
        _ suffices: Bool
    ) async throws {
        let rights = try #require(PermissionChecks.cure.firstRange(of: "~*"))
        let cure = PermissionChecks.cure[rights.lowerBound...].prefix { $0 != "," }
        let server = RedisServerOptions(
            users: ["worker on >pw \(cure) \(rules)"],
            directives: knowsHello ? [] : [("rename-command", "HELLO \"\"")]
        )
        try await RedisServer.with(server) { server in
            let sentinel = try await LockedSentinel.start(watching: server, password: "s3ntinels")
            let options: CeleryObject = [
                "master_name": .string(SentinelGroup.name), "sentinel_kwargs": ["password": "s3ntinels"],
            ]
            let place = try await RedisPlace("sentinel://worker:pw@127.0.0.1:\(sentinel.port)/0", options: options)
            if suffices {
                try await place.publish(["a"])
            } else {
                let error = await #expect(throws: TransportError.self) { try await place.publish(["a"]) }
                #expect(error?.code == .misconfigured, "\(String(describing: error))")
            }
            await place.end()
            await sentinel.end()
        }
    }
}
#endif
