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

/// A result that Python stored.
struct GoldenResult: Sendable, CustomStringConvertible {
    var name: String
    var id: String
    var state: TaskState
    var bytes: [UInt8]

    var description: String { name }

    static let all: [GoldenResult] = {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/results-5.7.json")
        guard let data = try? Data(contentsOf: path),
            let value = try? JSONSerializer().decodeValue(Array(data), limits: .standard),
            case .array(let elements) = value
        else { return [] }
        return elements.compactMap(GoldenResult.init)
    }()

    private init?(_ value: CeleryValue) {
        guard case .object(let object) = value, case .string(let name)? = object["name"],
            case .string(let id)? = object["id"], case .string(let state)? = object["state"],
            case .string(let text)? = object["value"], let data = Data(base64Encoded: text)
        else { return nil }
        (self.name, self.id, self.state, bytes) = (name, id, TaskState(rawValue: state), Array(data))
    }
}

@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(3)))
struct StoredValueTests {
    private static let codec = WireCodec(acceptContent: ["json", "msgpack"])

    @Test func `what Python stored is read, whichever serializer and compression`() async throws {
        #expect(GoldenResult.all.count == 36)
        let server = try await TestServer()
        let (backend, client) = (try server.backend(codec: Self.codec), try server.client())
        for golden in GoldenResult.all {
            _ = try await client.ask("SET", "celery-task-meta-" + golden.id, golden.bytes)
            let found = try await backend.fetch([golden.id], timeout: .seconds(5))
            #expect(found[golden.id]?.taskID == golden.id, "\(golden)")
            #expect(found[golden.id]?.state == golden.state, "\(golden)")
            guard golden.state.isReady else { continue }
            #expect(try await backend.wait(for: golden.id, timeout: .seconds(5))?.state == golden.state, "\(golden)")
        }
    }

    @Test func `a state is told by the first bytes as by all of them`() throws {
        for golden in GoldenResult.all where golden.bytes.first != 0 {
            #expect(StoredStatus.state(golden.bytes) == golden.state, "\(golden)")
        }
        for text in ["", "{", #"{"status": "SUCC"#, #"{"task_id": "a"}"#, #"{"status": "A\u0042"}"#, "\u{0}cel"] {
            #expect(StoredStatus.state(Array(text.utf8)) == nil, "\(text)")
        }
        #expect(StoredStatus.state([0x81, 0xA6] + Array("status".utf8) + [0xA7, 0x53]) == nil)
    }

