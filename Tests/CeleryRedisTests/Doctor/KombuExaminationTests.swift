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

/// What Python's workers and clients leave.
@Suite(
    .enabled(if: RedisServer.isAvailable, Comment(rawValue: RedisServer.absence)),
    .serialized,
    .timeLimit(.minutes(2))
)
struct KombuExaminationTests {
    private func hold(_ patient: Patient, _ id: String, for age: Duration?, eta: Timestamp? = nil) throws {
        let held = "[\(patient.envelope(id, eta: eta)), \"\", \"q\"]"
        try patient.server.command("HSET", patient.keys.unacked, "tag-\(id)", held)
        guard let age else { return }
        let taken = Timestamp.now.advanced(by: .zero - age).unixSeconds
        try patient.server.command("ZADD", patient.keys.unackedIndex, "\(taken)", "tag-\(id)")
    }

    @Test func `messages held beyond the visibility timeout are given back, all of them`() async throws {
        try await Patient.with(options: ["visibility_timeout": 600]) { patient in
            for number in 1...130 { try hold(patient, "\(number)", for: .seconds(700)) }
            try hold(patient, "young", for: .seconds(500))
            let finding = try await patient.heals("overdue-unacked")
            #expect(finding.severity == .warning)
            #expect(finding.found.contains("130 messages in unacked"))
            #expect(finding.found.contains("longer than visibility_timeout, 600 s"))
            #expect(finding.cure.contains("visibility_timeout in broker_transport_options"))
            #expect(Set(try patient.ids()) == Set((1...130).map(String.init)))
            #expect(try patient.server.command("HKEYS", patient.keys.unacked).texts == ["tag-young"])
        }
    }

    @Test func `overdue messages that belong nowhere go to the dead letters`() async throws {
        try await Patient.with { patient in
            try patient.server.command("HSET", patient.keys.unacked, "t", "[{\"body\": \"\"}, \"gone\", \"k\"]")
            try patient.server.command("ZADD", patient.keys.unackedIndex, "1", "t")
            let found = try await patient.look(repair: true)
            #expect(found.map(\.code) == ["overdue-unacked", "dead-letters"])
            #expect(found.first?.isRepaired == true)
            #expect(try patient.server.command("HLEN", patient.keys.unacked).number == 0)
            let dead = try await patient.transport.deadLetters.list(.all, limit: 5)
            #expect(dead.map(\.reason.code) == ["malformed"])
        }
    }

    @Test func `a held message without a time gets the present one`() async throws {
        try await Patient.with { patient in
            try hold(patient, "a", for: nil)
            try hold(patient, "b", for: .seconds(5))
            let finding = try await patient.heals("undated-unacked")
            #expect(finding.severity == .serious)
            #expect(finding.found.contains("1 message in unacked (tag-a for one) has no time in unacked_index"))
            let text = try patient.server.command("ZSCORE", patient.keys.unackedIndex, "tag-a").text
            let time = try #require(text.flatMap { Double($0) })
            #expect(abs(time - Timestamp.now.unixSeconds) < 60)
            #expect(try patient.server.command("HLEN", patient.keys.unacked).number == 2)
        }
    }

    @Test func `times of nothing are dropped`() async throws {
        try await Patient.with { patient in
            try hold(patient, "a", for: .seconds(5))
            let now = "\(Timestamp.now.unixSeconds)"
            for tag in ["x", "y"] { try patient.server.command("ZADD", patient.keys.unackedIndex, now, tag) }
            let finding = try await patient.heals("empty-unacked")
            #expect(finding.found.contains("2 entries of unacked_index (x for one) name no message"))
            #expect(try patient.server.command("ZRANGE", patient.keys.unackedIndex, "0", "-1").texts == ["tag-a"])
        }
    }

