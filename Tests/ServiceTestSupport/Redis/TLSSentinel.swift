//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation

/// One sentinel that speaks TLS, also with the server that it watches.
package final class TLSSentinel: Sendable {
    package let tlsPort: Int
    private let process: GuardedProcess
    private let directory: TemporaryDirectory

    /// Starts it, and waits until it has seen the master.
    package static func start(watching master: RedisServer, _ certificates: TestCertificates) async throws
        -> TLSSentinel
    {
        let port = try LoopbackSocket.freePort()
        let sentinel = try TLSSentinel(port: port, master: master, certificates)
        _ = try await waited(for: "a sentinel that sees its master\n\(sentinel.process.logText)") { () -> Bool? in
            guard var probe = try? RedisProbe(port: port),
                let fields = (try? probe.command(["SENTINEL", "master", SentinelGroup.name]))?.texts,
                let at = fields.firstIndex(of: "flags")
            else { return nil }
            return fields[at + 1] == "master" ? true : nil
        }
        return sentinel
    }

    private init(port: Int, master: RedisServer, _ certificates: TestCertificates) throws {
        guard let program = RedisServer.program else { throw ServiceError(RedisServer.absence) }
        directory = try TemporaryDirectory("sentinel")
        tlsPort = try LoopbackSocket.freePort()
        let tls = RedisServerOptions.TLS(certificates).directives(port: tlsPort).map { "\($0) \($1)" }
        let lines =
            [
                "bind 127.0.0.1", "port \(port)", "dir \(directory.url.path)", "protected-mode no",
                "tls-replication yes",
                "sentinel monitor \(SentinelGroup.name) 127.0.0.1 \(master.tlsPort) 1",
            ] + tls
        try directory.write(lines.map { $0 + "\n" }.joined(), to: "sentinel.conf")
        process = try GuardedProcess(
            program,
            [directory.path("sentinel.conf"), "--sentinel"],
            directory: directory.url,
            log: directory.url.appendingPathComponent("log"),
            removing: directory.url
        )
    }

    package func end() async {
        await process.end()
        directory.remove()
    }
}
