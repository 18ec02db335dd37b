//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryTesting
import CeleryWire
import ServiceTestSupport
import Testing

@testable import CeleryRedis

@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct OverdueTests {
    /// So many messages, due one after the other within a second, which begins when all are sent.
    private func park(_ count: Int, in place: RedisPlace) async throws -> Timestamp {
        let start = Timestamp.now.advanced(by: .milliseconds(500))
        func due(_ number: Int) -> Timestamp { start.advanced(by: .microseconds((number + 1) * 1_000_000 / count)) }
        let shuffled = (0..<count).map { $0 * 211 % count }
        try await place.transport.publish(
            shuffled.map { place.message("\($0)", notBefore: due($0)) },
            timeout: .seconds(5)
        )
        return due(count)
    }

    private func take(_ count: Int, from consumer: any TransportConsumer) async throws -> [Int] {
        var ids: [Int] = []
        while ids.count < count {
            let deliveries = try await consumer.receive(upTo: min(64, count - ids.count))
            try #require(!deliveries.isEmpty)
            ids += deliveries.compactMap { Int($0.id) }
            try await consumer.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
        }
        return ids
    }

    /// As a Python worker takes them.
    private func pop(_ count: Int, from list: String, of place: RedisPlace) async throws -> [Int] {
        let server = try await RedisServer.shared
        var numbers: [Int] = []
        while numbers.count < count {
            try await eventually("the next of \(count), after \(numbers)") {
                try server.command("LLEN", list).number ?? 0 > 0
            }
            let bytes = try server.command("RPOP", list).text ?? ""
            let (message, _) = try StoredMessage.decode(Array(bytes.utf8), limits: place.transport.store.codec.limits)
            numbers.append(try #require(Int(message.headers.id)))
        }
        return numbers
    }

    @Test func `what is overdue is handed out in the order of its time, however much it is, and before what waits`()
        async throws
    {
        let place = try await RedisPlace()
        let consumer = try await place.consumer()
        let last = try await park(1200, in: place)
        try await eventually("all to be due") { Timestamp.now > last.advanced(by: .milliseconds(500)) }
        try await place.publish((0..<100).map { "later-\($0)" })
        #expect(try await take(1200, from: consumer) == Array(0..<1200))
        let status = try #require(try await place.transport.status(of: ["q"]).first)
        #expect([status.ready, status.delayed] == [100, 0])
        try await consumer.close()
        await place.end()
    }

    @Test func `what is due is taken by the script's digest, and all the same when the server has forgotten it`()
        async throws
    {
        let place = try await RedisPlace()
        let server = try await RedisServer.shared
        func calls() throws -> String {
            let statistics = try server.command("INFO", "commandstats").text ?? ""
            return statistics.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_evalsha:") }.map(String.init) ?? ""
        }
        let before = try calls()
        let consumer = try await place.consumer()
        _ = try await park(100, in: place)
        #expect(try await take(40, from: consumer) == Array(0..<40))
        #expect(try calls() != before)
        _ = try server.command("SCRIPT", "FLUSH")
        #expect(try await take(60, from: consumer) == Array(40..<100))
        try await consumer.close()
        await place.end()
    }

    @Test func `what is due is moved although no worker of ours takes it, for others, in the order of its time`()
        async throws
    {
        let place = try await RedisPlace()
        let consumer = try await place.consumer()
        let list = place.transport.store.keys.list("q", step: 0)
        _ = try await park(300, in: place)
        #expect(try await pop(300, from: list, of: place) == Array(0..<300))
        try await consumer.close()
        await place.end()
    }

    @Test func `of several queues each one's is handed out in the order of its time, the most urgent lists first`()
        async throws
    {
        let place = try await RedisPlace()
        let queues = ["a", "b", "c"]
        let consumer = try await open(queues, place)
        let start = Timestamp.now.advanced(by: .milliseconds(300))
        var messages: [OutgoingMessage] = []
        for number in 0..<300 {
            // All of one queue are due at one time, which must not mix up what is taken with what stays.
            let due = start.advanced(by: .milliseconds(number % 3 == 2 ? 0 : number))
            var message = place.message("\(number)", to: queues[number % 3], notBefore: due)
            message.message.properties.priority = number % 3 == 0 ? number % 10 : 0
            messages.append(message)
        }
        try await place.transport.publish(messages, timeout: .seconds(5))
        try await eventually("all to be due") { Timestamp.now > start.advanced(by: .milliseconds(400)) }
        let numbers = try await take(300, from: consumer)
        #expect(Set(numbers).count == 300)
        let second = numbers.filter { $0 % 3 == 1 }
        #expect(second == second.sorted())
        #expect(try await place.transport.status(of: queues).allSatisfy { $0.ready + $0.delayed + $0.held == 0 })
        try await consumer.close()
        await place.end()
    }

    private func open(_ queues: [String], _ place: RedisPlace) async throws -> any TransportConsumer {
        try await place.transport.openConsumer(
            ConsumerConfiguration(
                name: "tester",
                queues: queues,
                lease: .seconds(10),
                renewal: .seconds(2),
                results: place.backend
            )
        )
    }

    @Test func `a backlog of what is due does not keep other queues waiting`() async throws {
        let place = try await RedisPlace()
        let consumer = try await open(["q", "p"], place)
        let last = try await park(600, in: place)
        try await place.publish((0..<50).map { "\(1000 + $0)" }, to: "p")
        try await eventually("all to be due") { Timestamp.now > last }
        let first = try await take(300, from: consumer)
        #expect(first.count { $0 >= 1000 } == 50, "of the other queue within the first 300")
        let rest = try await take(350, from: consumer)
        let due = (first + rest).filter { $0 < 1000 }
        #expect(due == Array(0..<600))
        try await consumer.close()
        await place.end()
    }

    @Test func `a queue that is named twice is served once`() async throws {
        let place = try await RedisPlace()
        let consumer = try await open(["q", "q"], place)
        let later = Timestamp.now.advanced(by: .seconds(600))
        try await place.transport.publish(
            [place.message("0", notBefore: .now.advanced(by: .milliseconds(100)))]
                + (1..<4).map { place.message("\($0)", notBefore: later) },
            timeout: .seconds(5)
        )
        #expect(try await take(1, from: consumer) == [0])
        let status = try #require(try await place.transport.status(of: ["q"]).first)
        #expect([status.ready, status.held, status.delayed] == [0, 0, 3])
        try await consumer.close()
        await place.end()
    }

    @Test func `what another worker has put in front comes first`() async throws {
        let place = try await RedisPlace()
        let consumer = try await open(["q"], place)
        // Opened, and without anybody who takes: puts in front what is due.
        let last = try await park(300, in: place)
        let list = place.transport.store.keys.list("q", step: 0)
        let server = try await RedisServer.shared
        try await eventually("some to lie in front") {
            try Timestamp.now > last && server.command("LLEN", list).number ?? 0 > 0
        }
        let other = try await open(["q"], place)
        #expect(try await take(300, from: other) == Array(0..<300))
        try await other.close()
        try await consumer.close()
        await place.end()
    }

    @Test func `what is due of a queue that nobody of ours serves goes to its list, in the order of its time`()
        async throws
    {
        let place = try await RedisPlace()
        let consumer = try await place.consumer("q")
        async let nothing = consumer.receive(upTo: 10)
        let start = Timestamp.now.advanced(by: .milliseconds(200))
        let order = (0..<50).map { $0 * 21 % 50 }
        try await place.transport.publish(
            order.map { place.message("\($0)", to: "p", notBefore: start.advanced(by: .milliseconds($0))) },
            timeout: .seconds(5)
        )
        let list = place.transport.store.keys.list("p", step: 0)
        #expect(try await pop(50, from: list, of: place) == Array(0..<50))
        try await consumer.close()
        #expect(try await nothing.isEmpty)
        await place.end()
    }
}
#endif
