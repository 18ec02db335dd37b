//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import ServiceTestSupport
import Testing

@testable import CeleryRedis

/// What fetches that wait have taken, and what else a worker has, when queues change, connections break and the worker dies.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct WaitingPlaceTests {
    /// Somebody else takes it, as often as it was given to anybody before.
    private func expectTaken(_ ids: [String], from queue: String, of place: RedisPlace, attempt: Int = 2) async throws {
        let heir = try await place.consumer(queue, lease: .seconds(1))
        for id in ids {
            let deliveries = try await heir.receive(upTo: 1)
            #expect(deliveries.map(\.id) == [id] && deliveries.map(\.attempt) == [attempt])
            try await heir.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
        }
        try await heir.close()
        #expect(try await place.transport.status(of: [queue]) == [QueueStatus(name: queue)])
    }

    private func abandon(_ consumer: any TransportConsumer) async { await (consumer as? RedisConsumer)?.abandon() }

    @Test(arguments: [false, true])
    func `after other queues are served, what a worker that dies has taken comes back`(_ isBegun: Bool) async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url(), prefix: "")
            let consumer = try await place.consumer("q", lease: .seconds(1))
            try await consumer.consume(["q", "other"])
            async let received = consumer.receive(upTo: 1)
            try await server.eventuallyBlocked(1)
            try await consumer.consume(["other"])
            try await server.eventuallyBlocked(1)
            try await place.publish(["mine"], to: "other")
            let deliveries = try await received
            #expect(deliveries.map(\.id) == ["mine"])
            if isBegun { try await consumer.begin([BeginMark(deliveries[0].tag, .late)]) }
            await abandon(consumer)
            try await expectTaken(["mine"], from: "other", of: place)
            await place.end()
        }
    }

    @Test func `queues that are added while a place is given up keep their messages apart`() async throws {
        try await RedisServer.with { server in
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            let place = try await RedisPlace(server.url(), prefix: "")
            let far = try await RedisPlace(server.url(port: proxy.port), prefix: "")
            let consumer = try await far.consumer(lease: .seconds(3))
            let waiting = Task { try await consumer.receive(upTo: 1) }
            try await server.eventuallyBlocked(1)
            proxy.mode = .delaying(.milliseconds(100))
            let place0 = try server.command("HVALS", "_swift.epochs").texts
            try server.command("CLIENT", "KILL", "ID", server.blockedClient())
            // The place is given up, and the answer to that is under way.
            try await eventually("another place") { try server.command("HVALS", "_swift.epochs").texts != place0 }
            try await consumer.consume(["q", "extra"])
            try proxy.heal()
            try await server.eventuallyBlocked(1)
            try await place.publish(["one"])
            #expect(try await waiting.value.map(\.id) == ["one"])
            async let other = consumer.receiveWhenReachable(upTo: 1)
            try await place.publish(["two"], to: "extra")
            #expect(try await other.map(\.id) == ["two"])
            await abandon(consumer)
            try await expectTaken(["one"], from: "q", of: place)
            try await expectTaken(["two"], from: "extra", of: place)
            await far.end()
            await place.end()
        }
    }

    @Test func `queues that are changed while a connection is set up are known when the worker dies`() async throws {
        try await RedisServer.with { server in
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            let place = try await RedisPlace(server.url(), prefix: "")
            let far = try await RedisPlace(server.url(port: proxy.port), prefix: "")
            let consumer = try await far.consumer(lease: .seconds(3))
            let old = try server.command("GET", server.fence()).text
            proxy.cut()
            proxy.mode = .delaying(.milliseconds(150))
            try await eventually("the epoch resumed") { try server.command("GET", server.fence()).text != old }
            // The answer to that is under way.
            try await consumer.consume(["q", "late"])
            try proxy.heal()
            try await place.publish(["mine"], to: "late")
            #expect(try await consumer.receiveWhenReachable(upTo: 1).map(\.id) == ["mine"])
            await abandon(consumer)
            try await expectTaken(["mine"], from: "late", of: place)
            await far.end()
            await place.end()
        }
    }

    @Test func `a worker stops waiting while the server holds back writes`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url(), prefix: "")
            let consumer = try await place.consumer(lease: .seconds(20))
            for _ in 0..<2 {
                let waiting = Task { try await consumer.receive(upTo: 1) }
                try await server.eventuallyBlocked(1)
                waiting.cancel()
                _ = await waiting.result
                try await server.eventuallyBlocked(0)
            }
            try server.command("CLIENT", "PAUSE", "1000", "WRITE")
            let again = Task { try await consumer.receive(upTo: 1) }
            try await eventually("a fetch that is held back") {
                try server.command("CLIENT", "LIST").text?.contains("cmd=blmove") == true
            }
            again.cancel()
            _ = await again.result
            #expect(try server.command("PING").text == "PONG")
            try await server.eventuallyBlocked(0)
            #expect(try server.command("PING").text == "PONG")
            try await consumer.close()
            await place.end()
        }
    }

    @Test func `a server that refuses to note what a fetch will bring is asked again after a while`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url(), prefix: "")
            let consumer = try await place.consumer()
            async let first = consumer.receive(upTo: 1)
            try await server.eventuallyBlocked(1)
            try await place.publish(["first"])
            try await consumer.settle(try await first.map { Settlement($0.tag, .acknowledge) })
            try server.command("CONFIG", "SET", "min-replicas-to-write", "1")
            let rounds = try server.figure("cmdstat_multi:", of: "commandstats")
            async let second = consumer.receive(upTo: 1)
            // Time has to pass: what is refused at once again would be sent thousands of times.
            let end = ContinuousClock.now + .milliseconds(700)
            while ContinuousClock.now < end { _ = try server.command("PING") }
            #expect(try server.figure("cmdstat_multi:", of: "commandstats") - rounds < 20)
            try server.command("CONFIG", "SET", "min-replicas-to-write", "0")
            try await place.publish(["second"])
            #expect(try await second.map(\.id) == ["second"])
            try await consumer.close()
            await place.end()
        }
    }

    @Test func `what a fetch brings to a worker that has been given something else meanwhile goes to others`()
        async throws
    {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url(), prefix: "")
            let (first, second) = (try await place.consumer(), try await place.consumer())
            for consumer in [first, second] { try await consumer.consume(["q", "q2"]) }
            for number in 0..<40 {
                async let one = first.receive(upTo: 1)
                try await server.eventuallyBlocked(1)
                async let other = second.receive(upTo: 1)
                try await server.eventuallyBlocked(2)
                var commands = RedisCommands()
                commands.add("MULTI")
                for queue in ["q2", "q"] {
                    let list = place.transport.store.keys.list(queue, priority: nil)
                    let message = place.message("\(queue) \(number)", to: queue)
                    commands.add("LPUSH", list, StoredMessage.encode(message.message))
                }
                commands.add("EXEC")
                _ = try await place.transport.store.client.send(commands)
                let got = try await [one, other]
                #expect(Set(got.flatMap { $0.map(\.id) }) == ["q \(number)", "q2 \(number)"])
                try await first.settle(got[0].map { Settlement($0.tag, .acknowledge) })
                try await second.settle(got[1].map { Settlement($0.tag, .acknowledge) })
            }
            for consumer in [first, second] { try await consumer.close() }
            await place.end()
        }
    }

    @Test func `a waiting connection that is dead without a word hides nothing`() async throws {
        try await RedisServer.with { server in
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.end() }
            let place = try await RedisPlace(server.url(), prefix: "")
            let far = try await RedisPlace(server.url(port: proxy.port), prefix: "")
            let consumer = try await far.consumer(lease: .seconds(60))
            let idle = Task { try await consumer.receive(upTo: 1) }
            try await server.eventuallyBlocked(1)
            idle.cancel()
            _ = await idle.result
            try await server.eventuallyBlocked(0)
            // sleeps: it has to be silent for a while
            try await Task.sleep(for: .milliseconds(1100))
            proxy.mode = .muting(from: ["BLMOVE"])
            let start = ContinuousClock.now
            async let received = consumer.receive(upTo: 1)
            try await place.publish(["heard"])
            #expect(try await received.map(\.id) == ["heard"])
            // Not only when the answer to the fetch is overdue.
            #expect(ContinuousClock.now - start < .seconds(10))
            try proxy.heal()
            try await consumer.close()
            await far.end()
            await place.end()
        }
    }
}
#endif
