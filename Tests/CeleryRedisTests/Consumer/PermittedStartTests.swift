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

@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(3)))
struct PermittedStartTests {
    private let lease = Duration.seconds(1)

    private func open(
        _ place: RedisPlace,
        _ queues: [String] = ["q"],
        starts: AcknowledgementMode?
    ) async throws -> RedisConsumer {
        let consumer = try await place.transport.openConsumer(
            ConsumerConfiguration(
                name: "tester",
                queues: queues,
                lease: lease,
                renewal: lease / 4,
                results: place.backend,
                starts: starts
            )
        )
        return try #require(consumer as? RedisConsumer)
    }

    private func take(
        _ count: Int,
        starting: Int = 0,
        from consumer: RedisConsumer
    ) async throws -> [Delivery] {
        var taken: [Delivery] = []
        while taken.count < count {
            let more = try await consumer.receive(upTo: count - taken.count, starting: starting)
            try #require(!more.isEmpty)
            taken += more
        }
        return taken
    }

    private func start(_ deliveries: [Delivery], _ mode: AcknowledgementMode, _ consumer: RedisConsumer) throws {
        try #require(consumer.journal).start(deliveries.map { BeginMark($0.tag, mode) })
    }

    /// What becomes of messages whose worker died: `id` of a task, `id!` of an obituary, with the number of deaths.
    private func heirs(_ count: Int, _ place: RedisPlace, _ queues: [String] = ["q"]) async throws -> Set<String> {
        let heir = try await open(place, queues, starts: nil)
        let deliveries = try await take(count, from: heir)
        try await heir.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
        try await heir.close()
        return Set(deliveries.map { "\($0.id)\($0.kind == .obituary ? "!" : "") \($0.deaths)" })
    }

    @Test(arguments: [AcknowledgementMode.early, .late], [false, true])
    func `what has started of a dead worker's tasks is known, be it filed or not`(
        mode: AcknowledgementMode,
        isFiled: Bool
    ) async throws {
        let place = try await RedisPlace()
        let consumer = try await open(place, starts: mode)
        try await place.publish(["a", "b", "c", "d"])
        // The first look only counts: so all four come in one fetch.
        try await eventually("all to be there") { try await place.ready() == 4 }
        let deliveries = try await take(4, starting: 2, from: consumer)
        #expect(deliveries.map(\.isPermitted) == [true, true, false, false])
        try start([deliveries[1]], mode, consumer)
        if isFiled { try await consumer.begin([BeginMark(deliveries[3].tag, mode)]) }
        await consumer.abandon()
        let fourth = isFiled ? (mode == .early ? "d! 1" : "d 1") : "d 0"
        let heirs = try await heirs(4, place)
        #expect(heirs == ["a 0", mode == .early ? "b! 1" : "b 1", "c 0", fourth])
        await place.end()
    }

    @Test(arguments: [AcknowledgementMode.early, .late])
    func `without the journal all that was permitted counts as started`(mode: AcknowledgementMode) async throws {
        let place = try await RedisPlace()
        let consumer = try await open(place, starts: mode)
        try await place.publish(["a", "b", "c", "d"])
        let deliveries = try await take(4, starting: 2, from: consumer)
        let permitted = Set(deliveries.filter(\.isPermitted).map(\.id))
        #expect(permitted.count == 2)
        try start([deliveries[0]], mode, consumer)
        await consumer.abandon()
        JournalPlace.remove(try #require(consumer.journal).path)
        let expected = deliveries.map { delivery in
            guard permitted.contains(delivery.id) else { return "\(delivery.id) 0" }
            return mode == .early ? "\(delivery.id)! 1" : "\(delivery.id) 1"
        }
        #expect(try await heirs(4, place) == Set(expected))
        await place.end()
    }

    @Test func `it is known of several queues and priorities, fetched together`() async throws {
        let place = try await RedisPlace()
        let queues = ["one", "two"]
        var messages: [OutgoingMessage] = []
        for number in 0..<40 {
            var message = place.message("\(number)", to: queues[number % 2])
            message.message.properties.priority = [0, 3, 6, 9][number / 2 % 4]
            messages.append(message)
        }
        try await place.transport.publish(messages, timeout: .seconds(5))
        let consumer = try await open(place, queues, starts: .early)
        let deliveries = try await take(40, starting: 40, from: consumer)
        let started = deliveries.enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
        try start(started, .early, consumer)
        await consumer.abandon()
        let begun = Set(started.map(\.id))
        #expect(
            try await heirs(40, place, queues)
                == Set(deliveries.map { begun.contains($0.id) ? "\($0.id)! 1" : "\($0.id) 0" })
        )
        await place.end()
    }

    @Test func `a worker that was taken for dead starts nothing more`() async throws {
        let place = try await RedisPlace()
        let consumer = try await open(place, starts: .late)
        try await place.publish(["a", "b"])
        let deliveries = try await take(2, starting: 2, from: consumer)
        try start([deliveries[0]], .late, consumer)
        await consumer.abandon()
        #expect(try await heirs(2, place) == ["a 1", "b 0"])
        let error = #expect(throws: TransportError.self) { try start([deliveries[1]], .late, consumer) }
        #expect(error?.code == .epochLost || error?.code == .unavailable)
        await place.end()
    }

    @Test func `at an orderly end what runs early is ended, and the rest is given back uncounted`() async throws {
        let place = try await RedisPlace()
        let consumer = try await open(place, starts: .early)
        try await place.publish(["a", "b", "c"])
        let deliveries = try await take(3, starting: 3, from: consumer)
        try start([deliveries[1]], .early, consumer)
        try await consumer.close()
        #expect(try await heirs(3, place) == ["a 0", "b! 1", "c 0"])
        await place.end()
    }

    @Test func `what is taken leaves nothing behind when all of it is settled`() async throws {
        let place = try await RedisPlace()
        let consumer = try await open(place, starts: .late)
        for round in 0..<20 {
            let ids = (0..<30).map { "\(round)-\($0)" }
            try await place.publish(ids)
            let deliveries = try await take(30, starting: 20, from: consumer)
            let permitted = deliveries.filter(\.isPermitted)
            try start(permitted, .late, consumer)
            try await consumer.begin(deliveries.filter { !$0.isPermitted }.map { BeginMark($0.tag, .late) })
            try await consumer.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
        }
        let status = try #require(try await place.transport.status(of: ["q"]).first)
        #expect([status.ready, status.delayed, status.held] == [0, 0, 0])
        try await consumer.close()
        await place.end()
    }
}

@Suite struct TakenRecordTests {
    @Test func `it comes back from its text`() {
        let record = TakenRecord(base: 17, starting: 3, mode: .late, places: [4, 0, 12])
        #expect(TakenRecord(record.text) == record)
        for text in ["", "17 3 x 0", "17 -3 e 0", "17 3 e", "a 3 e 0"] { #expect(TakenRecord(text) == nil) }
    }

    @Test func `tags go by the order of the lists, and in each from the oldest, which is last`() {
        let record = TakenRecord(base: 10, starting: 3, mode: .early, places: [5, 2])
        let counts = [5: 2, 2: 3, 7: 1]
        // Tags 11 and 12 are in list 5, 13 to 15 in list 2.
        let known = record.begun(counts, started: [11: .early, 14: .late])
        #expect(known[5] == [nil, .early])
        #expect(known[2] == [nil, .late, nil])
        #expect(known[7] == nil)
        let unknown = record.begun(counts, started: nil)
        #expect(unknown[5] == [.early, .early])
        #expect(unknown[2] == [nil, nil, .early])
    }
}
#endif
