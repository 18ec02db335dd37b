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
struct WaitingTests {
    @Test func `a waiter subscribes to one channel, and leaves it when nobody waits any more`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        let channel = "celery-task-meta-a"
        async let first = backend.wait(for: "a", timeout: .seconds(60))
        let second = Task { try await backend.wait(for: "a", timeout: .seconds(60)) }
        try await eventually("the subscription") { try await client.subscribers(of: channel) == 1 }
        second.cancel()
        await #expect(throws: TransportError.self) { try await second.value }
        #expect(try await client.subscribers(of: channel) == 1)
        try await backend.store("a", .success)
        #expect(try await first?.state == .success)
        try await eventually("the end of the subscription") { try await client.subscribers(of: channel) == 0 }
        // Anew, over the same connection.
        async let third = backend.wait(for: "b", timeout: .seconds(60))
        try await eventually("the subscription") { try await client.subscribers(of: "celery-task-meta-b") == 1 }
        try await backend.store("b", .failure)
        #expect(try await third?.state == .failure)
    }

    @Test func `a result that is stored while a waiter comes is not missed`() async throws {
        let server = try await TestServer()
        let (waiting, storing) = (try server.backend(), try server.backend())
        let ids = (0..<500).map { "m\($0)" }
        try await withThrowingTaskGroup(of: TaskState?.self) { group in
            for id in ids {
                group.addTask { try await waiting.wait(for: id, timeout: .seconds(60))?.state }
                group.addTask {
                    try await storing.store(id, .success)
                    return .success
                }
            }
            for try await state in group { #expect(state == .success) }
        }
    }

    @Test func `waiting survives its connection`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        let ids = (0..<50).map { "k\($0)" }
        let waiting = Task { try await Self.wait(for: ids, backend) }
        try await eventually("the subscription") { try await client.subscribers(of: "celery-task-meta-k49") == 1 }
        // All but one are stored when nobody can hear it, some right behind the end of the connection.
        for id in ids.dropLast() {
            if id.hasSuffix("0") { _ = try await client.ask("CLIENT", "KILL", "TYPE", "pubsub") }
            try await backend.store(id, .success)
        }
        try await eventually("the subscription") { try await client.subscribers(of: "celery-task-meta-k49") == 1 }
        try await backend.store("k49", .success)
        #expect(try await waiting.value.allSatisfy { $0 == .success })
    }

    @Test func `a connection that worked is made again without a long pause, however often it broke before`()
        async throws
    {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        let waiting = Task { try await backend.wait(for: "a", timeout: .seconds(60)) }
        let start = ContinuousClock.now
        for _ in 0..<15 {
            try await eventually("the subscription") { try await client.subscribers(of: "celery-task-meta-a") == 1 }
            _ = try await client.ask("CLIENT", "KILL", "TYPE", "pubsub")
        }
        // Pauses that went on doubling would be 10 s together.
        #expect(ContinuousClock.now - start < .seconds(6))
        try await backend.store("a", .success)
        #expect(try await waiting.value?.state == .success)
    }

    @Test func `waiting survives a restart of the server`() async throws {
        let server = try await TestServer(RedisServerOptions(appendOnly: .always))
        let (backend, client) = (try server.backend(), try server.client())
        let ids = (0..<50).map { "s\($0)" }
        let waiting = Task { try await Self.wait(for: ids, backend) }
        try await eventually("the subscription") { try await client.subscribers(of: "celery-task-meta-s49") == 1 }
        try await backend.store(ids[0], .success)
        try await server.server.restart()
        for id in ids.dropFirst() { try await Self.insist { try await backend.store(id, .failure) } }
        let states = try await waiting.value
        #expect(states.filter { $0 == .failure }.count == 49 && states.contains(.success))
    }

    @Test func `a server that never answers is an error at the deadline, one that went away is none`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        let seen = Task { try await backend.wait(for: "a", timeout: .seconds(2)) }
        try await eventually("the subscription") { try await client.subscribers(of: "celery-task-meta-a") == 1 }
        // The server counts it before its answer is here; who waits for the same result for a moment only has heard that.
        #expect(try await backend.wait(for: "a", timeout: .milliseconds(1)) == nil)
        await server.server.kill()
        let unseen = Task { try await backend.wait(for: "b", timeout: .milliseconds(300)) }
        let error = await #expect(throws: TransportError.self) { try await unseen.value }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains(server.socket) == true)
        #expect(try await seen.value == nil)
    }

    @Test func `a server that hangs is an error at the deadline, and heard again when it goes on`() async throws {
        let server = try await TestServer()
        let backend = try server.backend()
        try await backend.store("other", .success)
        let waiting = try await server.server.whileSuspended {
            let error = await #expect(throws: TransportError.self) {
                try await backend.wait(for: "a", timeout: .milliseconds(300))
            }
            #expect(error?.code == .unavailable)
            return Task { try await backend.wait(for: "a", timeout: .seconds(60)) }
        }
        try await backend.store("a", .success)
        #expect(try await waiting.value?.state == .success)
    }

    @Test func `a wrong password ends all waits at once`() async throws {
        let server = try await TestServer(RedisServerOptions(password: "secret"))
        let backend = try server.backend()
        let start = ContinuousClock.now
        let error = await #expect(throws: TransportError.self) {
            try await backend.wait(for: "a", timeout: .seconds(60))
        }
        #expect(error?.code == .misconfigured)
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test func `a user who may not subscribe is told so at once`() async throws {
        let server = try await TestServer(RedisServerOptions(users: ["default on nopass ~* +@all resetchannels"]))
        let backend = try server.backend()
        let error = await #expect(throws: TransportError.self) {
            try await backend.wait(for: "a", timeout: .seconds(60))
        }
        #expect(error?.code == .misconfigured)
    }

    @Test func `shutting down ends all waits as closed`() async throws {
        let server = try await TestServer()
        let (backend, client) = (try server.backend(), try server.client())
        let waiting = Task { try await backend.wait(for: "a", timeout: .seconds(60)) }
        try await eventually("the subscription") { try await client.subscribers(of: "celery-task-meta-a") == 1 }
        await backend.shutdown()
        let ended = await #expect(throws: TransportError.self) { try await waiting.value }
        let later = await #expect(throws: TransportError.self) {
            try await backend.wait(for: "a", timeout: .seconds(60))
        }
        #expect(ended?.code == .closed && ended?.cause == nil && later?.code == .closed)
    }

    @Test func `a connection that has gone silent is given up for a new one`() async throws {
        let server = try await TestServer()
        let backend = try server.backend(options: ["health_check_interval": 0.05, "socket_timeout": 0.2])
        let client = try server.client()
        let connection = {
            try await client.ask("CLIENT", "LIST").string?.split(separator: "\n")
                .first { $0.contains("name=celery-swift-results") }?
                .split(separator: " ").first
        }
        let waiting = Task { try await backend.wait(for: "a", timeout: .seconds(60)) }
        try await eventually("the subscription") { try await client.subscribers(of: "celery-task-meta-a") == 1 }
        let first = try await connection()
        _ = try await server.server.whileSuspended {
            // Long enough for a ping and its time-out.
            await #expect(throws: TransportError.self) { try await backend.wait(for: "b", timeout: .seconds(1)) }
        }
        try await eventually("a new connection") {
            let now = try await connection()
            let count = try await client.subscribers(of: "celery-task-meta-a")
            return now != nil && now != first && count == 1
        }
        try await backend.store("a", .success)
        #expect(try await waiting.value?.state == .success)
    }

    @Test func `ten thousand wait at once and leave nothing behind`() async throws {
        let server = try await TestServer()
        let (backend, storing, client) = (try server.backend(), try server.backend(), try server.client())
        let ids = (0..<10000).map { "w\($0)" }
        let waiting = Task { try await Self.wait(for: ids, backend) }
        try await eventually("all subscriptions") {
            try await client.ask("PUBSUB", "CHANNELS").elements.count == ids.count
        }
        for start in stride(from: 0, to: ids.count, by: 1000) {
            let results = ids[start..<start + 1000]
                .map { StoredResult(TaskMeta(taskID: $0, state: .success), expires: .seconds(60)) }
            try await storing.store(results, timeout: .seconds(20))
        }
        #expect(try await waiting.value.allSatisfy { $0 == .success })
        try await eventually("the end of all subscriptions") {
            try await client.ask("PUBSUB", "CHANNELS").elements.isEmpty
        }
    }

    private static func wait(for ids: [String], _ backend: RedisResultBackend) async throws -> [TaskState?] {
        try await withThrowingTaskGroup(of: TaskState?.self) { group in
            for id in ids { group.addTask { try await backend.wait(for: id, timeout: .seconds(60))?.state } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Tries again what the end of a connection may have interrupted.
    private static func insist(_ body: () async throws -> Void) async throws {
        try await eventually("a result to be stored") {
            do {
                try await body()
                return true
            } catch let error as TransportError where error.isTransient {
                return false
            }
        }
    }
}
#endif
