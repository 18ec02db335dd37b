//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import NIOCore

/// A Lua script, named by its digest to a server that may know it already.
struct RedisScript: Sendable {
    enum Form {
        /// `EVALSHA`: short, but fails with `NOSCRIPT` where the script has not run since the server started.
        case digest
        /// `EVAL`: always works, also inside a transaction.
        case text
    }

    let text: String
    /// SHA-1 of the text, in hexadecimal. A wrong one costs a round trip each time, no more.
    let digest: String

    /// Begins the call; the keys and then the other arguments follow, exactly so many.
    func begin(_ form: Form, keys: Int, arguments: Int, in commands: inout RedisCommands) {
        switch form {
        case .digest:
            commands.begin("EVALSHA", arguments: 2 + keys + arguments)
            commands.argument(digest)
        case .text:
            commands.begin("EVAL", arguments: 2 + keys + arguments)
            commands.argument(text)
        }
        commands.argument(keys)
    }
}

extension RedisClient {
    /// Sends what `commands` makes with digests, and once more with texts when the server does not know a script.
    ///
    /// Outside transactions only, and with nothing beside scripts: what ran the first time runs again.
    /// - Throws: As ``send(_:timeout:)``.
    func sendScripts(
        timeout: Duration,
        _ commands: (RedisScript.Form) -> RedisCommands
    ) async throws(TransportError) -> [RESPValue] {
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        let replies = try await sendRaw(commands(.digest), timeout: timeout)
        guard let error = RedisFailure.first(in: replies) else { return replies }
        guard error.code == "NOSCRIPT" else { throw RedisFailure.error(error, at: configuration.location) }
        let left = deadline - .now()
        return try await send(commands(.text), timeout: .nanoseconds(left.nanoseconds))
    }
}
#endif
