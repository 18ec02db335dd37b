//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import ServiceTestSupport
import Synchronization
import Testing

@testable import CeleryRedis

/// Fetches that wait at the server for an idle worker.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct WaitingFetchTests {
    /// What came, in the order in which it came.
    private final class Notes: Sendable {
        private let list = Mutex<[String]>([])
        var all: [String] { list.withLock { $0 } }
        func add(_ ids: [String]) { list.withLock { $0 += ids } }
    }

    /// Receives and acknowledges until the consumer is closed.
    private func work(_ consumer: any TransportConsumer, _ notes: Notes) async throws {
        while true {
            let deliveries = try await consumer.receive(upTo: 4)
            if deliveries.isEmpty { return }
            try await consumer.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
            notes.add(deliveries.map(\.id))
        }
    }

    private func epochKeys(_ server: RedisServer) throws -> [String] {
        try server.command("KEYS", "*_swift.epoch.*").texts
    }

    @Test func `a message wakes one of the workers that wait, and nothing is left of them when they have ended`()
        async throws
    {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            let got = Notes()
            var consumers: [any TransportConsumer] = []
            for _ in 0..<3 { consumers.append(try await place.consumer()) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for consumer in consumers {
                    group.addTask { try await work(consumer, got) }
                }
                for number in 0..<20 {
                    try await server.eventuallyBlocked(3)
                    try await place.publish(["\(number)"])
                    try await eventually("message \(number)") { got.all.count > number }
                }
                try await server.eventuallyBlocked(3)
                for consumer in consumers { try await consumer.close() }
                try await group.waitForAll()
            }
            #expect(got.all == (0..<20).map(String.init))
            #expect(try server.figure("cmdstat_blmove:", of: "commandstats") >= 20)
            #expect(try epochKeys(server).isEmpty)
            await place.end()
        }
    }

    @Test func `between tasks that follow one another the fetch goes on waiting`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            let consumer = try await place.consumer()
            let (got, count) = (Notes(), 200)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    // As in a worker: the next receipt is asked for while what came is under way.
                    try await withThrowingTaskGroup(of: Void.self) { running in
                        while true {
                            let deliveries = try await consumer.receive(upTo: 4)
                            if deliveries.isEmpty { return try await running.waitForAll() }
                            got.add(deliveries.map(\.id))
                            let last = got.all.count
                            running.addTask {
                                let next = last < count ? [place.message("\(last)")] : []
                                let done = Settlement(deliveries[0].tag, .acknowledge, publish: next)
                                try await consumer.settle([done])
                            }
                        }
                    }
                }
                try await server.eventuallyBlocked(1)
                try await place.publish(["0"])
                try await eventually("the last") { got.all.count == count }
                // And where nothing follows it ends soon.
                try await server.eventuallyBlocked(1)
                try await consumer.close()
                try await group.waitForAll()
            }
            #expect(got.all == (0..<count).map(String.init))
            #expect(try server.figure("cmdstat_client|unblock:", of: "commandstats") < count / 10)
            await place.end()
        }
    }

    @Test func `what the server has taken for a connection that broke comes once`() async throws {
        try await RedisServer.with { server in
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            let sender = try await RedisPlace(server.url(), prefix: "")
            let place = try await RedisPlace(server.url(port: proxy.port), prefix: "")
            let consumer = try await place.consumer(lease: .seconds(30))
            async let received = consumer.receiveWhenReachable(upTo: 2)
            try await server.eventuallyBlocked(1)
            proxy.mode = .breaking(before: ["solo"])
            let before = proxy.accepted
            try await sender.publish(["solo"])
            try await eventually("a connection that breaks again") { proxy.accepted > before + 1 }
            try proxy.heal()
            let deliveries = try await received
            #expect(deliveries.map(\.id) == ["solo"] && deliveries.map(\.attempt) == [1])
            try await consumer.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
            try await consumer.close()
            #expect(try await sender.transport.status(of: ["q"]) == [QueueStatus(name: "q")])
            // Nothing is put where the old connection's fetch waited, for a day.
            for key in try epochKeys(server) { #expect(try server.command("TTL", key).number ?? 0 > 3600, "\(key)") }
            await place.end()
            await sender.end()
        }
    }

    @Test func `what a worker that was taken for dead has sent takes nothing from the living when it comes late`()
        async throws
    {
        try await RedisServer.with { server in
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            let far = try await RedisPlace(server.url(port: proxy.port), prefix: "")
            let place = try await RedisPlace(server.url(), prefix: "")
            let stalled = try await far.consumer(lease: .seconds(1))
            let stale = Task { try await stalled.receive(upTo: 1) }
            try await server.eventuallyBlocked(1)
            proxy.mode = .stalled
            let consumer = try await place.consumer(lease: .seconds(1))
            try await eventually("a sweep") { try server.command("HKEYS", "_swift.epochs").texts.count == 1 }
            try await place.publish(["x"])
            let closed = try epochKeys(server).filter { try server.command("TYPE", $0).text == "string" }
                .filter { $0.contains(".taken.") }
            #expect(closed.count == 1)
            for key in closed {
                #expect(throws: (any Error).self) { try server.command("LMOVE", "q", key, "RIGHT", "LEFT") }
            }
            let deliveries = try await consumer.receive(upTo: 1)
            #expect(deliveries.map(\.id) == ["x"] && deliveries.map(\.attempt) == [1])
            try await consumer.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
            try await consumer.close()
            #expect(try await place.transport.status(of: ["q"]) == [QueueStatus(name: "q")])
            try proxy.heal()
            _ = await stale.result
            await far.end()
            await place.end()
        }
    }

    @Test(arguments: ["-blmove"] + (RedisServer.isModern ? ["-client|unblock"] : []))
    func `where the server does not permit it, messages are fetched when it tells of them`(_ rule: String) async throws
    {
        try await RedisServer.with { server in
            try server.command("ACL", "SETUSER", "limited", "on", ">pw", "~*", "&*", "+@all", rule)
            let place = try await RedisPlace("redis://limited:pw@127.0.0.1:\(server.port)/0")
            let consumer = try await place.consumer()
            for number in 0..<5 {
                async let received = consumer.receive(upTo: 1)
                try await place.publish(["\(number)"])
                let deliveries = try await received
                #expect(deliveries.map(\.id) == ["\(number)"])
                try await consumer.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
            }
            // One that is cancelled leaves what comes to others.
            let idle = Task { try await consumer.receive(upTo: 1) }
            try await place.publish(["last"])
            #expect(try await idle.value.map(\.id) == ["last"])
            try await consumer.close()
            #expect(try await place.ready() == 1)
            await place.end()
        }
    }

    @Test func `whoever stops waiting leaves what comes to others`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            let first = try await place.consumer()
            let second = try await place.consumer()
            for number in 0..<10 {
                let waiting = Task { try await first.receive(upTo: 1) }
                try await server.eventuallyBlocked(1)
                waiting.cancel()
                // Perhaps before the server has heard of that.
                try await place.publish(["\(number)"])
                _ = try await waiting.value
                let deliveries = try await second.receive(upTo: 1)
                #expect(deliveries.map(\.id) == ["\(number)"] && deliveries.map(\.attempt) == [1])
                try await second.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
                try await server.eventuallyBlocked(0)
            }
            for consumer in [first, second] { try await consumer.close() }
            await place.end()
        }
    }

    @Test func `what comes to a queue that is not served any more stays there`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            let consumer = try await place.consumer()
            let waiting = Task { try await consumer.receive(upTo: 1) }
            try await server.eventuallyBlocked(1)
            try await consumer.consume([])
            try await server.eventuallyBlocked(0)
            try await place.publish(["stays"])
            try await consumer.consume(["q"])
            #expect(try await waiting.value.map(\.id) == ["stays"])
            try await consumer.close()
            #expect(try await place.ready() == 1)
            await place.end()
        }
    }

    @Test func `who serves another queue waits for that one's messages`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            let consumer = try await place.consumer()
            for queue in ["other", "q", "third"] {
                try await consumer.consume([queue])
                async let received = consumer.receive(upTo: 1)
                try await server.eventuallyBlocked(1)
                try await place.publish([queue], to: queue)
                let deliveries = try await received
                #expect(deliveries.map(\.id) == [queue])
                try await consumer.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
            }
            try await consumer.close()
            await place.end()
        }
    }
}
#endif