    @Test func `one of each kind among many is found, although both are of one size, and read in pieces`() async throws
    {
        try await Patient.with { patient in
            let (client, keys) = (patient.transport.store.client, patient.keys)
            let now = "\(Timestamp.now.unixSeconds)"
            let tags = (0..<1200).map { "tag-\($0)" }
            var commands = RedisCommands()
            commands.add("HSET", keys.unacked, list: (tags + ["undated"]).flatMap { [$0, "[]"] })
            commands.add("ZADD", keys.unackedIndex, list: (tags + ["empty"]).flatMap { [now, $0] })
            _ = try await client.send(commands)
            let found = try await patient.look(repair: true)
            #expect(found.map(\.code) == ["undated-unacked", "empty-unacked"])
            #expect(found.first?.found.contains("1 message in unacked (undated for one)") == true)
            #expect(found.last?.found.contains("1 entry of unacked_index (empty for one)") == true)
            try patient.server.command("CONFIG", "RESETSTAT")
            #expect(try await patient.look() == [])
            let statistics = try #require(try patient.server.command("INFO", "commandstats").text)
            #expect(statistics.contains("cmdstat_zscan:calls="))
            #expect(!statistics.contains("cmdstat_hscan:calls="), "messages are read although nothing is missing")
        }
    }

    @Test(arguments: ["unacked", "unacked_index", "_swift.epochs"])
    func `a check that a key of another type keeps from being made is serious`(_ key: String) async throws {
        try await Patient.with { patient in
            try patient.server.command("SET", key, "x")
            let found = try await patient.look()
            #expect(Set(found.map(\.code)) == ["check-failed"])
            #expect(found.allSatisfy { $0.severity == .serious }, "\(found)")
        }
    }

    @Test func `an ETA beyond the visibility timeout is told of`() async throws {
        try await Patient.with { patient in
            try hold(patient, "far", for: .seconds(5), eta: .now.advanced(by: .seconds(7200)))
            try hold(patient, "near", for: .seconds(5), eta: .now.advanced(by: .seconds(60)))
            try hold(patient, "now", for: .seconds(5))
            let found = try await patient.look(repair: true)
            #expect(found.map(\.code) == ["far-eta"])
            #expect(found.first?.found.contains("1 task held by Python workers (of 3 looked at") == true)
            #expect(found.first?.found.contains("visibility_timeout is 3600 s") == true)
            #expect(found.first?.cure.contains("raise visibility_timeout") == true)
        }
    }

    @Test func `an ETA that has been held for long is found behind ever so many that were taken just now`() async throws
    {
        try await Patient.with { patient in
            try hold(patient, "far", for: .seconds(600), eta: .now.advanced(by: .seconds(7200)))
            for number in 0..<600 { try hold(patient, "\(number)", for: .seconds(5)) }
            #expect(try await patient.look().map(\.code) == ["far-eta"])
        }
    }

    @Test func `bindings that lead nowhere, and exchanges that nothing is bound to`() async throws {
        try await Patient.with { patient in
            let separator = patient.keys.separator
            let used = ["key", "", "used"].joined(separator: separator)
            let unused = ["key", "", "gone"].joined(separator: separator)
            try patient.server.command("SADD", patient.keys.binding("news"), used, unused, "key|pattern|queue")
            try patient.server.command("LPUSH", "used", patient.envelope("a", to: "used"))
            try patient.server.command("HSET", patient.keys.exchanges, "empty", "direct")
            let found = try await patient.look()
            #expect(Set(found.map(\.code)) == ["unreadable-binding", "unused-binding", "unbound-exchange"])
            let unreadable = try #require(found.first { $0.code == "unreadable-binding" })
            #expect(unreadable.severity == .serious)
            #expect(unreadable.found.contains("\"key|pattern|queue\" in _kombu.binding.news"))
            #expect(unreadable.cure.contains("sep in broker_transport_options"))
            let note = try #require(found.first { $0.code == "unused-binding" })
            #expect(note.severity == .note)
            #expect(note.found.contains("queue gone is bound to news"))
            #expect(found.first { $0.code == "unbound-exchange" }?.found.contains("exchange empty (direct)") == true)
            // Python workers do not tell what they take from.
            try patient.server.command("SADD", patient.keys.binding("mine.pidbox"), "x")
            #expect(
                try await patient.look().contains { $0.code == "unused-binding" },
                "nobody listens: it was left behind"
            )
            var listener = try RedisProbe(path: patient.server.socketPath)
            _ = try listener.command(["PSUBSCRIBE", "/0.mine.pidbox"])
            #expect(try await patient.look().contains { $0.code == "unused-binding" } == false)
            try patient.server.command(
                "RENAME",
                patient.keys.binding("mine.pidbox"),
                patient.keys.binding("reply.mine.pidbox")
            )
            #expect(try await patient.look().contains { $0.code == "unused-binding" }, "a client's mailbox for replies")
        }
    }
}
#endif
