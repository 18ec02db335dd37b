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
struct ChordStoreTests {
    private static let base = "celery-taskset-meta-g"

    private func part(_ index: Int, _ id: String, _ value: CeleryValue = nil, by claimant: String = "me") -> ChordPart {
        ChordPart(
            groupID: "g",
            index: index,
            taskID: id,
            state: .success,
            value: EncodedValue(value),
            expires: .seconds(60),
            claimant: claimant
        )
    }

    private func start(_ chords: any ChordStore, _ size: Int) async throws {
        try await chords.start([ChordStart(groupID: "g", size: size, expires: .seconds(60))], timeout: .seconds(5))
    }

    private func count(_ chords: any ChordStore, _ part: ChordPart) async throws -> ChordProgress? {
        try await chords.count([part], timeout: .seconds(5)).first
    }

    @Test func `without an order the parts come as they ended, in a list`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(options: ["result_chord_ordered": false]), try server.client())
        let chords = try #require(backend.chords)
        try await start(chords, 3)
        for part in [part(2, "c", 3), part(0, "a", 1), part(2, "c", 4)] {
            #expect(try await count(chords, part) == .waiting)
        }
        guard case .complete(let claim)? = try await count(chords, part(1, "b")) else { throw CheckFailure("no claim") }
        #expect(claim.members.map(\.taskID) == ["c", "a", "b"])
        #expect(try await client.ask("LINDEX", Self.base + ".j", 0).string == #"[1, "c", "SUCCESS", 3]"#)
        try await chords.finish([claim], timeout: .seconds(5))
        #expect(try await client.ask("KEYS", "*").elements.map(\.string) == [Self.base + ".c"])
    }

    @Test(arguments: [true, false])
    func `parts of Celery 5_6, which leaves no trace of whom it counted, count once`(_ isOrdered: Bool) async throws {
        let server = try await TestServer()
        let backend = try server.backend(options: ["result_chord_ordered": .bool(isOrdered)])
        let (chords, client) = (try #require(backend.chords), try server.client())
        try await start(chords, 3)
        let old = #"[1, "b", "SUCCESS", "of 5.6"]"#
        if isOrdered {
            _ = try await client.ask("ZADD", Self.base + ".j", 1, old)
        } else {
            _ = try await client.ask("RPUSH", Self.base + ".j", old)
        }
        #expect(try await count(chords, part(0, "a")) == .waiting)
        #expect(try await count(chords, part(1, "b", "anew")) == .waiting)
        guard case .complete(let claim)? = try await count(chords, part(2, "c")) else { throw CheckFailure("no claim") }
        #expect(Set(claim.members.map(\.taskID)) == ["a", "b", "c"])
        let member = try #require(claim.members.first { $0.taskID == "b" })
        #expect(try member.value.value() == "of 5.6")
    }

    @Test func `a chord that another program finished is over, and another's claim is respected`() async throws {
        let server = try await TestServer()
        let (chords, client) = (try #require(try server.backend().chords), try server.client())
        try await start(chords, 1)
        _ = try await client.ask("SET", Self.base + ".c", "0123456789abcdef")
        #expect(try await count(chords, part(0, "a")) == .claimed(by: "0123456789abcdef"))
        _ = try await client.ask("SET", Self.base + ".c", "done")
        #expect(try await count(chords, part(0, "a")) == .over)
    }

    @Test func `what is in another serializer or compressed is read`() async throws {
        let server = try await TestServer()
        let codec = WireCodec(acceptContent: ["json", "msgpack"])
        let client = try server.client()
        let packed = try MessagePackSerializer().encode([1, "a", "FAILURE", ["exc_type": "KeyError"]] as CeleryValue)
        let deflated = try ZlibCompression().compress(Array(#"[1, "b", "SUCCESS", 2]"#.utf8))
        for (score, member) in [packed, Array("\0celery-compressed\0application/x-gzip\0".utf8) + deflated].enumerated()
        {
            _ = try await client.ask("ZADD", Self.base + ".j", score, member)
        }
        let chords = try #require(try server.backend(codec: codec).chords)
        try await start(chords, 3)
        guard case .complete(let claim)? = try await count(chords, part(2, "c")) else { throw CheckFailure("no claim") }
        #expect(claim.members.map(\.taskID) == ["a", "b", "c"])
        #expect(claim.members.map(\.state) == [.failure, .success, .success])
        #expect(try claim.members[0].value.value() == ["exc_type": "KeyError"])
        // Without leave to read it.
        let strict = try #require(try server.backend().chords)
        let error = await #expect(throws: TransportError.self) { try await count(strict, part(2, "c")) }
        #expect(error?.message.contains("result_accept_content") == true)
    }

    @Test(arguments: [
        (["SET", ".s", "many"], ".s"), (["SET", ".t", "few"], ".t"), (["SET", ".j", "x"], ".*"),
        (["RPUSH", ".d", "x"], ".*"),
        (["HSET", ".c", "a", "b"], ".*"), (["ZADD", ".j", "1", "[1, 2"], ".j"),
        (["ZADD", ".j", "1", "[1, 2, 3]"], ".j"),
        (["ZADD", ".j", "1", "{}"], ".j"), (["SET", "", "[]"], ""), (["SET", "", "{\"a\": 1}"], ""),
    ])
    func `what cannot be counters is named`(_ command: [String], _ suffix: String) async throws {
        let server = try await TestServer()
        let (chords, client) = (try #require(try server.backend().chords), try server.client())
        try await start(chords, 1)
        var commands = RedisCommands()
        commands.add("DEL", Self.base + command[1])
        commands.add(
            "EVAL",
            "return redis.call(unpack(ARGV))",
            0,
            list: [command[0], Self.base + command[1]] + command[2...]
        )
        _ = try await client.send(commands)
        let error = await #expect(throws: TransportError.self) { try await count(chords, part(0, "a")) }
        #expect(error?.code == .misconfigured)
        #expect(error?.message.contains(Self.base + suffix) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("delete the key") == true, "\(error?.message ?? "")")
    }

    @Test func `options that are no time and no truth are refused`() async throws {
        let server = try await TestServer()
        let wrong: [CeleryObject] = [
            ["chord_claim_timeout": 0], ["chord_claim_timeout": "soon"], ["chord_claim_timeout": []],
            ["chord_claim_timeout": 1e9], ["result_chord_ordered": 1],
        ]
        for options in wrong {
            let error = #expect(throws: TransportError.self) { try server.backend(options: options) }
            #expect(error?.code == .misconfigured)
            #expect(error?.message.contains(options.keys[0]) == true)
        }
    }
}
#endif
