//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

@Suite("A proxy that breaks connections", .needsRedis)
struct FaultProxyTests {
    /// Runs with a proxy in front of a server of its own.
    private func with(_ body: (FaultProxy, RedisServer) async throws -> Void) async throws {
        try await RedisServer.with { server in
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            try await body(proxy, server)
        }
    }

    /// A command through the proxy on a thread of its own, for it may have to wait.
    private func begin(_ proxy: FaultProxy, _ arguments: [String]) -> Task<String?, any Error> {
        let port = proxy.port
        return Task {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(
                        with: Result {
                            var probe = try RedisProbe(port: port)
                            return try probe.command(arguments).text
                        }
                    )
                }
            }
        }
    }

    private func expect(_ proxy: FaultProxy, _ arguments: [String], _ answer: String) async throws {
        let text = try await begin(proxy, arguments).value
        #expect(text == answer)
    }

    private func fails(_ asked: Task<String?, any Error>) async {
        await #expect(throws: ServiceError.self) { _ = try await asked.value }
    }

    @Test("forwards, and delays")
    func forwards() async throws {
        try await with { proxy, _ in
            try await expect(proxy, ["ECHO", "a"], "a")
            proxy.mode = .delaying(.milliseconds(60))
            let start = ContinuousClock.now
            try await expect(proxy, ["ECHO", "b"], "b")
            #expect(ContinuousClock.now - start >= .milliseconds(120))
            #expect(proxy.accepted == 2)
        }
    }

    @Test("cuts what is open, and lets new connections in")
    func cuts() async throws {
        try await with { proxy, _ in
            var probe = try RedisProbe(port: proxy.port)
            _ = try probe.command(["PING"])
            #expect(proxy.connections == 1)
            proxy.cut()
            #expect(proxy.connections == 0)
            #expect(throws: ServiceError.self) { try probe.command(["PING"]) }
            try await expect(proxy, ["PING"], "PONG")
        }
    }

    @Test("stalls: what was sent arrives later")
    func stalls() async throws {
        try await with { proxy, server in
            proxy.mode = .stalled
            let later = begin(proxy, ["SET", "key", "1"])
            _ = try await waited(for: "the connection") { proxy.connections == 1 ? true : nil }
            #expect(try server.command("GET", "key") == .null)
            proxy.mode = .forwarding
            let text = try await later.value
            #expect(text == "OK")
        }
    }

    @Test("loses what was sent, or only the answer to it")
    func loses() async throws {
        try await with { proxy, server in
            proxy.mode = .losingReplies
            await fails(begin(proxy, ["SET", "done", "1"]))
            #expect(try server.command("GET", "done").text == "1")
            proxy.mode = .swallowing
            let lost = begin(proxy, ["SET", "lost", "1"])
            _ = try await waited(for: "the connection") { proxy.connections == 1 ? true : nil }
            proxy.cut()
            await fails(lost)
            #expect(try server.command("GET", "lost") == .null)
        }
    }

    @Test("refuses whoever is new, and admits them again")
    func refuses() async throws {
        try await with { proxy, _ in
            var probe = try RedisProbe(port: proxy.port)
            _ = try probe.command(["PING"])
            proxy.refuse()
            #expect(throws: ServiceError.self) { _ = try RedisProbe(port: proxy.port) }
            #expect(try probe.command(["PING"]).text == "PONG")
            try proxy.heal()
            try await expect(proxy, ["PING"], "PONG")
        }
    }
}
