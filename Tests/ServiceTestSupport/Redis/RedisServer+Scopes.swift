//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation

extension RedisServer {
    private static let starting = Task { try await start() }

    /// One for all tests that keep out of each other's way by their keys: ``uniquePrefix()``. Started when first asked for.
    ///
    /// It is ended by the end of the test process.
    package static var shared: RedisServer {
        get async throws { try await starting.value }
    }

    /// A prefix for keys and queues that no other test uses.
    package static func uniquePrefix() -> String { "t\(UUID().uuidString.prefix(13).lowercased())-" }

    /// Runs a test with a server of its own, and ends that however the test ends.
    package static func with<Result>(
        _ options: RedisServerOptions = RedisServerOptions(),
        _ body: (RedisServer) async throws -> Result
    ) async throws -> Result {
        let server = try await start(options)
        do {
            let result = try await body(server)
            await server.end()
            return result
        } catch {
            await server.end()
            throw error
        }
    }
}
