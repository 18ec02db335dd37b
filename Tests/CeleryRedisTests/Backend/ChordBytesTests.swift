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
import Foundation
import ServiceTestSupport
import Testing

@testable import CeleryRedis

/// What Python wrote of its chords and groups.
struct GoldenChords: Decodable {
    struct Part: Decodable {
        var id: String
        var index: Int
        var member: String
    }

    struct Chord: Decodable {
        var name: String
        var group: String
        var size: String
        var extra: Int
        var life: Int64
        var parts: [Part]
        var after: [String: Left]

        func key(_ suffix: String) -> String { "celery-taskset-meta-\(group)\(suffix)" }
    }

    struct Left: Decodable {
        var type: String
        var ttl: Int64
    }

    struct Group: Decodable {
        var id: String
        var value: String
        var life: Int64
    }

    var chords: [Chord]
    var groups: [Group]

    static func read() throws -> GoldenChords {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/chords-5.7.json")
        return try JSONDecoder().decode(GoldenChords.self, from: Data(contentsOf: path))
    }
}

@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(3)))
struct ChordBytesTests {
    private static let life = Duration.seconds(86400)

    /// A part as Python counted it, its value made anew.
    private func part(_ golden: GoldenChords.Part, of chord: GoldenChords.Chord) throws -> ChordPart {
        let read = try WireCodec().decodeStoredChordPart(Array(golden.member.utf8))
        #expect(read.taskID == golden.id)
        return ChordPart(
            groupID: chord.group,
            index: golden.index,
            taskID: golden.id,
            state: read.state,
            value: EncodedValue(try read.value.value()),
            expires: Self.life,
            claimant: golden.id
        )
    }

    @Test func `counters and their lives are those that Python writes`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        let chords = try #require(backend.chords)
        for chord in try GoldenChords.read().chords {
            let size = try #require(Int(chord.size))
            try await chords.start(
                [ChordStart(groupID: chord.group, size: size, expires: Self.life)],
                timeout: .seconds(5)
            )
            if chord.extra > 0 {
                try await chords.extend(chord.group, by: chord.extra, as: "more", timeout: .seconds(5))
            }
            let parts = try chord.parts.map { try part($0, of: chord) }
            let answers = try await chords.count(parts, timeout: .seconds(5))
            guard case .complete(let claim)? = answers.last else { throw CheckFailure("\(chord.name): \(answers)") }

            let members = chord.parts.sorted { ($0.index, $0.id) < ($1.index, $1.id) }
            #expect(
                try await client.ask("ZRANGE", chord.key(".j"), 0, -1).elements.map(\.string) == members.map(\.member)
            )
            for member in members {
                let score = try await client.ask("ZSCORE", chord.key(".j"), member.member).string
                #expect(score.flatMap(Double.init) == Double(member.index))
            }
            let seen = try await client.ask("SMEMBERS", chord.key(".d")).elements.compactMap(\.string)
            #expect(Set(seen) == Set(chord.parts.map { "\($0.id):\($0.index)" }))
            #expect(try await client.ask("GET", chord.key(".s")).string == chord.size)
            #expect(try await client.ask("GET", chord.key(".t")).string == (chord.extra > 0 ? "\(chord.extra)" : nil))
            for suffix in [".j", ".s", ".d"] + (chord.extra > 0 ? [".t"] : []) {
                try await expectLife(chord.life, of: chord.key(suffix), client)
            }
            try await expectLife(15, of: chord.key(".c"), client)

