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

/// What a binding is to kombu's clients, who take the second part of a member for a regular expression.
@Suite(.timeLimit(.minutes(1))) struct TopicMemberTests {
    private func pattern(_ key: String) -> String {
        let binding = Binding(exchange: "x", kind: .topic, routingKey: key, queue: "q")
        let member = RedisRouter.member(binding, separator: "|")
        #expect(member.hasPrefix(key + "|") && member.hasSuffix("|q"))
        return String(member.dropFirst(key.count + 1).dropLast(2))
    }

    @Test func `a star is one word and a hash any number, as kombu 5.7 writes them`() {
        #expect(pattern("a.*") == #"^a\.[^\.]+$"#)
        #expect(pattern("*.small") == #"^[^\.]+\.small$"#)
        #expect(pattern("feed.#") == #"^feed\..*?$"#)
        #expect(pattern("#") == "^.*?$")
        #expect(pattern("") == "^$")
    }

    @Test func `what has a meaning in a regular expression is escaped as kombu does it`() {
        #expect(pattern("a+b.*") == #"^a\+b\.[^\.]+$"#)
        #expect(pattern("a(b.*") == #"^a\(b\.[^\.]+$"#)
        #expect(pattern("[x].{y}") == #"^\[x\]\.\{y\}$"#)
        #expect(pattern("task_x-1.c#") == #"^task\_x\-1\.c#$"#)
        #expect(pattern("a b") == #"^a\ b$"#)
        #expect(pattern("a\0b") == #"^a\000b$"#)
        #expect(pattern("\u{E9}t\u{E9}.\u{2460}") == "^\u{E9}t\u{E9}\\.\u{2460}$")
    }

    @Test func `a star inside a word stands for itself, where kombu would write no regular expression`() {
        #expect(pattern("*a.b") == #"^\*a\.b$"#)
        #expect(pattern("**") == #"^\*\*$"#)
    }

    @Test(arguments: [Exchange.Kind.direct, .fanout])
    func `only topics have a pattern`(_ kind: Exchange.Kind) {
        let binding = Binding(exchange: "x", kind: kind, routingKey: "a.*", queue: "q")
        #expect(RedisRouter.member(binding, separator: RedisKeys().separator) == "a.*\u{6}\u{16}\u{6}\u{16}q")
    }

    @Test(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"))
    func `a queue that was bound just now gets its copy of what is sent`() async throws {
        let place = try await RedisPlace()
        let news = Exchange("news", .topic)
        let other = try await RedisPlace(prefix: place.prefix)
        for (number, pattern) in ["a.#", "#", "*.b", "a.b"].enumerated() {
            try await other.transport.declare(Topology([Queue("q\(number)", exchange: news, routingKey: pattern)]))
            let headers = TaskHeaders(task: "t", id: "m\(number)")
            let properties = MessageProperties(correlationID: "c", exchange: news.name, routingKey: "a.b")
            let message = Message(headers: headers, properties: properties, body: Array("[[], {}, {}]".utf8))
            try await place.transport.publish([OutgoingMessage(message)], timeout: .seconds(5))
            #expect(try await place.transport.status(of: ["q\(number)"]).map(\.ready) == [1])
        }
        #expect(try await place.transport.status(of: ["q0", "q1"]).map(\.ready) == [4, 3])
        await other.end()
        await place.end()
    }

    @Test(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"))
    func `an exchange that was a direct one and is a topic now is used as that`() async throws {
        try await RedisServer.with { server in
            let patient = try Patient(server)
            let key = patient.keys.binding("news")
            try server.command("SADD", key, "a\u{6}\u{16}\u{6}\u{16}old", "b.*\u{6}\u{16}^b\\.[^\\.]+$\u{6}\u{16}new")
            for (routingKey, queue) in [("a", "old"), ("b.c", "new")] {
                let headers = TaskHeaders(task: "t", id: routingKey)
                let properties = MessageProperties(correlationID: "c", exchange: "news", routingKey: routingKey)
                let message = Message(headers: headers, properties: properties, body: Array("[[], {}, {}]".utf8))
                try await patient.transport.publish([OutgoingMessage(message)], timeout: .seconds(5))
                #expect(try server.command("LLEN", queue).number == 1)
            }
            #expect(try await patient.transport.bindings().contains { $0.queue == "old" && $0.exchange == "news" })
            #expect(try await patient.transport.status(of: []).count == 2)
            #expect(try await !patient.look().contains { $0.code == "check-failed" })
            await patient.transport.shutdown()
        }
    }
}
#endif
