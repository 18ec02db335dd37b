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

@Suite struct WakeUpsTests {
    @Test func `whoever finds nothing looks later each time, up to a limit, and at once after a find`() {
        var wakeUps = WakeUps()
        #expect(wakeUps.pause(isBusy: false) == 0)
        var pauses: [Int64] = []
        for _ in 0..<6 {
            wakeUps.found(0)
            pauses.append(wakeUps.pause(isBusy: false))
        }
        #expect(pauses == [250, 500, 750, 1000, 1000, 1000])
        wakeUps.found(1)
        #expect(wakeUps.pause(isBusy: false) == 0)
    }

    @Test func `a busy worker looks after all idle ones`() {
        #expect(WakeUps().pause(isBusy: true) > WakeUps.longest)
    }

    @Test func `as much is asked for as touched lists gave of late, and a little more`() {
        var wakeUps = WakeUps()
        #expect(wakeUps.ask == 16)
        var asked: [Int] = []
        for found in [0, 1, 2, 3, 16, 200, 0] {
            wakeUps.found(found)
            asked.append(wakeUps.ask)
        }
        #expect(asked == [1, 2, 4, 6, 16, 16, 1])
    }
}

@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(3)))
struct WakingTests {
    /// What came, in the order in which it came.
    private final class Notes: Sendable {
        private let list = Mutex<[String]>([])
        var all: [String] { list.withLock { $0 } }
        func add(_ id: String) { list.withLock { $0.append(id) } }
    }

    /// Receives and acknowledges until the consumer is closed.
    private func work(_ consumer: any TransportConsumer, _ notes: Notes) async throws {
        while true {
            let deliveries = try await consumer.receive(upTo: 16)
            if deliveries.isEmpty { return }
            try await consumer.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
            for delivery in deliveries { notes.add(delivery.id) }
        }
    }

    @Test func `five idle workers share single messages, each comes once, and few commands are for nothing`()
        async throws
    {
        try await RedisServer.with { (server: RedisServer) async throws -> Void in
            let place = try await RedisPlace(server.url())
            let got = Notes()
            var consumers: [any TransportConsumer] = []
            for _ in 0..<5 { consumers.append(try await place.consumer()) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for consumer in consumers {
                    group.addTask { try await work(consumer, got) }
                }
                for number in 0..<60 {
                    try await place.publish(["\(number)"])
                    try await eventually("message \(number)") { got.all.count > number }
                }
                for consumer in consumers { try await consumer.close() }
                try await group.waitForAll()
            }
            #expect(got.all == (0..<60).map(String.init))
            let statistics = try server.command("INFO", "commandstats").text ?? ""
            let moves = try #require(statistics.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_lmove:") })
            let calls = try #require(moves.split(separator: "=").dropFirst().first?.split(separator: ",").first)
            // Each asked for 16 at first, and for one or two since.
            #expect(try #require(Int(calls)) <= 5 * 16 + 60 * 5 * 2, "\(moves)")
            await place.end()
        }
    }

    @Test func `a busy worker takes what nobody else takes`() async throws {
        let place = try await RedisPlace()
        let consumer = try await place.transport.openConsumer(
            ConsumerConfiguration(name: "busy", queues: ["q"], results: place.backend, isBusy: { true })
        )
        let got = Notes()
        async let working: Void = work(consumer, got)
        for number in 0..<20 {
            try await place.publish(["\(number)"])
            try await eventually("message \(number)") { got.all.count > number }
        }
        try await consumer.close()
        try await working
        #expect(got.all == (0..<20).map(String.init))
        await place.end()
    }
}
#endif
