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
struct StoringTests {
    @Test(arguments: [
        (Duration.seconds(86400), Int64(86_400_000)), (.milliseconds(1500), 1500), (.microseconds(1_500_001), 1501),
    ])
    func `results expire when Python's would`(_ expires: Duration, _ milliseconds: Int64) async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        try await backend.store("a", .failure, expires: expires)
        let left = try #require(try await client.ask("PTTL", "celery-task-meta-a").int)
        #expect((milliseconds - 1000...milliseconds).contains(left))
        try await backend.store("a", .failure, expires: nil)
        #expect(try await client.ask("PTTL", "celery-task-meta-a").int == -1)
    }

    @Test func `lives are rounded up, and stay within what the server can count`() {
        let century: Int64 = 3_155_760_000_000
        let lives: [(Duration, Int64)] = [
            (.zero, 1), (.nanoseconds(1), 1), (.seconds(-5), 1), (.milliseconds(7), 7), (.microseconds(7001), 8),
            (.seconds(Int64.max), century), (.seconds(86400), 86_400_000),
        ]
        for (life, milliseconds) in lives { #expect(RedisResultKeys.milliseconds(life) == milliseconds, "\(life)") }
    }

    @Test(arguments: [
        (nil, ""), ("", ""), ("rpfx_", "rpfx_"), ("a:", "a:"), ("a-", "a-"), ("a.", "a."), ("app", "app_"),
    ])
    func `the prefix is put in front as Python does it`(_ setting: String?, _ prefix: String) throws {
        let options: CeleryObject = setting.map { ["global_keyprefix": .string($0)] } ?? [:]
        #expect(try RedisResultKeys.prefix(options) == prefix)
        #expect(throws: TransportError.self) { try RedisResultKeys.prefix(["global_keyprefix": 5]) }
    }

    @Test func `keys and channels bear the prefix, and other prefixes and databases see nothing`() async throws {
        let server = try await TestServer()
        let backend = try server.backend(database: 3, options: ["global_keyprefix": "app"])
        try await backend.store("a", .success)
        #expect(
            try await server.client(database: 3).ask("KEYS", "*").elements.map(\.string) == [
                "app_celery-task-meta-a"
            ]
        )
        for other in [try server.backend(database: 3), try server.backend(options: ["global_keyprefix": "app"])] {
            #expect(try await other.state("a") == nil)
            #expect(other.storeIdentity == backend.storeIdentity)
        }
    }

    @Test(arguments: [
        ("redis://h/0", "redis://h/1", true), ("redis://:pw@h/0", "redis://default:pw@h/0", true),
        ("redis://a:one@h/0", "redis://a:two@h/0", true), ("redis://a:pw@h/0", "redis://b:pw@h/0", false),
        ("redis://:pw@h/0", "redis://b:pw@h/0", false),
    ])
    func `one server is two stores to two users`(_ broker: String, _ results: String, _ isOne: Bool) async throws {
        let (first, second) = (try await RedisPlace(broker), try await RedisPlace(results))
        #expect((first.transport.storeIdentity == second.backend.storeIdentity) == isOne)
        await first.end()
        await second.end()
    }

    @Test func `every state is announced with the bytes that are stored`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(options: ["global_keyprefix": "p:"]), try server.client())
        let heard = try await Listener(server, "p:celery-task-meta-a")
        var stored: [[UInt8]] = []
        for state in [TaskState.started, "PROGRESS", .retry, .success] {
            try await backend.store("a", state)
            stored.append(try #require(try await client.ask("GET", "p:celery-task-meta-a").bytes))
        }
        // Not stored, so not announced.
        try await backend.store("a", .failure)
        try await backend.store([.init(TaskMeta(taskID: "b", state: .success), expires: nil)], timeout: .seconds(5))
        _ = try await client.ask("PUBLISH", "p:celery-task-meta-a", "end")
        #expect(try await heard.take(5) == stored + [Array("end".utf8)])
    }

    @Test func `of a SUCCESS and failures stored at the same time the SUCCESS stays`() async throws {
        let server = try await TestServer()
        let backends = try (0..<4).map { _ in try server.backend() }
        let ids = (0..<300).map { "r\($0)" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, backend) in backends.enumerated() {
                group.addTask {
                    for id in ids { try await backend.store(id, number == 2 ? .success : .failure) }
                }
            }
            try await group.waitForAll()
        }
        let found = try await backends[0].fetch(ids, timeout: .seconds(5))
        #expect(ids.allSatisfy { found[$0]?.state == .success })
    }

    @Test func `scripts are sent by their digest, and whole when the server forgot them`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        for script in [
            RedisScript.storeResults, .unclearResults, .countChordPart, .finishChord, .endChord, .startChord,
            .extendChord,
            RedisScripts.take,
        ] {
            #expect(try await client.ask("SCRIPT", "LOAD", script.text).string == script.digest)
        }
        try await backend.store("a", .success)
        _ = try await client.ask("SCRIPT", "FLUSH")
        try await backend.store("b", .success)
        try await backend.store("c", .success)
        #expect(try await backend.fetch(["a", "b", "c"], timeout: .seconds(5)).count == 3)
        let statistics = try #require(try await client.ask("INFO", "commandstats").string)
        #expect(statistics.contains("cmdstat_eval:calls=1,"))
        #expect(statistics.contains("cmdstat_evalsha:calls=3,"))
        #expect(statistics.contains("failed_calls=1"))
    }

    @Test func `many results are fetched and forgotten a few hundred at a time`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        let ids = (0..<1200).map { "r\($0)" }
        let results = ids.map { StoredResult(TaskMeta(taskID: $0, state: .success), expires: nil) }
        try await backend.store(results, timeout: .seconds(20))
        let found = try await backend.fetch(["none"] + ids, timeout: .seconds(20))
        #expect(found.count == 1200)
        #expect(ids.allSatisfy { found[$0]?.taskID == $0 })
        try await backend.forget(ids)
        #expect(try await client.ask("DBSIZE").int == 0)
        let statistics = try #require(try await client.ask("INFO", "commandstats").string)
        #expect(statistics.contains("cmdstat_mget:calls=3,"))
        #expect(statistics.contains("cmdstat_del:calls=3,"))
    }

    @Test(arguments: [false, true])
    func `results are stored inside another's transaction`(_ sparesSuccess: Bool) async throws {
        let server = try await TestServer()
        let client = try server.client(database: 1)
        let backend = try server.backend(database: 2)
        try await backend.store("b", .success)
        var commands = RedisCommands()
        commands.add("MULTI")
        let results: [(id: String, expires: Duration?)] = [
            ("a", .seconds(60)), ("b", .milliseconds(60500)), ("c", nil),
        ]
        let encoded = try backend.encode(
            results.map { StoredResult(TaskMeta(taskID: $0.id, state: .failure), expires: $0.expires) }
        )
        ResultCommands.append(
            encoded,
            to: &commands,
            database: .init(results: 2, back: 1),
            verdicts: sparesSuccess ? try await backend.verdicts(before: encoded, timeout: .seconds(5)) : nil
        )
        ResultCommands.append([], to: &commands, verdicts: nil)
        commands.add("SET", "own", "1")
        commands.add("EXEC")
        let replies = try await client.send(commands)
        #expect(replies.count == commands.count)
        #expect(replies.last?.elements.count == commands.count - 2)
        #expect(try await backend.state("a") == .failure)
        #expect(try await backend.state("b") == (sparesSuccess ? .success : .failure))
        let other = try server.client(database: 2)
        #expect(try await other.ask("TTL", "celery-task-meta-a").int ?? 0 > 50)
        #expect(try await other.ask("PTTL", "celery-task-meta-b").int ?? 0 > 50000)
        #expect(try await other.ask("TTL", "celery-task-meta-c").int == -1)
        #expect(try await client.ask("KEYS", "*").elements.map(\.string) == ["own"])
    }

    @Test func `a server that is not there is an error in time`() async throws {
        let server = try await TestServer()
        let backend = try server.backend()
        await server.server.kill()
        let start = ContinuousClock.now
        let stored = await #expect(throws: TransportError.self) {
            try await backend.store(
                [.init(TaskMeta(taskID: "a", state: .success), expires: nil)],
                timeout: .milliseconds(200)
            )
        }
        let fetched = await #expect(throws: TransportError.self) {
            try await backend.fetch(["a"], timeout: .milliseconds(200))
        }
        #expect(stored?.code == .unavailable && fetched?.code == .unavailable)
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}
#endif
