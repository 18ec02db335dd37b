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

/// What lies in queues that should not, or not so.
@Suite(
    .enabled(if: RedisServer.isAvailable, Comment(rawValue: RedisServer.absence)),
    .serialized,
    .timeLimit(.minutes(2))
)
struct QueueExaminationTests {
    private func with(_ messages: [String], _ body: (Patient) async throws -> Void) async throws {
        try await Patient.with { patient in
            try patient.server.command("SADD", patient.keys.queues, "q")
            for message in messages { try patient.server.command("LPUSH", "q", message) }
            try await body(patient)
        }
    }

    /// As somebody without kombu would write it.
    private func bare(_ id: String, _ properties: String) -> String {
        #"{"body": "[[], {}, {}]", "content-encoding": "utf-8", "content-type": "application/json", "extra": [1.50], "#
            + #""headers": {"task": "t", "id": "\#(id)", "mine": 7}\#(properties)}"#
    }

    @Test func `what is no message is set aside, and the others stay in order`() async throws {
        try await with([]) { patient in
            let messages = [
                patient.envelope("a"), "garbage", patient.envelope("b"), "[1]", "garbage", patient.envelope("c"),
            ]
            for message in messages { try patient.server.command("LPUSH", "q", message) }
            let finding = try await patient.heals("no-message", leaving: ["dead-letters"])
            #expect(finding.severity == .serious)
            #expect(finding.found.contains("3 of 6 messages looked at in q cannot be read"))
            #expect(finding.cure.contains("celery dead"))
            #expect(try patient.ids() == ["a", "b", "c"])
            let letters = try await patient.transport.deadLetters.list(.all, limit: 9)
            #expect(letters.map { String(decoding: $0.raw, as: UTF8.self) }.sorted() == ["[1]", "garbage", "garbage"])
            #expect(letters.allSatisfy { $0.reason.code == "malformed" && $0.queue == "q" })
            #expect(try await patient.transport.deadLetters.replay(.all) == 3)
            #expect(try patient.server.command("LLEN", "q").number == 6)
        }
    }

    @Test func `an envelope that kombu would fail at is completed in its place`() async throws {
        let address = #"{"exchange": "", "routing_key": "elsewhere"}"#
        let messages = [
            bare("none", ""), bare("empty", #", "properties": {}"#),
            bare("tag", #", "properties": {"priority": 3, "delivery_info": \#(address)}"#),
            bare("info", #", "properties": {"delivery_tag": "x"}"#),
        ]
        try await with(messages) { patient in
            let finding = try await patient.heals("incomplete-envelope")
            #expect(finding.severity == .serious)
            #expect(
                finding.found.contains("4 of 4 messages looked at in q without delivery_info, delivery_tag, properties")
            )
            #expect(try patient.ids() == ["none", "empty", "tag", "info"])
            let stored = try patient.server.command("LRANGE", "q", "0", "-1").texts.reversed()
            #expect(stored.allSatisfy { $0.contains(#""extra": [1.5]"#) && $0.contains(#""mine": 7"#) })
            let properties = try stored.map { try Envelope.decode(Array($0.utf8)).properties }
            #expect(properties.allSatisfy { $0.deliveryTag != nil })
            #expect(properties.map(\.routingKey) == ["q", "q", "elsewhere", "q"])
            #expect(properties.map(\.priority) == [nil, nil, 3, nil])
            #expect(properties[3].deliveryTag == "x")
        }
    }

    @Test func `both ends of a long list are looked at`() async throws {
        try await with([]) { patient in
            try patient.server.command("LPUSH", "q", bare("first", ""))
            for number in 1...250 { try patient.server.command("LPUSH", "q", patient.envelope("\(number)")) }
            try patient.server.command("LPUSH", "q", bare("last", ""))
            let finding = try await patient.heals("incomplete-envelope")
            #expect(finding.found.contains("2 of 200 messages"))
            #expect(try patient.ids() == ["first"] + (1...250).map(String.init) + ["last"])
        }
    }

    @Test func `while a worker takes from the queue, a repair loses nothing and gives nothing twice`() async throws {
        try await Patient.with(deadLetterLimit: 1000) { patient in
            try patient.server.command("SADD", patient.keys.queues, "q")
            let names = (0..<600).map { $0 % 3 == 1 ? "garbage \($0)" : "\($0)" }
            for (number, name) in names.enumerated() {
                let message = [bare(name, ""), name, patient.envelope(name)][number % 3]
                try patient.server.command("LPUSH", "q", message)
            }
            let consumer = try await patient.consumer(lease: .seconds(60))
            async let seen = drain(consumer)
            repeat {
                _ = try await patient.look(repair: true)
            } while try patient.server.command("LLEN", "q").number != 0
            try patient.server.command("LPUSH", "q", patient.envelope("end"))
            let letters = try await patient.transport.deadLetters.list(.all, limit: 1000)
            let found = try await seen + letters.map { String(decoding: $0.raw, as: UTF8.self) }
            #expect(found.sorted() == (names + ["end"]).sorted())
            #expect(!letters.isEmpty)
            try await consumer.close()
        }
    }

    /// Takes a few at a time until the one that is named "end".
    private func drain(_ consumer: RedisConsumer) async throws -> [String] {
        var seen: [String] = []
        while !seen.contains("end") {
            let deliveries = try await consumer.receive(upTo: 3)
            for delivery in deliveries {
                switch delivery.content {
                case .message(let message): seen.append(message.headers.id)
                case .malformed(let bytes, _): seen.append(String(decoding: bytes, as: UTF8.self))
                }
            }
            try await consumer.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
        }
        return seen
    }

    @Test func `what is no task may be somebody's, and stays`() async throws {
        try await with([#"{"hello": "world"}"#]) { patient in
            let found = try await patient.look(repair: true)
            #expect(found.map(\.code) == ["no-task"])
            #expect(found.first?.severity == .warning)
            #expect(found.first?.isRepairable == false)
            #expect(try patient.server.command("LLEN", "q").number == 1)
        }
    }

    @Test func `keys of another type, and lists of steps that are not ours`() async throws {
        try await with([]) { patient in
            try patient.server.command("SET", "q", "x")
            try patient.server.command("LPUSH", patient.keys.list("q", step: 5), patient.envelope("a"))
            let found = try await patient.look()
            #expect(found.map(\.code) == ["wrong-type", "foreign-step"])
            #expect(found[0].found.contains("the key q holds a string"))
            #expect(found[0].cure.contains("global_keyprefix"))
            #expect(found[1].found.contains("1 message of the queue q waits in the list of priority step 5"))
            #expect(found[1].found.contains("priority_steps 0, 3, 6, 9"))
        }
    }

    @Test func `as many dead letters as are kept are a warning`() async throws {
        try await with((1...5).map { "garbage \($0)" }) { patient in
            _ = try await patient.heals("no-message", leaving: ["dead-letters"])
            let found = try await patient.look()
            #expect(found.first?.severity == .warning)
            #expect(found.first?.found.contains("5 messages were set aside, as many as are kept") == true)
            #expect(found.first?.cure.contains("celery dead") == true)
        }
    }
}
#endif
