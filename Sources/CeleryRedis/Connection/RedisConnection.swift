//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import NIOCore

/// One connection to a server, its handshake done.
struct RedisConnection: Sendable {
    let channel: any Channel
    /// Used on the channel's event loop only.
    let handler: NIOLoopBound<RedisHandler>
    /// Where it leads: with sentinels not the configured address.
    let endpoint: RedisConfiguration.Endpoint
    let access: RedisConfiguration.Access
    /// RESP3, so that the server can say things unasked.
    var hasPushes = false
    /// Redis 7 and later: a script may say that it is to run although the server is full.
    var passesMemoryLimit = false
    /// Whether it only copies another server; nil when it did not tell.
    var isReplica: Bool?
    /// The server's number for it; nil when it did not tell.
    var clientID: Int64?

    /// Sends commands and waits for their replies, errors among them.
    ///
    /// - Throws: `.timedOut` and `.unavailable`; the connection is closed then.
    func send(_ commands: RedisCommands, timeout: Duration) async throws(TransportError) -> [RESPValue] {
        try await send(commands, deadline: .now() + TimeAmount(timeout))
    }

    func send(_ commands: RedisCommands, deadline: NIODeadline) async throws(TransportError) -> [RESPValue] {
        let result = await withCheckedContinuation { continuation in
            channel.eventLoop.execute {
                handler.value.send(commands, deadline: deadline) { continuation.resume(returning: $0) }
            }
        }
        return try result.get()
    }

    func close() {
        channel.eventLoop.execute {
            handler.value.close(TransportError(.closed, "the connection to \(endpoint) was closed"))
        }
    }
}
#endif
