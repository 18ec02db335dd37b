//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

@Suite("A Redis server of a test's own", .needsRedis)
struct RedisServerTests {
    @Test("answers on its socket, keeps databases apart, and tells of errors in its own words")
    func commands() async throws {
        try await RedisServer.with { server in
            try server.command("SET", "key", "h\u{e9}llo\r\n")
            #expect(try server.command("GET", "key").text == "h\u{e9}llo\r\n")
            #expect(try server.command("GET", "key", database: 1) == .null)
            try server.command("RPUSH", "list", "a", "", "c")
            #expect(try server.command("LRANGE", "list", "0", "-1").texts == ["a", "", "c"])
            #expect(try server.command("LLEN", "list").number == 3)
            #expect(throws: ServiceError.self) { try server.command("INCR", "list") }
            var probe = try RedisProbe(port: server.port)
            #expect(try probe.command(["ECHO", "tcp"]).text == "tcp")
        }
    }

    @Test("comes back with what it had written, on the same port")
    func restart() async throws {
        try await RedisServer.with(RedisServerOptions(appendOnly: .always)) { server in
            try server.command("SET", "kept", "1")
            let pid = server.pid
            try await server.restart()
            #expect(server.pid != pid)
            #expect(try server.command("GET", "kept").text == "1")
        }
    }

    @Test("asks for the password and the user that it was given")
    func access() async throws {
        let options = RedisServerOptions(password: "s3cret", users: ["worker on >pw ~t* &* +@all -flushall"])
        try await RedisServer.with(options) { server in
            #expect(try server.command("PING").text == "PONG")
            var probe = try RedisProbe(port: server.port)
            #expect(throws: ServiceError.self) { try probe.command(["PING"]) }
            _ = try probe.command(["AUTH", "worker", "pw"])
            #expect(try probe.command(["SET", "t1", "x"]).text == "OK")
            #expect(throws: ServiceError.self) { try probe.command(["SET", "u1", "x"]) }
            #expect(server.url(database: 2) == "redis://:s3cret@127.0.0.1:\(server.port)/2")
        }
    }

    @Test("does not outlive the process that started it, and leaves nothing behind")
    func guarded() async throws {
        let folder = try TemporaryDirectory()
        let inner = try TemporaryDirectory()
        // A shell as the test process, which dies without a word while its program runs.
        var process: GuardedProcess? = try GuardedProcess(
            "/bin/sh",
            ["-c", "sleep 300 & echo child $!; wait"],
            directory: folder.url,
            log: folder.url.appendingPathComponent("log"),
            removing: inner.url
        )
        let pid = try #require(process?.pid)
        let child = try await waited(for: "the program's child") { () -> Int32? in
            process?.logText.split(separator: " ").last.flatMap { Int32($0.trimmingCharacters(in: .newlines)) }
        }
        #expect(kill(pid, 0) == 0 && kill(child, 0) == 0)
        process = nil
        let gone = try await eventually(within: .seconds(10)) { kill(pid, 0) != 0 && !isAlive(child) }
        #expect(gone)
        let removed = try await eventually(within: .seconds(10)) {
            !FileManager.default.fileExists(atPath: inner.url.path)
        }
        #expect(removed)
    }

    /// An orphan that nobody waits for is a zombie where there is no init.
    private func isAlive(_ pid: Int32) -> Bool {
        guard kill(pid, 0) == 0 else { return false }
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
        return status.split(separator: ")").last?.split(separator: " ").first != "Z"
    }
}
