//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Health
import CeleryKit
import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A small HTTP server with a thread of its own, for as long as it is not closed.
struct HealthServer: Sendable {
    /// Connections at a time.
    static let connectionLimit = 64

    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let connections: HealthConnections

    /// Listens.
    ///
    /// - Parameter idleTimeout: A connection over which nothing comes for so long is closed.
    /// - Throws: ``CeleryError`` `.misconfigured` that says why the address cannot be used.
    static func bind(
        host: String,
        port: Int,
        pages: HealthPages,
        idleTimeout: Duration = .seconds(30)
    ) async throws -> HealthServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let connections = HealthConnections(limit: connectionLimit)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try keepPrivate(channel) }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try keepPrivate(channel)
                    connections.opened(channel)
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(readTimeout: TimeAmount(idleTimeout)))
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(HealthHandler(pages, connections))
                }
            }
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            return HealthServer(group: group, channel: channel, connections: connections)
        } catch {
            try? await group.shutdownGracefully()
            let address = url(host, port)
            throw CeleryError(.misconfigured, "health checks cannot be served at \(address): \(reason(error, port))")
        }
    }

    /// The port that it listens on.
    var port: Int { channel.localAddress?.port ?? 0 }

    /// Ends all connections and the thread.
    func close() async {
        try? await channel.close()
        connections.closeAll()
        try? await group.shutdownGracefully()
    }

    /// `http://0.0.0.0:8080`.
    static func url(_ host: String, _ port: Int) -> String {
        "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// Programs that this one turns into or starts do not keep the socket.
    private static func keepPrivate(_ channel: any Channel) throws {
        _ = try channel.pipeline.syncOperations
            .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { socket in
                _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
            }
    }

    private static func reason(_ error: any Error, _ port: Int) -> String {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: "something else listens there; choose another --health-port, 0 for a free one"
        case EACCES: "ports below 1024 need a right of their own; choose another --health-port"
        case EADDRNOTAVAIL: "this machine does not have that address; choose another --health-host"
        default: error is SocketAddressError.UnknownHost ? "there is no such host" : "\(error)"
        }
    }
}
#endif
