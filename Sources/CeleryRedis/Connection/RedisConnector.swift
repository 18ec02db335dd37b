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

    /// A connection that is ready for commands, to the first server that answers and, of several, is no replica.
    ///
    /// - Throws: `.misconfigured` when trying again will not help; `.unavailable` otherwise, with what each server said.
    func connect() async throws(TransportError) -> RedisConnection {
        switch configuration.discovery {
        case .fixed(let endpoints):
            return try await first(of: endpoints) { (endpoint) throws(TransportError) in
                let connection = try await ready(endpoint)
                // One that stands alone is the one that is meant: it will say what it refuses.
                guard connection.isReplica, endpoints.count > 1 else { return connection }
                connection.close()
                throw TransportError(
                    .unavailable,
                    "Redis at \(endpoint) is a replica: name its master too, or the sentinels"
                )
            }
        case .sentinels(let endpoints, let master, let user, let password):
            return try await first(of: endpoints) { (sentinel) throws(TransportError) in
                let found = try await self.master(of: sentinel, named: master, user, password)
                let connection = try await ready(found)
                do throws(TransportError) {
                    try await RedisHandshake.requireMaster(connection, configuration)
                } catch {
                    connection.close()
                    throw error
                }
                return connection
            }
        }
    }

    private func first(
        of endpoints: [RedisConfiguration.Endpoint],
        _ attempt: (RedisConfiguration.Endpoint) async throws(TransportError) -> RedisConnection
    ) async throws(TransportError) -> RedisConnection {
        var failures: [TransportError] = []
        for endpoint in endpoints {
            do {
                return try await attempt(endpoint)
            } catch {
                failures.append(error)
            }
        }
        // One that is wrong among several is not to be tried for ever only if all are.
        if let wrong = failures.first, failures.allSatisfy({ !$0.isTransient }) { throw wrong }
        if failures.count == 1 { throw failures[0] }
        throw TransportError(
            .unavailable,
            "none of \(configuration.location) can be used: " + failures.map(\.message).joined(separator: "; ")
        )
    }

    private func ready(_ endpoint: RedisConfiguration.Endpoint) async throws(TransportError) -> RedisConnection {
        let bare = try await open(endpoint, tls: configuration.tls)
        do {
            return try await RedisHandshake.run(bare, configuration)
        } catch {
            bare.close()
            throw explained(error, endpoint)
        }
    }

    /// A server that speaks TLS and one that does not only fall silent before each other; one that gives a reason speaks the same.
    private func explained(_ error: TransportError, _ endpoint: RedisConfiguration.Endpoint) -> TransportError {
        guard case .host = endpoint, !hasConnected, !(error.cause is RESPError) else { return error }
        let hint: String
        switch (configuration.tls, error.code) {
        case (nil, .unavailable): hint = "before its first answer; if it speaks TLS only, write rediss://"
        case (_?, .timedOut): hint = "(its first answer; if it does not speak TLS, write redis://)"
        default: return error
        }
        return TransportError(error.code, "\(error.message) \(hint)", cause: error.cause)
    }

    /// Asks a sentinel for the master.
    private func master(
        of sentinel: RedisConfiguration.Endpoint,
        named name: String,
        _ user: String?,
        _ password: String?
    ) async throws(TransportError) -> RedisConfiguration.Endpoint {
        let connection = try await open(sentinel, tls: configuration.sentinelTLS)
        defer { connection.close() }
        var commands = RedisCommands()
        if let password {
            commands.add("AUTH", list: [user, password].compactMap { $0 })
        }
        commands.add("SENTINEL", "get-master-addr-by-name", name)
        let replies = try await connection.send(commands, timeout: configuration.connectTimeout)
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
        _ endpoint: RedisConfiguration.Endpoint,
        tls: TLSConfiguration?
    ) async throws(TransportError) -> RedisConnection {
        do {
            let context = try tls.map { try NIOSSLContext(configuration: $0) }
            let bootstrap = ClientBootstrap(group: eventLoop)
                .connectTimeout(TimeAmount(configuration.connectTimeout))
                .channelOption(.socketOption(.so_keepalive), value: 1)
            // The handler comes back from here: a connection that ended at once, as after a failed handshake, has none left,
            // while ours knows why.
            let prepare: @Sendable (any Channel) -> EventLoopFuture<RedisConnection> = { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(Self.security(context, endpoint))
                    }
                    let handler = RedisHandler(location: endpoint.description)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
                    return RedisConnection(channel: channel, handler: bound, endpoint: endpoint)
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
