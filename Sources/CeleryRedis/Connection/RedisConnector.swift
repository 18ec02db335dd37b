//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import NIOCore
import NIOPosix
import NIOSSL

/// Finds the server and makes connections to it.
struct RedisConnector: Sendable {
    let configuration: RedisConfiguration
    let eventLoop: any EventLoop
    /// Whether the server has been reached before: then the URL is right, and silence means something else.
    var hasConnected = false

    /// A sentinel that does not answer for so long is passed over.
    private static let sentinelPatience = TimeAmount.seconds(1)

    /// A connection that is ready for commands, to the first server that answers and, of several, is no replica. The one that
    /// answered last is asked first, and none may take the time of all.
    ///
    /// - Throws: `.misconfigured` when trying again will not help; `.unavailable` otherwise, with what each server said.
    func connect() async throws(TransportError) -> RedisConnection {
        let end = NIODeadline.now() + TimeAmount(configuration.connectTimeout)
        switch configuration.discovery {
        case .fixed(let servers):
            return try await first(of: servers.count) { (place, others) throws(TransportError) in
                let server = servers[place]
                let connection = try await ready(server, until: Self.share(of: end, beside: others))
                // One that stands alone is the one that is meant: it will say what it refuses.
                guard connection.isReplica == true, servers.count > 1 else { return connection }
                connection.close()
                throw TransportError(
                    .unavailable,
                    "Redis at \(server.endpoint) is a replica: name its master too, or the sentinels"
                )
            }
        case .sentinels(let endpoints, let name):
            var silent: [RedisConfiguration.Endpoint: TransportError] = [:]
            return try await first(of: endpoints.count) { (place, others) throws(TransportError) in
                let limit = min(.now() + Self.sentinelPatience, Self.share(of: end, beside: others + 1))
                let found = try await master(of: endpoints[place], named: name, until: limit)
                configuration.memory.answered(place)
                // Another sentinel may not know better yet: that is not to be waited for twice.
                if let error = silent[found] { throw error }
                do throws(TransportError) {
                    return try await self.master(at: found, until: Self.share(of: end, beside: min(others, 1)))
                } catch {
                    silent[found] = error
                    throw error
                }
            }
        }
    }

    /// What is left of the time, divided by those who are to have of it.
    private static func share(of end: NIODeadline, beside others: Int) -> NIODeadline {
        let now = NIODeadline.now()
        return now + .nanoseconds((end - now).nanoseconds / Int64(others + 1))
    }

    /// - Parameter attempt: Is told the place and how many others are left.
    private func first(
        of count: Int,
        _ attempt: (Int, Int) async throws(TransportError) -> RedisConnection
    ) async throws(TransportError) -> RedisConnection {
        var failures: [TransportError] = []
        for place in configuration.memory.order(count) {
            do {
                let connection = try await attempt(place, count - failures.count - 1)
                configuration.memory.answered(place)
                return connection
            } catch {
                failures.append(error)
            }
        }
        // One that is wrong among several is not to be tried for ever only if all are.
        if let wrong = failures.first, failures.allSatisfy({ !$0.isTransient }) { throw wrong }
        if failures.count == 1 { throw failures[0] }
        var told: [String] = []
        for failure in failures where !told.contains(failure.message) { told.append(failure.message) }
        throw TransportError(
            .unavailable,
            "none of \(configuration.location) can be used: " + told.joined(separator: "; ")
        )
    }

    private func ready(
        _ server: RedisConfiguration.Server,
        until limit: NIODeadline
    ) async throws(TransportError) -> RedisConnection {
        let bare = try await open(server, until: limit)
        do {
            return try await RedisHandshake.run(bare, configuration, limit)
        } catch {
            bare.close()
            throw explained(error, server)
        }
    }