            try await chords.finish([claim], timeout: .seconds(5))
            let left = try await client.ask("KEYS", chord.key("*")).elements.compactMap(\.string)
            #expect(left == [chord.key(".c")], "\(chord.name)")
            #expect(try await client.ask("GET", chord.key(".c")).string == "done")
            try await expectLife(300, of: chord.key(".c"), client)
            if let golden = chord.after[".c"], chord.after.count == 1 { #expect(299...300 ~= golden.ttl) }
        }
    }

    @Test func `a group and a nested header are stored as Python does`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(options: ["global_keyprefix": "app"]), try server.client())
        for golden in try GoldenChords.read().groups {
            let key = "app_celery-taskset-meta-\(golden.id)"
            let tuple = try WireCodec().decodeStoredGroup(Array(golden.value.utf8))
            let heard = try await Listener(server, key)
            try await backend.storeGroup(golden.id, tuple, expires: Self.life)
            #expect(try await client.ask("GET", key).string == golden.value)
            try await expectLife(golden.life, of: key, client)
            #expect(try await heard.take(1) == [Array(golden.value.utf8)])

            try await backend.forgetGroup(golden.id)
            #expect(try await client.ask("EXISTS", key).int == 0)
            let start = ChordStart(groupID: golden.id, size: 3, nested: tuple, expires: Self.life)
            try await backend.chords?.start([start], timeout: .seconds(5))
            #expect(try await client.ask("GET", key).string == golden.value)
            #expect(try await backend.fetchGroup(golden.id) == tuple)
        }
    }

    @Test func `a saved group lives as long as its chord, and is not shortened`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        let chords = try #require(backend.chords)
        let start = ChordStart(groupID: "g", size: 5, nested: [["g", nil], []], expires: .seconds(100))
        try await chords.start([start], timeout: .seconds(5))
        for (life, expected) in [(50, 100), (200, 200), (100, 200)] {
            let part = ChordPart(
                groupID: "g",
                index: life,
                taskID: "t",
                state: .success,
                value: .null,
                expires: .seconds(life),
                claimant: "me"
            )
            _ = try await chords.count([part], timeout: .seconds(5))
            try await expectLife(Int64(expected), of: "celery-taskset-meta-g", client)
            try await expectLife(Int64(life), of: "celery-taskset-meta-g.s", client)
        }
    }

    @Test func `what extends a chord lives as long as the chord`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        let chords = try #require(backend.chords)
        try await chords.extend("g", by: 1, as: "a", timeout: .seconds(5))
        for suffix in [".t", ".a"] { try await expectLife(86400, of: "celery-taskset-meta-g" + suffix, client) }
        try await chords.start([ChordStart(groupID: "g", size: 5)], timeout: .seconds(5))
        #expect(try await client.ask("PTTL", "celery-taskset-meta-g.t").int == -1)
        try await chords.start([ChordStart(groupID: "h", size: 5, expires: .seconds(50))], timeout: .seconds(5))
        try await chords.extend("h", by: 2, as: "a", timeout: .seconds(5))
        try await expectLife(50, of: "celery-taskset-meta-h.t", client)
        try await expectLife(86400, of: "celery-taskset-meta-h.a", client)
    }

    @Test func `what was added to a chord that a worker of Python's has ended is forgotten with it`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        let chords = try #require(backend.chords)
        for _ in 0..<2 { try await chords.extend("g", by: 1, as: "a", timeout: .seconds(5)) }
        #expect(try await client.ask("GET", "celery-taskset-meta-g.t").string == "1")
        _ = try await client.ask("DEL", "celery-taskset-meta-g.j", "celery-taskset-meta-g.t", "celery-taskset-meta-g.s")
        for _ in 0..<2 { try await chords.extend("g", by: 1, as: "b", timeout: .seconds(5)) }
        try await chords.extend("g", by: 1, as: "a", timeout: .seconds(5))
        #expect(try await client.ask("GET", "celery-taskset-meta-g.t").string == "2")
    }

    /// - Parameter seconds: At most so many, and not much less.
    private func expectLife(_ seconds: Int64, of key: String, _ client: RedisClient) async throws {
        let left = try #require(try await client.ask("PTTL", key).int)
        #expect((max(0, seconds - 10) * 1000...seconds * 1000).contains(left), "\(key)")
    }
}
#endif
