//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import ServiceTestSupport
import Testing

@Suite("Sentinels", .needsRedis)
struct SentinelGroupTests {
    @Test("make the replica the master, on request and when the master dies")
    func failover() async throws {
        let group = try await SentinelGroup.start()
        do {
            let first = try await group.master()
            try first.command("SET", "key", "1")
            try first.command("WAIT", "1", "5000")
            let second = try await group.failover()
            #expect(second.port != first.port)
            #expect(try second.command("GET", "key").text == "1")
            // The old master has to follow before it can be chosen again.
            _ = try await waited(for: "a replica", within: .seconds(30)) {
                (try? second.command("INFO", "replication"))?.text?.contains("state=online") == true ? true : nil
            }
            let killed = try await group.killMaster()
            #expect(killed.port == second.port)
            let third = try await group.master(otherThan: killed)
            #expect(third.port == first.port)
            try await killed.restart()
            #expect(try killed.command("PING").text == "PONG")
        } catch {
            await group.end()
            throw error
        }
        await group.end()
    }
}
