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
import NIOCore
import NIOPosix
import ServiceTestSupport
import Synchronization
import Testing

@testable import CeleryRedis

/// Callers with different times who share a connection.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct SharedConnectionTests {
    private func connected(_ url: String, _ options: CeleryObject = [:]) throws -> RedisClient {
        let context = PluginContext(
            url: try BrokerURL(url),
            codec: WireCodec(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            options: options
        )
        return RedisClient(try RedisConfiguration(context), logger: context.logger)
    }

    private func counting() -> RedisCommands {
        var commands = RedisCommands()
        commands.add("INCR", "n")
        return commands
    }

    @Test func `one whose time is short fails alone, and its answer goes to nobody else`() async throws {
        try await RedisServer.with { server in
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            let client = try connected(server.url(port: proxy.port))
            let batch = counting()
            #expect(try await client.send(batch) == [.int(1)])
            proxy.mode = .delaying(.milliseconds(300))
            let short = Task { try await client.send(batch, timeout: .milliseconds(50)) }
            // Before and after it, whichever way they come.
            let patient = (0..<10).map { _ in Task { try await client.send(batch, timeout: .seconds(30)) } }
            let error = await #expect(throws: TransportError.self) { try await short.value }
            #expect(error?.code == .timedOut)
            var seen: [RESPValue] = []
            for one in patient { seen += try await one.value }
            #expect(Set(seen.compactMap(\.int)).count == 10)
            proxy.mode = .forwarding
            #expect(try await client.send(batch) == [.int(13)], "the one that was late took effect as well")
            #expect(proxy.accepted == 1)
            client.shutdown()
        }
    }

    @Test func `one without time left is not sent, and costs nobody the connection`() async throws {
        try await RedisServer.with { server in
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            let client = try connected(server.url(port: proxy.port))
            let batch = counting()
            #expect(try await client.send(batch) == [.int(1)])
            for timeout in [Duration.zero, .seconds(-1)] {
                let error = await #expect(throws: TransportError.self) {
                    try await client.send(batch, timeout: timeout)
                }
                #expect(error?.code == .unavailable, "nothing took effect")
            }
            #expect(try await client.send(batch) == [.int(2)])
            #expect(proxy.accepted == 1)
            client.shutdown()
        }
    }

    @Test func `a server that owes answers for too long loses the connection, however short its callers' times`()
        async throws
    {
        try await RedisServer.with { server in
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            let client = try connected(server.url(port: proxy.port), ["socket_timeout": 1])
            let batch = counting()
            #expect(try await client.send(batch) == [.int(1)])
            proxy.mode = .swallowing
            _ = try await waited(for: "another connection") { () async -> Bool? in
                _ = try? await client.send(batch, timeout: .milliseconds(50))
                return proxy.accepted > 1 ? true : nil
            }
            try proxy.heal()
            try await eventually("an answer") { (try? await client.send(batch)) != nil }
            client.shutdown()
        }
    }

    @Test func `very many can wait for a connection, and none keeps the others' times from passing`() async throws {
        // On a loop of its own: it would hold up the other tests'.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let context = PluginContext(
            url: try BrokerURL("redis://127.0.0.1:\(try LoopbackSocket.freePort())/0"),
            codec: WireCodec(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let configuration = try RedisConfiguration(context)
        let loop = group.next()
        let core = NIOLoopBoundBox.makeBoxSendingValue(
            RedisClientCore(RedisLink(configuration, loop, logger: context.logger)),
            eventLoop: loop
        )
        let batch = counting()
        let (count, begun) = (20_000, ContinuousClock.now)
        let ended = Ended()
        for _ in 0..<count {
            let deadline = NIODeadline.now() + .seconds(1)
            core.eventLoop.execute {
                core.value.submit(batch, deadline) { _ in ended.count.withLock { $0 += 1 } }
            }
        }
        try await eventually("the end of all") { ended.count.withLock { $0 } == count }
        // Each looking at all others would take minutes.
        #expect(ContinuousClock.now - begun < .seconds(15))
        core.eventLoop.execute { core.value.end() }
        try await group.shutdownGracefully()
    }

    private final class Ended: Sendable {
        let count = Mutex(0)
    }
}
#endif
