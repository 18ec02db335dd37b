//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import NIOCore

/// The first exchange on a connection: who we are, which protocol, which database.
enum RedisHandshake {
    /// Speaks RESP3 where the server or a proxy before it lets us, else RESP2.
    ///
    /// - Throws: `.misconfigured` for a wrong password or database, and for Redis Cluster; `.unavailable` while the server
    ///   is loading or busy.
    static func run(
        _ connection: RedisConnection,
        _ configuration: RedisConfiguration,
        _ deadline: NIODeadline
    ) async throws(TransportError) -> RedisConnection {
        var ready = connection
        let reply = try await hello(connection, configuration, deadline)
        if let error = reply.error {
            guard isUnknown(error) else { throw RedisFailure.error(error, at: connection.endpoint.description) }
            try await authenticate(connection, configuration, deadline)
        } else {
            ready.hasPushes = true
            for (name, value) in reply.pairs {
                switch name {
                case "id": ready.clientID = value.int
                case "role": ready.isReplica = value.string == "replica"
                case "version":
                    let major = value.string.flatMap { Int($0.prefix { $0 != "." }) }
                    ready.passesMemoryLimit = major ?? 0 >= 7
                case "mode" where value.string == "cluster": throw cluster(connection)
                case "mode" where value.string == "sentinel": throw sentinel(connection)
                default: break
                }
            }
        }
        guard configuration.database != 0 else { return ready }
        var select = RedisCommands()
        select.add("SELECT", configuration.database)
        if let error = try await connection.send(select, deadline: deadline).first?.error {
            // Others, such as that a script runs for too long, say nothing about the number.
            guard error.code == "ERR" || error.code == "NOPERM" else {
                throw RedisFailure.error(error, at: connection.endpoint.description)
            }
            throw TransportError(
                .misconfigured,
                "database \(configuration.database) of Redis at \(connection.endpoint) cannot be used: \(error.message)"
            )
        }
        return ready
    }

    /// Refuses a server that only copies another one.
    ///
    /// - Throws: `.unavailable` for such a one; what it means when a server that has not told its role yet refuses to.
    static func requireMaster(_ connection: RedisConnection, _ deadline: NIODeadline) async throws(TransportError) {
        var isReplica = connection.isReplica
        if isReplica == nil {
            var commands = RedisCommands()
            commands.add("ROLE")
            let reply = try await connection.send(commands, deadline: deadline).first
            if let error = reply?.error { throw RedisFailure.error(error, at: connection.endpoint.description) }
            isReplica = reply?.elements.first?.string != "master"
        }
        guard isReplica == true else { return }
        throw TransportError(
            .unavailable,
            "Redis at \(connection.endpoint) is not a master yet, although a sentinel says so"
        )
    }

    private static func hello(
        _ connection: RedisConnection,
        _ configuration: RedisConfiguration,
        _ deadline: NIODeadline
    ) async throws(TransportError) -> RESPValue {
        var arguments = ["3"]
        if let credentials = connection.access.credentials {
            arguments += ["AUTH"] + (credentials.count == 1 ? ["default"] : []) + credentials
        }
        arguments += ["SETNAME", configuration.clientName]
        var commands = RedisCommands()
        commands.add("HELLO", list: arguments)
        return try await connection.send(commands, deadline: deadline).first ?? .null
    }

    private static func authenticate(
        _ connection: RedisConnection,
        _ configuration: RedisConfiguration,
        _ deadline: NIODeadline
    ) async throws(TransportError) {
        var commands = RedisCommands()
        if let credentials = connection.access.credentials { commands.add("AUTH", list: credentials) }
        commands.add("CLIENT", "SETNAME", configuration.clientName)
        let replies = try await connection.send(commands, deadline: deadline)
        if let error = replies.lazy.compactMap(\.error).first(where: { !isUnknown($0) }) {
            throw RedisFailure.error(error, at: connection.endpoint.description)
        }
    }

    /// A server before 6, or a proxy that does not let it through.
    private static func isUnknown(_ error: RESPError) -> Bool {
        error.code == "NOPROTO" || error.message.hasPrefix("ERR unknown") || error.message.hasPrefix("ERR unsupported")
    }

    private static func sentinel(_ connection: RedisConnection) -> TransportError {
        TransportError(
            .misconfigured,
            "\(connection.endpoint) is a sentinel: write sentinel:// instead of redis://, and set master_name"
        )
    }

    private static func cluster(_ connection: RedisConnection) -> TransportError {
        TransportError(
            .misconfigured,
            "Redis at \(connection.endpoint) is a cluster, whose commands cannot span the keys that queues need: "
                + "name a server without cluster mode, or sentinels"
        )
    }
}
#endif
