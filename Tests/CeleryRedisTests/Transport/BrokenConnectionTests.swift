//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import ServiceTestSupport
import Synchronization
import Testing

@testable import CeleryRedis

/// How often each message was settled.
private final class Tally: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    var count: Int { counts.withLock(\.count) }
    var isOnceEach: Bool { counts.withLock { $0.values.allSatisfy { $0 == 1 } } }

    func add(_ ids: [String]) {
        counts.withLock { counts in
            for id in ids { counts[id, default: 0] += 1 }
        }
    }
}

/// A consumer whose connection breaks in all ways while it works: its epoch goes on, and every message is settled once.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(3)))
struct BrokenConnectionTests {
    /// What is done to the connection, again and again.
    enum Fault: CaseIterable {
        case cut, losingReplies, stalled, swallowing, delaying, restart, killed
    }

    private static let total = 400

    @Test(arguments: Fault.allCases)
    func `each message is settled once, whatever happens to the connection`(_ fault: Fault) async throws {
        try await RedisServer.with(RedisServerOptions(appendOnly: .always)) { server in
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            let sender = try await RedisPlace(server.url(), prefix: "")
            let place = try await RedisPlace(server.url(port: proxy.port), prefix: "")
            try await sender.publish((0..<Self.total).map { "m\($0)" })
            let consumer = try await place.consumer(lease: .seconds(6))
            let settled = Tally()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await work(consumer, settled) }
                for _ in 0..<3 {
                    let before = settled.count
                    _ = try await waited(for: "progress") { settled.count > before ? true : nil }
                    try await strike(fault, proxy, server, settled)
                }
                try await group.waitForAll()
            }
            #expect(settled.isOnceEach)
            try await consumer.close()
            let left = try await sender.transport.status(of: ["q"])
            #expect(left == [QueueStatus(name: "q")])
            let stored = try await sender.backend.fetch((0..<Self.total).map { "m\($0)" }, timeout: .seconds(5))
            #expect(stored.count == Self.total)
            await place.end()
            await sender.end()
        }
    }

    @Test func `who waits until the server can be reached hears so when it is back, and at once when it is there`()
        async throws
    {
        try await RedisServer.with(RedisServerOptions(appendOnly: .always)) { server in
            let place = try await RedisPlace(server.url())
            let consumer = try await place.consumer()
            #expect(await consumer.untilReachable())
            await server.kill()
            await #expect(throws: TransportError.self) { try await consumer.receive(upTo: 1) }
            let waiting = Task { await consumer.untilReachable() }
            let cancelled = Task { await consumer.untilReachable() }
            cancelled.cancel()
            #expect(await !cancelled.value)
            try await server.restart()
            #expect(await waiting.value)
            try await consumer.close()
            #expect(await consumer.untilReachable(), "there is nothing to wait for")
            await place.end()
        }
    }

    /// Takes, begins and settles with a result until all are settled. A call that fails for the moment is made again.
    private func work(_ consumer: any TransportConsumer, _ settled: Tally) async throws {
        while settled.count < Self.total {
            let batch = try await again { try await consumer.receive(upTo: 7) }
            try await again { try await consumer.begin(batch.map { BeginMark($0.tag, .late) }) }
            let settlements = batch.map { delivery in
                let result = StoredResult(TaskMeta(taskID: delivery.id, state: .success), expires: .seconds(60))
                return Settlement(delivery.tag, .acknowledge, results: [result])
            }
            do {
                try await again { try await consumer.settle(settlements) }
            } catch let error as TransportError where error.code == .notHeld {
                // An earlier try took effect although it failed.
            }
            settled.add(batch.map(\.id))
        }
    }

    private func again<Value>(_ body: () async throws -> Value) async throws -> Value {
        while true {
            do {
                return try await body()
            } catch let error as TransportError where error.code == .unavailable || error.code == .timedOut {
                await Task.yield()
            }
        }
    }

    private func strike(_ fault: Fault, _ proxy: FaultProxy, _ server: RedisServer, _ settled: Tally) async throws {
        switch fault {
        case .cut: proxy.cut()
        case .losingReplies: try await whileBroken(proxy, .losingReplies, settled)
        case .stalled: try await whileBroken(proxy, .stalled, settled)
        case .swallowing: try await whileBroken(proxy, .swallowing, settled)
        case .delaying: try await whileBroken(proxy, .delaying(.milliseconds(30)), settled)
        case .restart: try await server.restart()
        case .killed: _ = try server.command("CLIENT", "KILL", "TYPE", "normal")
        }
    }

    /// Lasts until the client has noticed and come again, or until a round has gone through.
    private func whileBroken(_ proxy: FaultProxy, _ mode: FaultProxy.Mode, _ settled: Tally) async throws {
        let before = proxy.accepted
        proxy.mode = mode
        if case .delaying = mode {
            let known = settled.count
            _ = try await waited(for: "a round") { settled.count > known || known == Self.total ? true : nil }
        } else {
            _ = try await waited(for: "a new connection") { proxy.accepted > before ? true : nil }
        }
        try proxy.heal()
    }
}
#endif
