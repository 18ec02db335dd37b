//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import Logging
import NIOCore
import NIOPosix

/// Sends commands of any number of callers over one connection, pipelined, and connects again when it breaks.
///
/// What was not sent when the connection broke is sent over the next one, as long as its caller's time lasts. What was sent
/// and not answered fails: whether it took effect is not known.
final class RedisClient: Sendable {
    private let core: NIOLoopBoundBox<RedisClientCore>
    let configuration: RedisConfiguration

    /// Connects when it is first used.
    init(_ configuration: RedisConfiguration, logger: Logger) {
        self.configuration = configuration
        let loop = RedisLoops.next()
        core = .makeBoxSendingValue(RedisClientCore(RedisLink(configuration, loop, logger: logger)), eventLoop: loop)
    }

    deinit { shutdown() }

    /// Replies, none of which is an error.
    ///
    /// - Throws: What the first error among the replies means; `.timedOut` and `.unavailable`.
    func send(_ commands: RedisCommands, timeout: Duration? = nil) async throws(TransportError) -> [RESPValue] {
        let replies = try await sendRaw(commands, timeout: timeout)
        if let error = RedisFailure.first(in: replies) {
            throw RedisFailure.error(error, at: configuration.location)
        }
        return replies
    }

    func send(_ commands: RedisCommands, until deadline: NIODeadline?) async throws(TransportError) -> [RESPValue] {
        guard let deadline else { return try await send(commands) }
        return try await send(commands, timeout: .nanoseconds((deadline - .now()).nanoseconds))
    }

    /// When a call ends that has no time-out of its own.
    var deadline: NIODeadline { .now() + TimeAmount(configuration.timeout) }

    /// Replies with errors among them.
    func sendRaw(_ commands: RedisCommands, timeout: Duration? = nil) async throws(TransportError) -> [RESPValue] {
        let deadline = NIODeadline.now() + TimeAmount(timeout ?? configuration.timeout)
        let result = await withCheckedContinuation { continuation in
            core.eventLoop.execute {
                self.core.value.submit(commands, deadline) { continuation.resume(returning: $0) }
            }
        }
        return try result.get()
    }

    func shutdown() {
        let core = core
        core.eventLoop.execute { core.value.end() }
    }
}

/// The event loops of all connections: a thread of its own, so that neither a user's code nor a busy pool can hold them up.
enum RedisLoops {
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    static func next() -> any EventLoop { group.next() }
}
#endif
