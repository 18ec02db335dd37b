//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import Synchronization

/// A real redis-server of a test's own, on loopback and on a Unix socket, which cannot outlive the tests.
package final class RedisServer: Sendable {
    /// Whether suites that need one are to run: there is a redis-server, or its absence is to be an error.
    package static var isAvailable: Bool { program != nil || TestPrograms.areServicesRequired }

    /// Why they are skipped otherwise.
    package static let absence = "there is no redis-server on the PATH: run scripts/setup.sh"

    static var program: String? { TestPrograms.find("redis-server") }

    package let port: Int
    /// Where it speaks TLS, if its options say so.
    package let tlsPort: Int
    package let options: RedisServerOptions
    private let directory: TemporaryDirectory
    private let process: Mutex<GuardedProcess>

    /// Starts one, and waits until it answers.
    package static func start(_ options: RedisServerOptions = RedisServerOptions()) async throws -> RedisServer {
        var last: any Error = ServiceError("no port")
        // Between finding a free port and listening on it somebody else may take it.
        for _ in 0..<5 {
            do {
                let server = try RedisServer(options)
                try await server.waitUntilReady()
                return server
            } catch {
                last = error
            }
        }
        throw last
    }

    private init(_ options: RedisServerOptions) throws {
        self.options = options
        port = try LoopbackSocket.freePort()
        tlsPort = options.tls == nil ? 0 : try LoopbackSocket.freePort()
        directory = try TemporaryDirectory("redis")
        process = Mutex(try Self.launch(port: port, tlsPort: tlsPort, options: options, directory: directory))
    }

    private static func launch(
        port: Int,
        tlsPort: Int,
        options: RedisServerOptions,
        directory: TemporaryDirectory
    ) throws -> GuardedProcess {
        guard let program else { throw ServiceError(absence) }
        let socket = directory.path("redis.sock")
        // What a killed server has left would be taken for the new one.
        try? FileManager.default.removeItem(atPath: socket)
        let configuration = options.configuration(
            port: port,
            tlsPort: tlsPort,
            folder: directory.url.path,
            socket: socket
        )
        try configuration.write(toFile: directory.path("redis.conf"), atomically: true, encoding: .utf8)
        return try GuardedProcess(
            program,
            [directory.path("redis.conf")],
            directory: directory.url,
            log: directory.url.appendingPathComponent("log"),
            removing: directory.url
        )
    }

    private func waitUntilReady() async throws {
        let process = process.withLock { $0 }
        _ = try await waited(for: "redis-server on port \(port) answers\n\(process.logText)") { () -> Bool? in
            guard process.isRunning else { throw ServiceError("redis-server ended:\n\(process.logText)") }
            return (try? command("PING"))?.text == "PONG" ? true : nil
        }
    }

    /// Process id of the server.
    package var pid: Int32 { process.withLock { $0.pid } }

    package var socketPath: String { directory.path("redis.sock") }

    package var logText: String { process.withLock { $0 }.logText }

    /// `redis://[:password@]127.0.0.1:port/database`, optionally by way of a ``FaultProxy``.
    package func url(database: Int = 0, port: Int? = nil) -> String {
        let password = options.password.map { ":\($0)@" } ?? ""
        return "redis://\(password)127.0.0.1:\(port ?? self.port)/\(database)"
    }

    /// `rediss://127.0.0.1:port/database?query`.
    package func tlsURL(_ query: String = "", host: String = "127.0.0.1", database: Int = 0) -> String {
        "rediss://\(host):\(tlsPort)/\(database)" + (query.isEmpty ? "" : "?\(query)")
    }

    /// One command, synchronously, on a connection of its own.
    ///
    /// - Throws: ``ServiceError`` with the server's text when it refuses.
    @discardableResult
    package func command(_ arguments: String..., database: Int = 0) throws -> RedisReply {
        var probe = try RedisProbe(path: socketPath)
        if let password = options.password { _ = try probe.command(["AUTH", password]) }
        if database != 0 { _ = try probe.command(["SELECT", "\(database)"]) }
        return try probe.command(arguments)
    }

    /// Kills it without a warning, and waits until it is gone.
    package func kill() async { await process.withLock { $0 }.end() }

    /// Stops it for as long as the body runs: connections stay open, and nothing answers.
    @discardableResult
    package func whileSuspended<Result>(_ body: () async throws -> Result) async throws -> Result {
        let process = process.withLock { $0 }
        process.signal(SIGSTOP)
        defer { process.signal(SIGCONT) }
        return try await body()
    }

    /// Kills it if it runs, and starts it on the same port and folder: what it had written to files is there again.
    package func restart() async throws {
        await kill()
        let launched = try Self.launch(port: port, tlsPort: tlsPort, options: options, directory: directory)
        process.withLock { $0 = launched }
        try await waitUntilReady()
    }

    /// Kills it and removes its folder.
    package func end() async {
        await kill()
        directory.remove()
    }
}
