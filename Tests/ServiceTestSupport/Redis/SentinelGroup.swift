//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import Synchronization

/// One master, one replica and three sentinels that watch them.
package final class SentinelGroup: Sendable {
    /// What the sentinels call the master.
    package static let name = "tasks"

    /// Ports of the sentinels.
    package let ports: [Int]
    private let servers: [RedisServer]
    private let sentinels: [GuardedProcess]
    private let directory: TemporaryDirectory

    /// Starts them, and waits until the sentinels know of each other and of the replica.
    package static func start(_ options: RedisServerOptions = RedisServerOptions()) async throws -> SentinelGroup {
        let master = try await RedisServer.start(options)
        var following = options
        following.replicaOf = master.port
        let replica = try await RedisServer.start(following)
        let group = try SentinelGroup([master, replica], password: options.password)
        try await group.hurry()
        try await group.waitUntilComplete()
        return group
    }

    private init(_ servers: [RedisServer], password: String?) throws {
        guard let program = RedisServer.program else { throw ServiceError(RedisServer.absence) }
        self.servers = servers
        let directory = try TemporaryDirectory("sentinel")
        self.directory = directory
        let ports = try (0..<3).map { _ in try LoopbackSocket.freePort() }
        self.ports = ports
        sentinels = try ports.map { port in
            let file = "\(port).conf"
            try directory.write(
                Self.configuration(port: port, master: servers[0].port, password: password, folder: directory.url.path),
                to: file
            )
            return try GuardedProcess(
                program,
                [directory.path(file), "--sentinel"],
                directory: directory.url,
                log: directory.url.appendingPathComponent("\(port).log"),
                removing: directory.url
            )
        }
    }

    /// Impatient: a server that is silent for a second counts as down.
    private static func configuration(port: Int, master: Int, password: String?, folder: String) -> String {
        var lines = [
            "bind 127.0.0.1", "port \(port)", "dir \(folder)", "protected-mode no",
            "sentinel monitor \(name) 127.0.0.1 \(master) 2", "sentinel down-after-milliseconds \(name) 1000",
            "sentinel failover-timeout \(name) 3000", "sentinel parallel-syncs \(name) 1",
        ]
        if let password { lines.append("sentinel auth-pass \(name) \(password)") }
        return lines.map { $0 + "\n" }.joined()
    }

    private func ask(_ port: Int, _ arguments: String...) throws -> RedisReply {
        var probe = try RedisProbe(port: port)
        return try probe.command(["SENTINEL"] + arguments)
    }

    /// One field of what a sentinel knows about the master.
    private func field(_ key: String, of port: Int) throws -> String? {
        let fields = try ask(port, "master", Self.name).texts
        guard let at = fields.firstIndex(of: key), at + 1 < fields.count else { return nil }
        return fields[at + 1]
    }

    /// Lets them tell each other news sooner, where this release can. Not too soon: whoever calls itself a master for four
    /// publishing periods before a sentinel has heard why is made a replica again.
    private func hurry() async throws {
        let periods = [
            "info-period", "200", "publish-period", "1000", "ping-period", "200", "ask-period", "200",
            "election-timeout", "1000", "min-link-reconnect-period", "500",
            // A sentinel that the system did not let run for two seconds would not act for the next thirty.
            "tilt-trigger", "20000", "tilt-period", "1000",
        ]
        for port in ports {
            _ = try await waited(for: "a sentinel that answers") { try? ask(port, "masters") }
            var probe = try RedisProbe(port: port)
            _ = try? probe.command(["SENTINEL", "debug"] + periods)
        }
    }

    private func waitUntilComplete() async throws {
        _ = try await waited(for: "sentinels that know each other", within: .seconds(30)) { () -> Bool? in
            let isComplete = ports.allSatisfy { port in
                (try? field("num-slaves", of: port)) == "1" && (try? field("num-other-sentinels", of: port)) == "2"
                    && (try? field("flags", of: port)) == "master"
            }
            return isComplete ? true : nil
        }
    }

    /// What all have logged, and what the servers take themselves for.
    package var logText: String {
        let roles = servers.map { "\($0.port): \((try? $0.command("ROLE")).map { "\($0)" } ?? "no answer")" }
        return (roles + servers.map(\.logText) + sentinels.map(\.logText)).joined(separator: "\n")
    }

    /// The port of the master, as one sentinel sees it.
    private func address(at port: Int) -> String? {
        (try? ask(port, "get-master-addr-by-name", Self.name))?.texts.last
    }

    /// The server that all sentinels call the master, once it is one.
    package func master(otherThan old: RedisServer? = nil) async throws -> RedisServer {
        try await waited(for: "a master that the sentinels agree on\n\(logText)", within: .seconds(60)) {
            let named = ports.map { address(at: $0) }
            guard let port = named.first.flatMap({ $0 }), named.allSatisfy({ $0 == port }) else { return nil }
            guard let server = servers.first(where: { "\($0.port)" == port }), server !== old else { return nil }
            return (try? server.command("ROLE"))?.items.first?.text == "master" ? server : nil
        }
    }

    /// Lets the sentinels make the replica the master, and waits until it is.
    ///
    /// - Returns: The new master.
    @discardableResult
    package func failover() async throws -> RedisServer {
        let old = try await master()
        // A sentinel that finds nothing wrong with the request may still give up on it, on a busy machine.
        _ = try await waited(for: "another master", within: .seconds(60)) { () -> Bool? in
            guard address(at: ports[0]) == "\(old.port)" else { return true }
            _ = try? ask(ports[0], "failover", Self.name)
            return nil
        }
        return try await master(otherThan: old)
    }

    /// Kills the master without a warning. The sentinels will notice: ``master(otherThan:)`` waits for that.
    ///
    /// - Returns: What was the master; it can be restarted.
    package func killMaster() async throws -> RedisServer {
        let old = try await master()
        await old.kill()
        return old
    }

    /// `sentinel://127.0.0.1:port/database;sentinel://…`, as Celery writes it; the master's name is a transport option.
    package func url(database: Int = 0) -> String {
        ports.map { "sentinel://127.0.0.1:\($0)/\(database)" }.joined(separator: ";")
    }

    /// Kills them all.
    package func end() async {
        for sentinel in sentinels { await sentinel.end() }
        for server in servers { await server.end() }
        directory.remove()
    }
}
