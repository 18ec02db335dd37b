//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import ServiceTestSupport
import Testing

@testable import CeleryRedis

@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(3)))
struct PipelineTests {
    @Test func `numbers and fields arrive as the text that they are`() async throws {
        let server = try await TestServer()
        defer { withExtendedLifetime(server) {} }
        let client = try server.client()
        for number in [0, 1, 9, 10, 99, 100, -1, -10, Int64.max, Int64.min] {
            #expect(try await client.ask("ECHO", number).string == String(number))
        }
        for number in [0, 9, 10, 18_446_744_073_709_551_615] as [UInt64] {
            #expect(try await client.ask("ECHO", number).string == String(number))
        }
        for field in [HeldField(tag: 0, list: 0), HeldField(tag: 10, list: 9), HeldField(tag: .max, list: 1234)] {
            #expect(try await client.ask("ECHO", field).string == field.text)
        }
        var commands = RedisCommands()
        commands.begin("ECHO", arguments: 1)
        commands.argument(0x68, Array("eld".utf8))
        #expect(try await client.send(commands)[0].string == "held")
    }

    @Test func `each kind of reply is told apart, whatever its size`() async throws {
        let server = try await TestServer()
        defer { withExtendedLifetime(server) {} }
        let client = try server.client()
        #expect(try await client.ask("SET", "a", "") == .text("OK"))
        #expect(try await client.ask("GET", "a") == .string([]))
        #expect(try await client.ask("GET", "b").isNull)
        #expect(try await client.ask("DECRBY", "n", 7) == .int(-7))
        #expect(try await client.ask("LRANGE", "l", 0, -1) == .array([]))
        var commands = RedisCommands()
        commands.add("MULTI")
        let ping = RedisCommands.one("PING")
        commands.append(ping, times: 3)
        commands.add("EXEC")
        let replies = try await client.send(commands)
        #expect(replies.dropFirst().prefix(3).allSatisfy { $0 == .text("QUEUED") })
        #expect(replies.last == .array(Array(repeating: .text("PONG"), count: 3)))
        // Larger than what one read brings, with line ends inside.
        let large = [UInt8](repeating: 13, count: 300_000) + [10] + [UInt8](repeating: 10, count: 300_000)
        _ = try await client.ask("RPUSH", "large", large)
        _ = try await client.ask("RPUSH", "large", large)
        #expect(try await client.ask("LRANGE", "large", 0, -1) == .array([.string(large), .string(large)]))
        let refused = try await client.sendRaw(.one("NOSUCH"))
        #expect(refused.first?.error?.code == "ERR")
    }

    /// Also of what gathers while an answer is out, beyond what leaves at once and in the middle of answers.
    @Test func `each of many callers gets its own replies`() async throws {
        let server = try await TestServer()
        defer { withExtendedLifetime(server) {} }
        let client = try server.client()
        let padding = String(repeating: "x", count: 700)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<64 {
                group.addTask {
                    for turn in 0..<40 {
                        var commands = RedisCommands()
                        commands.add("ECHO", "\(lane).\(turn).\(padding)")
                        commands.add("INCRBY", "count.\(lane)", 1)
                        let replies = try await client.send(commands)
                        #expect(replies == [.text("\(lane).\(turn).\(padding)"), .int(Int64(turn + 1))])
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

extension RedisCommands {
    fileprivate static func one(_ name: StaticString) -> RedisCommands {
        var commands = RedisCommands()
        commands.add(name)
        return commands
    }
}
#endif
