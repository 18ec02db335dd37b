//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryTesting
import CeleryWire
import Logging
import ServiceTestSupport

@testable import CeleryRedis

/// A Redis server of a test's own, and how the product reaches it.
final class TestServer: Sendable {
    let server: RedisServer

    init(_ options: RedisServerOptions = RedisServerOptions()) async throws { server = try await .start(options) }

    var socket: String { server.socketPath }

    func context(
        database: Int = 0,
        options: CeleryObject = [:],
        codec: WireCodec = WireCodec()
    ) throws -> PluginContext {
        PluginContext(
            url: try BrokerURL("redis+socket://\(socket)?virtual_host=\(database)"),
            codec: codec,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            options: options
        )
    }

    func backend(
        database: Int = 0,
        options: CeleryObject = [:],
        codec: WireCodec = WireCodec()
    ) throws -> RedisResultBackend {
        try RedisResultBackend(try context(database: database, options: options, codec: codec))
    }

    /// Sends commands beside the backend.
    func client(database: Int = 0) throws -> RedisClient {
        let context = try context(database: database)
        return RedisClient(try RedisConfiguration(context), logger: context.logger)
    }
}

extension RedisClient {
    /// Sends one command and returns its reply.
    func ask<each Argument: RESPArgument>(
        _ name: StaticString,
        _ arguments: repeat each Argument
    ) async throws -> RESPValue {
        var commands = RedisCommands()
        commands.add(name, repeat each arguments)
        return try await send(commands).first ?? .null
    }

    /// How many connections are subscribed to something.
    func subscribers(of channel: String) async throws -> Int64 {
        try await ask("PUBSUB", "NUMSUB", channel).elements.last?.int ?? 0
    }
}

/// Waits until it holds, twenty seconds at most.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    guard try await ServiceTestSupport.eventually(within: .seconds(20), condition) else {
        throw CheckFailure("waited in vain for \(what)")
    }
}

extension ResultBackend {
    func store(
        _ id: String,
        _ state: TaskState,
        _ value: CeleryValue = .null,
        expires: Duration? = .seconds(60)
    ) async throws {
        let meta = TaskMeta(taskID: id, state: state, outcome: .value(EncodedValue(value)))
        try await store([StoredResult(meta, expires: expires)], timeout: .seconds(5))
    }

    func state(_ id: String) async throws -> TaskState? {
        try await fetch([id], timeout: .seconds(5))[id]?.state
    }
}
#endif
