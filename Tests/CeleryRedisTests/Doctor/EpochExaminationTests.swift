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
import Testing

@testable import CeleryRedis

/// What dead Swift workers leave, and how a doctor gives it back.
@Suite(
    .enabled(if: RedisServer.isAvailable, Comment(rawValue: RedisServer.absence)),
    .serialized,
    .timeLimit(.minutes(2))
)
struct EpochExaminationTests {
    /// A worker that holds a, b and c, of which it has begun a, and is dead.
    private func die(_ patient: Patient, begun mode: AcknowledgementMode) async throws -> String {
        for id in ["a", "b", "c"] {
            try patient.server.command("LPUSH", patient.keys.prefix + "q", patient.envelope(id))
        }
        let consumer = try await patient.consumer()
        let deliveries = try await consumer.receive(upTo: 3)
        #expect(deliveries.count == 3)
        try await consumer.begin([BeginMark(deliveries[0].tag, mode)])
        await consumer.abandon()
        let id = try #require(try patient.server.command("HKEYS", patient.keys.epochs).texts.first)
        _ = try await waited(for: "the end of the lease") {
            try patient.server.command("EXISTS", patient.keys.epoch(id).lease).number == 0 ? true : nil
        }
        return id
    }

    /// As if workers had reached the server all the time.
    private func reach(_ patient: Patient) throws {
        try patient.server.command("SET", patient.keys.pulse(1000), "1")
    }

    @Test func `an epoch whose worker is gone is swept`() async throws {
        try await Patient.with { patient in
            let id = try await die(patient, begun: .late)
            let finding = try await patient.heals("orphaned-epoch")
            #expect(finding.severity == .warning)
            #expect(finding.found.contains("worker w1@here is gone, and its epoch \(id) still holds 3 messages of q"))
            #expect(finding.cure.contains("start a Swift worker"))
            #expect(try patient.ids() == ["a", "b", "c"])
        }
    }

    @Test func `what had begun early is left to be ended`() async throws {
        try await Patient.with { patient in
            _ = try await die(patient, begun: .early)
            _ = try await patient.heals("orphaned-epoch", leaving: ["unattended-obituaries"])
            #expect(try patient.ids() == ["b", "c"])
            #expect(try patient.server.command("LLEN", patient.keys.obituaries).number == 1)
        }
    }

    @Test func `keys that no record names give back what they hold`() async throws {
        try await Patient.with(options: ["global_keyprefix": "a[b]*?:"]) { patient in
            let id = try await die(patient, begun: .late)
            try patient.server.command("HDEL", patient.keys.epochs, id)
            // Of somebody else, and taken just before its worker died.
            try patient.server.command("SET", "ab:_swift.epoch.other.fence", "0 1")
            try patient.server.command("LPUSH", patient.keys.epoch(id).taken(list: 1), patient.envelope("d"))
            try reach(patient)
            let finding = try await patient.heals("unnamed-epoch")
            #expect(finding.severity == .serious)
            #expect(finding.found.contains(patient.keys.epoch(id).held))
            #expect(finding.found.contains("hold 4 messages"))
            #expect(finding.cure.contains("doctor --repair gives back"))
            #expect(Set(try patient.ids(patient.keys.prefix + "q")) == ["a", "b", "c", "d"])
            #expect(try patient.server.command("EXISTS", "ab:_swift.epoch.other.fence").number == 1)
        }
    }

    @Test func `an epoch whose record cannot be read gives back what it holds`() async throws {
        try await Patient.with { patient in
            let id = try await die(patient, begun: .early)
            try patient.server.command("HSET", patient.keys.epochs, id, "{")
            try reach(patient)
            let finding = try await patient.heals("unreadable-epoch", leaving: ["unattended-obituaries"])
            #expect(finding.severity == .serious)
            #expect(finding.found.contains("the record of epoch \(id) in _swift.epochs cannot be read"))
            #expect(try patient.ids() == ["b", "c"])
        }
    }

    @Test func `what names no queue goes to the dead letters`() async throws {
        try await Patient.with { patient in
            try patient.server.command("HSET", patient.keys.epoch("lost").held, "1.1", "hgarbage")
            try reach(patient)
            _ = try await patient.heals("unnamed-epoch", leaving: ["dead-letters"])
            let letters = try await patient.transport.deadLetters.list(.all, limit: 9)
            #expect(letters.map(\.raw) == [Array("garbage".utf8)])
            #expect(letters.first?.reason.code == "orphaned")
        }
    }

    @Test func `a worker that lives keeps what it holds, though its lease is missing`() async throws {
        try await Patient.with { patient in
            try patient.server.command("LPUSH", "q", patient.envelope("a"))
            let consumer = try await patient.consumer(lease: .seconds(4))
            let delivery = try #require(try await consumer.receive(upTo: 1).first)
            let id = try #require(try patient.server.command("HKEYS", patient.keys.epochs).texts.first)
            // As after a restart of the server.
            try patient.server.command("DEL", patient.keys.epoch(id).lease, patient.keys.pulse(4000))
            let during = try await patient.look(repair: true)
            #expect(during.allSatisfy { !$0.isRepaired }, "\(during)")
            try await consumer.settle([Settlement(delivery.tag, .acknowledge)])
            try await consumer.close()
            #expect(try await patient.look() == [])
        }
    }

    @Test func `a worker that lives without a record is told of`() async throws {
        try await Patient.with { patient in
            let consumer = try await patient.consumer(lease: .seconds(60))
            try patient.server.command("DEL", patient.keys.epochs)
            let found = try await patient.look(repair: true)
            #expect(found.map(\.code) == ["unregistered-epoch"])
            #expect(found[0].found.contains("worker w1@here lives"))
            #expect(found[0].cure == "restart that worker")
            try await consumer.close()
        }
    }

    @Test func `delayed messages that workers do not know of are named, and handed out where there is no worker`()
        async throws
    {
        try await Patient.with { patient in
            let due = "\(Timestamp.now.advanced(by: .seconds(3600)).microseconds)"
            let member = "q\0" + patient.envelope("a")
            try patient.server.command("ZADD", patient.keys.parked("q"), due, member)
            let finding = try await patient.heals("forgotten-parked")
            #expect(finding.severity == .serious)
            #expect(finding.found.contains("1 delayed message in _swift.parked.of.q will not be handed out"))
            #expect(finding.cure.contains("SADD _swift.parked q"))
            #expect(try patient.ids() == ["a"])

            try patient.server.command("ZADD", patient.keys.parked("q"), due, "q\0" + patient.envelope("b"))
            try patient.server.command("SADD", patient.keys.parkedQueues, "q")
            let unattended = try await patient.heals("unattended-parked")
            #expect(unattended.severity == .warning)
            #expect(try patient.ids() == ["a", "b"])
        }
    }

    @Test func `where a worker lives, forgotten delayed messages stay delayed`() async throws {
        try await Patient.with { patient in
            let consumer = try await patient.consumer(lease: .seconds(60))
            let due = "\(Timestamp.now.advanced(by: .seconds(3600)).microseconds)"
            try patient.server.command("ZADD", patient.keys.parked("q"), due, "q\0" + patient.envelope("a"))
            _ = try await patient.heals("forgotten-parked")
            #expect(try patient.server.command("ZCARD", patient.keys.parked("q")).number == 1)
            try await consumer.close()
        }
    }
}
#endif
