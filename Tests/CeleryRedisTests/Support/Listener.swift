//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryTesting
import NIOCore

@testable import CeleryRedis

/// Hears what is published on a channel.
final class Listener: Sendable {
    private let connection: RedisConnection
    private let messages: AsyncStream<[UInt8]>

    init(_ server: TestServer, _ channel: String) async throws {
        let configuration = try RedisConfiguration(try server.context())
        _ = try await server.client().ask("PING")
        connection = try await RedisConnector(configuration: configuration, eventLoop: RedisLoops.next()).connect()
        let (messages, continuation) = AsyncStream<[UInt8]>.makeStream()
        self.messages = messages
        let handler = connection.handler
        try await connection.channel.eventLoop
            .submit {
                handler.value.onPush = { push in
                    if push.first?.string == "message", let bytes = push.last?.bytes { continuation.yield(bytes) }
                }
            }
            .get()
        var commands = RedisCommands()
        commands.addUnanswered("SUBSCRIBE", list: [channel])
        commands.add("PING")
        _ = try await connection.send(commands, timeout: .seconds(5))
    }

    deinit { connection.close() }

    func take(_ count: Int) async throws -> [[UInt8]] {
        var taken: [[UInt8]] = []
        for await message in messages {
            taken.append(message)
            if taken.count == count { break }
        }
        return taken
    }
}
#endif
