//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Logging
import ServiceTestSupport
import Testing

@testable import CeleryRedis

/// A connection that has been silent is asked whether it lives before it is used again.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct HealthCheckTests {
    private func connected(_ url: String, _ options: CeleryObject) throws -> RedisClient {
        let context = PluginContext(
            url: try BrokerURL(url),
            codec: WireCodec(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            options: options
        )
        return RedisClient(try RedisConfiguration(context), logger: context.logger)
    }

    /// How often a client's connection was asked, over five calls one after the other.
    private func pings(every interval: CeleryValue) async throws -> Int {
        try await RedisServer.with { (server: RedisServer) -> Int in
            let client = try connected(server.url(), ["health_check_interval": interval])
            _ = try await client.ask("ECHO", "connected")
            try server.command("CONFIG", "RESETSTAT")
            for number in 0..<5 { #expect(try await client.ask("ECHO", number).string == "\(number)") }
            let statistics = try #require(try server.command("INFO", "commandstats").text)
            client.shutdown()
            guard let found = statistics.firstRange(of: "cmdstat_ping:calls=") else { return 0 }
            return Int(statistics[found.upperBound...].prefix { $0.isNumber }) ?? 0
        }
    }

    @Test func `one that has been silent for the interval is asked, others are not, and 0 turns it off`() async throws {
        // Shorter than the way of any answer to its caller.
        #expect(try await pings(every: 0.000001) == 5)
        #expect(try await pings(every: 25) == 0)
        #expect(try await pings(every: 0) == 0)
    }

    @Test func `what is to go over a dead connection goes over another one, once`() async throws {
        try await RedisServer.with { server in
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            let options: CeleryObject = [
                "health_check_interval": 0.000001, "socket_timeout": 1, "socket_connect_timeout": 1,
            ]
            let client = try connected(server.url(port: proxy.port), options)
            var commands = RedisCommands()
            commands.add("INCRBY", "n", 1)
            let batch = commands
            #expect(try await client.send(batch, timeout: .seconds(30)) == [.int(1)])
            let before = proxy.accepted
            proxy.mode = .swallowing
            let counting = Task { try await client.send(batch, timeout: .seconds(60)) }
            _ = try await waited(for: "a new connection") { proxy.accepted > before ? true : nil }
            try proxy.heal()
            #expect(try await counting.value == [.int(2)])
            #expect(try server.command("GET", "n").number == 2)
            client.shutdown()
        }
    }

    @Test func `who waits for a connection waits as long as he said, however long others wait`() async throws {
        let client = try connected("redis://127.0.0.1:\(try LoopbackSocket.freePort())/0", [:])
        var commands = RedisCommands()
        commands.add("PING")
        let batch = commands
        let patient = Task { try await client.send(batch, timeout: .seconds(100)) }
        let begun = ContinuousClock.now
        // Of several the last certainly comes after the patient one.
        for _ in 0..<3 {
            let error = await #expect(throws: TransportError.self) {
                try await client.send(batch, timeout: .milliseconds(300))
            }
            #expect(error?.code == .unavailable)
        }
        #expect(ContinuousClock.now - begun < .seconds(60))
        client.shutdown()
        await #expect(throws: TransportError.self) { try await patient.value }
    }
}
#endif
