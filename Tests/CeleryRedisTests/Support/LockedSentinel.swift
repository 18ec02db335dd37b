//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import Foundation
import ServiceTestSupport

/// One sentinel that asks for a password of its own, and watches a server that asks for another one.
final class LockedSentinel: Sendable {
    let port: Int
    private let process: GuardedProcess
    private let directory: TemporaryDirectory

    /// Starts it, and waits until it has seen the master.
    static func start(watching master: RedisServer, password: String) async throws -> LockedSentinel {
        let sentinel = try LockedSentinel(port: try LoopbackSocket.freePort(), master: master, password: password)
        do {
            _ = try await waited(for: "a sentinel that sees its master") { () -> Bool? in
                guard var probe = try? RedisProbe(port: sentinel.port),
                    (try? probe.command(["AUTH", password])) != nil,
                    let fields = (try? probe.command(["SENTINEL", "master", SentinelGroup.name]))?.texts,
                    let at = fields.firstIndex(of: "flags")
                else { return nil }
                return fields[at + 1] == "master" ? true : nil
            }
        } catch {
            let log = sentinel.process.logText
            await sentinel.end()
            throw ServiceError("\(error)\n\(log)")
        }
        return sentinel
    }

    private init(port: Int, master: RedisServer, password: String) throws {
        guard let program = TestPrograms.find("redis-server") else { throw ServiceError(RedisServer.absence) }
        self.port = port
        let directory = try TemporaryDirectory("sentinel")
        self.directory = directory
        var lines = [
            "bind 127.0.0.1", "port \(port)", "dir \(directory.url.path)", "protected-mode no",
            "requirepass \(password)",
            "sentinel monitor \(SentinelGroup.name) 127.0.0.1 \(master.port) 1",
        ]
        if let own = master.options.password { lines.append("sentinel auth-pass \(SentinelGroup.name) \(own)") }
        try directory.write(lines.map { $0 + "\n" }.joined(), to: "sentinel.conf")
        process = try GuardedProcess(
            program,
            [directory.path("sentinel.conf"), "--sentinel"],
            directory: directory.url,
            log: directory.url.appendingPathComponent("log"),
            removing: directory.url
        )
    }

    func end() async {
        await process.end()
        directory.remove()
    }
}
#endif