    @Test func `a SUCCESS of Python's is not overwritten, anything else is`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(codec: Self.codec), try server.client())
        for golden in GoldenResult.all {
            let key = "celery-task-meta-" + golden.id
            _ = try await client.ask("SET", key, golden.bytes)
            try await backend.store(golden.id, "MINE")
            let isKept = golden.state == .success
            #expect((try await client.ask("GET", key).bytes == golden.bytes) == isKept, "\(golden)")
        }
    }

    @Test(arguments: [
        (#"{"status":"SUCCESS"}"#, true),
        (#"{ "status" : "SUCCESS", "result": 1}"#, true),
        (#"{"task_id": "a", "result": {"status": "FAILURE"}, "status": "SUCCESS"}"#, true),
        (#"{"status":          "\#(String(repeating: "A", count: 60))"}"#, false),
        (#"{"status": "PROGRESS", "result": {"status": "SUCCESS"}}"#, false),
        (#"{"result": {"status": "SUCCESS"}, "status": "PROGRESS"}"#, false),
        (#"{"status": "SUCCESSFUL"}"#, false),
        (#"{"status": "SUCCESS""#, true),
        (#"{"result": "SUCCESS""#, false),
        ("", false), ("SUCCESS", false), ("\u{80}\u{5}", false),
    ])
    func `SUCCESS is told from what looks like it`(_ stored: String, _ isKept: Bool) async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        _ = try await client.ask("SET", "celery-task-meta-a", stored)
        try await backend.store("a", "MINE")
        #expect((try await client.ask("GET", "celery-task-meta-a").string == stored) == isKept)
    }

    /// As Python's pickle begins, with protocol 4 and with 2.
    private static func pickles(_ status: String) -> [[UInt8]] {
        let (key, value) = (Array("status".utf8), Array(status.utf8))
        let length = UInt8(value.count)
        return [
            [0x80, 4, 0x95, 0x99, 0, 0, 0, 0, 0, 0, 0, 0x7D, 0x94, 0x28, 0x8C, 6] + key + [0x94, 0x8C, length] + value
                + [0x94, 0x75, 0x2E],
            [0x80, 2, 0x7D, 0x71, 0, 0x28, 0x58, 6, 0, 0, 0] + key + [0x71, 1, 0x58, length, 0, 0, 0] + value
                + [0x71, 2, 0x75, 0x2E],
        ]
    }

    /// Values of other fleets, and our own, in everything but plain JSON and msgpack.
    private static func others(_ state: TaskState) throws -> [[UInt8]] {
        var values = pickles(state.rawValue)
        for serializer in ["json", "msgpack"] {
            var codec = WireCodec()
            (codec.resultSerializer, codec.resultCompression) = (serializer, "zlib")
            values.append(try codec.encodeStored(TaskMeta(taskID: "a", state: state)))
        }
        return values
    }

    @Test func `a SUCCESS stays in whatever form, also before what is stored in a transaction`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        let key = "celery-task-meta-a"
        let failure = try backend.encode([StoredResult(TaskMeta(taskID: "a", state: .failure), expires: nil)])
        let success = try backend.encode([StoredResult(TaskMeta(taskID: "a", state: .success), expires: nil)])
        func transact(_ results: [ResultCommands.Encoded], _ verdicts: [ResultVerdict]) async throws -> [UInt8]? {
            var commands = RedisCommands()
            commands.add("MULTI")
            ResultCommands.append(results, to: &commands, verdicts: verdicts)
            commands.add("EXEC")
            _ = try await client.send(commands)
            return try await client.ask("GET", key).bytes
        }
        for (state, isKept) in [(TaskState.success, true), (.retry, false)] {
            for value in try Self.others(state) {
                _ = try await client.ask("SET", key, value)
                try await backend.store("a", .failure)
                #expect((try await client.ask("GET", key).bytes == value) == isKept)
                _ = try await client.ask("SET", key, value)
                let verdicts = try await backend.verdicts(before: failure, timeout: .seconds(5))
                #expect((try await transact(failure, verdicts) == value) == isKept)
            }
        }
        // What comes in between is spared by a failure, and gives way to a success.
        let (theirs, none) = (try Self.others(.success)[2], try await client.ask("DEL", key))
        #expect(none == .int(1))
        for (results, isKept) in [(failure, true), (success, false)] {
            _ = try await client.ask("SET", key, try Self.others(.retry)[2])
            let verdicts = try await backend.verdicts(before: results, timeout: .seconds(5))
            _ = try await client.ask("SET", key, theirs)
            #expect((try await transact(results, verdicts) == theirs) == isKept)
        }
    }

    @Test func `a key that holds something else gives way`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        _ = try await client.ask("LPUSH", "celery-task-meta-a", "x")
        #expect(try await backend.state("a") == nil)
        try await backend.store("a", .success)
        #expect(try await backend.state("a") == .success)
    }

    @Test(arguments: [
        ("\u{1}\u{2}", "forget it"), (#"{"status": "FAILURE", "result": "#, "forget it"),
        ("children: []\nstatus: SUCCESS\n", "register the serializer"),
        ("~msgpack", "result_accept_content"), ("\0celery-compressed\0application/zip\0x", "register the serializer"),
    ])
    func `what cannot be read is an error that names task, server and way out`(
        _ stored: String,
        _ advice: String
    ) async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        let msgpack = GoldenResult.all.first { $0.name.contains("msgpack") }?.bytes ?? []
        let bytes = stored == "~msgpack" ? msgpack : Array(stored.utf8)
        _ = try await client.ask("SET", "celery-task-meta-a", bytes)
        let fetched = await #expect(throws: TransportError.self) { try await backend.state("a") }
        let waited = await #expect(throws: TransportError.self) {
            try await backend.wait(for: "a", timeout: .seconds(60))
        }
        for error in [fetched, waited] {
            for part in ["task a", server.socket, advice] {
                #expect(error?.message.contains(part) == true, "\(String(describing: error)) lacks \(part)")
            }
        }
    }
}
#endif