    /// A server that speaks TLS and one that does not only fall silent before each other; one that gives a reason speaks the same.
    private func explained(_ error: TransportError, _ server: RedisConfiguration.Server) -> TransportError {
        guard case .host = server.endpoint, !hasConnected, !(error.cause is RESPError) else { return error }
        let hint: String
        switch (server.access.tls, error.code) {
        case (nil, .unavailable): hint = "before its first answer; if it speaks TLS only, write rediss://"
        case (_?, .timedOut): hint = "(its first answer; if it does not speak TLS, write redis://)"
        default: return error
        }
        return TransportError(error.code, "\(error.message) \(hint)", cause: error.cause)
    }

    /// Connects where a sentinel leads to.
    private func master(
        at endpoint: RedisConfiguration.Endpoint,
        until limit: NIODeadline
    ) async throws(TransportError) -> RedisConnection {
        let server = RedisConfiguration.Server(endpoint: endpoint, access: configuration.access)
        let connection = try await ready(server, until: limit)
        do throws(TransportError) {
            try await RedisHandshake.requireMaster(connection, limit)
        } catch {
            connection.close()
            throw error
        }
        return connection
    }

    /// Asks a sentinel for the master.
    private func master(
        of sentinel: RedisConfiguration.Endpoint,
        named name: String,
        until limit: NIODeadline
    ) async throws(TransportError) -> RedisConfiguration.Endpoint {
        let access = configuration.sentinelAccess
        let connection = try await open(RedisConfiguration.Server(endpoint: sentinel, access: access), until: limit)
        defer { connection.close() }
        var commands = RedisCommands()
        if let credentials = access.credentials { commands.add("AUTH", list: credentials) }
        commands.add("SENTINEL", "get-master-addr-by-name", name)
        let replies = try await connection.send(commands, deadline: limit)
        if let error = replies.lazy.compactMap(\.error).first {
            throw RedisFailure.sentinelError(error, at: sentinel)
        }
        guard let address = replies.last?.elements, address.count == 2, let host = address[0].string,
            let port = address[1].int
        else {
            throw TransportError(
                .unavailable,
                "sentinel \(sentinel) knows no master named \"\(name)\": check master_name in the transport options"
            )
        }
        return .host(host, port: Int(port))
    }

    private func open(
        _ server: RedisConfiguration.Server,
        until limit: NIODeadline
    ) async throws(TransportError) -> RedisConnection {
        let (endpoint, access) = (server.endpoint, server.access)
        do {
            let context = try access.tls.map { try NIOSSLContext(configuration: $0) }
            let patience = TimeAmount(configuration.timeout)
            let bootstrap = ClientBootstrap(group: eventLoop)
                .connectTimeout(max(.milliseconds(1), limit - .now()))
                .channelOption(.socketOption(.so_keepalive), value: 1)
            // The handler comes back from here: a connection that ended at once, as after a failed handshake, has none left,
            // while ours knows why.
            let prepare: @Sendable (any Channel) -> EventLoopFuture<RedisConnection> = { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(Self.security(context, endpoint))
                    }
                    let handler = RedisHandler(location: endpoint.description, patience: patience)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
                    return RedisConnection(channel: channel, handler: bound, endpoint: endpoint, access: access)
                }
            }
            return
                switch endpoint
            {
            case .host(let host, let port):
                try await bootstrap.connect(host: host, port: port, channelInitializer: prepare)
            case .socket(let path):
                try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: prepare)
            }
        } catch {
            throw TransportError(
                .unavailable,
                "cannot connect to Redis at \(endpoint): is it running, and is the URL right?",
                cause: error
            )
        }
    }

    private static func security(
        _ context: NIOSSLContext,
        _ endpoint: RedisConfiguration.Endpoint
    ) throws -> NIOSSLClientHandler {
        guard case .host(let host, _) = endpoint else {
            return try NIOSSLClientHandler(context: context, serverHostname: nil)
        }
        // An address is no name that could be indicated; it is still checked against the certificate.
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }
}
#endif
