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
        #expect(wakeUps.pause(isBusy: false, chance: 0.9) == 0)
        var pauses: [Int64] = []
        for _ in 0..<6 {
            wakeUps.found(0)
            pauses.append(wakeUps.pause(isBusy: false, chance: 0))
        }
        #expect(pauses == [250, 500, 750, 1000, 1000, 1000])
        #expect(
            wakeUps.pause(isBusy: false, chance: 0.5) == 1125,
            "those who have waited equally long do not look at once"
        )
        wakeUps.found(1)
        #expect(wakeUps.pause(isBusy: false) == 0)
    }

    @Test func `a busy worker looks after all idle ones`() {
        #expect(WakeUps().pause(isBusy: true, chance: 0) >= WakeUps.longest + WakeUps.step)
        var loser = WakeUps()
        loser.found(0)
        #expect(loser.pause(isBusy: true, chance: 0) > WakeUps().pause(isBusy: true, chance: 0))
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
            // Renewed so rarely that nobody looks again for that: a message that nobody is woken for is waited for in vain.
            for _ in 0..<5 { consumers.append(try await place.consumer(lease: .seconds(120))) }
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

    @Test func `a busy worker leaves most to an idle one, and takes all when there is none`() async throws {
        let place = try await RedisPlace()
        let busy = try await place.transport.openConsumer(
            ConsumerConfiguration(
                name: "busy",
                queues: ["q"],
                lease: .seconds(120),
                renewal: .seconds(30),
                results: place.backend,
                isBusy: { true }
            )
        )
        let (byBusy, byIdle) = (Notes(), Notes())
        async let working: Void = work(busy, byBusy)
        func send(_ numbers: Range<Int>) async throws {
            for number in numbers {
                try await place.publish(["\(number)"])
                try await eventually("message \(number)") { byBusy.all.count + byIdle.all.count > number }
            }
        }
        try await send(0..<20)
        #expect(byBusy.all == (0..<20).map(String.init))
        let idle = try await place.consumer(lease: .seconds(120))
        async let idling: Void = work(idle, byIdle)
        try await send(20..<80)
        // A machine that stands still for a moment may turn it round now and then.
        #expect(byIdle.all.count > 30, "the busy one took \(byBusy.all.count - 20) of 60")
        try await idle.close()
        try await idling
        let taken = byBusy.all.count + byIdle.all.count
        try await send(taken..<taken + 10)
        try await busy.close()
        try await working
        #expect(Set(byBusy.all + byIdle.all).count == 90 && byBusy.all.count + byIdle.all.count == 90)
        await place.end()
    }
}
#endif
