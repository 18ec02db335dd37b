//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Foundation
import ServiceTestSupport
import Testing

@testable import CeleryRedis

/// Servers that cannot serve for the moment: the caller is told why, and once they can everything goes on.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct UnreadyServerTests {
    private static let loading = "LOADING Redis is loading the dataset in memory"
    private static let full = "ERR max number of clients reached"

    /// What a server says, and the words that a caller reads.
    private static let cases: [(RefusingRelay.Refusal, String)] = [
        (.always(loading), "it is reading its data from disk"),
        (.afterHandshake(loading), "it is reading its data from disk"),
        (.once(full), "it has no room for another connection"),
        (.unasked(full), "it has no room for another connection"),
    ]

    private func withRelay(_ body: (RefusingRelay, RedisServer) async throws -> Void) async throws {
        try await RedisServer.with { server in
            let relay = try RefusingRelay(to: server.port)
            defer { relay.end() }
            try await body(relay, server)
        }
    }

    /// What a call that has half a second is told. One whose time ends while an attempt is just under way hears of that instead, and
    /// is made again.
    private func reason(_ call: () async throws -> Void) async throws -> TransportError {
        try await waited(for: "the reason of a refusal") { () -> TransportError? in
            do {
                try await call()
                throw ServiceError("nothing was refused")
            } catch let error as TransportError {
                return error.code == .timedOut ? nil : error
            }
        }
    }

    @Test(arguments: cases)
    func `what a server that is not ready says is passed on in time, and who waits longer is served once, when it is`(
        _ refusal: RefusingRelay.Refusal,
        _ words: String
    ) async throws {
        try await withRelay { relay, _ in
            relay.refuse(refusal)
            let place = try await RedisPlace(relay.url)
            let error = try await reason {
                try await place.transport.publish([place.message("refused")], timeout: .milliseconds(500))
            }
            #expect(error.code == .unavailable && error.message.contains(words), "\(error)")
            // It gave its reason: there is nothing to guess.
            #expect(!error.message.contains("TLS"))
            let before = relay.refused
            let waiting = Task {
                try await place.transport.publish([place.message("patient")], timeout: .seconds(30))
            }
            try await eventually("another refusal") { relay.refused > before }
            relay.admit()
            try await waiting.value
            #expect(try await place.ready() == 1)
            await place.end()
        }
    }

    @Test func `a consumer whose server comes back and is still loading goes on in its epoch`() async throws {
        try await withRelay { relay, server in
            let sender = try await RedisPlace(server.url(), prefix: "")
            let place = try await RedisPlace(relay.url, prefix: "")
            let consumer = try await place.consumer(lease: .seconds(30))
            try await sender.publish(["held"])
            let held = try await consumer.receive(upTo: 1)
            #expect(held.map(\.id) == ["held"])

            relay.refuse(.afterHandshake(Self.loading))
            relay.cut()
            try await eventually("a refusal") { relay.refused > 2 }
            await #expect(throws: TransportError.self) { try await consumer.receive(upTo: 1) }
            try await sender.publish(["later"])
            relay.admit()

            let later = try await consumer.receiveWhenReachable(upTo: 1)
            #expect(later.map(\.id) == ["later"])
            try await consumer.settle((held + later).map { Settlement($0.tag, .acknowledge) })
            try await consumer.close()
            #expect(try await sender.transport.status(of: ["q"]) == [QueueStatus(name: "q")])
            await place.end()
            await sender.end()
        }
    }

    @Test func `a server without room for another connection is an outage, until others leave`() async throws {
        try await RedisServer.with(RedisServerOptions(directives: [("maxclients", "8")])) { server in
            let place = try await RedisPlace(server.url())
            // Those that it does not take any more it closes.
            var others = try (0..<9).map { _ in try LoopbackSocket.connection(to: server.port) }
            defer { for socket in others { close(socket) } }
            // One that has just ended may still be counted, and leave room in a moment.
            try await eventually("a server without room") {
                for _ in 0..<5 where (try? server.command("PING")) != nil {
                    others.append(try LoopbackSocket.connection(to: server.port))
                    return false
                }
                return true
            }
            let error = try await reason {
                try await place.transport.publish([place.message("refused")], timeout: .milliseconds(500))
            }
            #expect(error.code == .unavailable)
            let waiting = Task {
                try await place.transport.publish([place.message("patient")], timeout: .seconds(30))
            }
            // Their end is enough for the server, which holds the sockets open no longer than they do.
            for socket in others { shutdown(socket, Int32(SHUT_RDWR)) }
            try await waiting.value
            #expect(try await place.ready() == 1)
            await place.end()
        }
    }

    @Test func `a replica that lost its master and may not serve what it has says so, and serves when it may`()
        async throws
    {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            try await place.backend.store("a", .success)
            let nowhere = try LoopbackSocket.freePort()
            try server.command("CONFIG", "SET", "replica-serve-stale-data", "no")
            try server.command("REPLICAOF", "127.0.0.1", "\(nowhere)")
            let error = try await reason { _ = try await place.backend.fetch(["a"], timeout: .milliseconds(500)) }
            #expect(error.code == .unavailable && error.message.contains("a replica without its master"), "\(error)")
            let waiting = Task { try await place.backend.fetch(["a"], timeout: .seconds(30)) }
            try server.command("REPLICAOF", "NO", "ONE")
            let found = try await waiting.value
            #expect(found["a"]?.state == .success)
            await place.end()
        }
    }
}
#endif
