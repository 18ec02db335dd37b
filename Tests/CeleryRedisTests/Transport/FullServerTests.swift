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

/// A server at its memory limit can be emptied, or it would stay full for ever.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct FullServerTests {
    /// Lowers the limit below what is in use.
    private func fill(_ server: RedisServer) throws {
        try server.command("CONFIG", "SET", "maxmemory", "1mb")
        #expect(throws: ServiceError.self) { try server.command("SET", "more", "x") }
    }

    private func refill(_ place: RedisPlace) async throws {
        let error = await #expect(throws: TransportError.self) { try await place.publish(["refused"]) }
        #expect(error?.code == .full)
    }

    private func result(_ id: String, _ value: CeleryValue = 5) -> StoredResult {
        let meta = TaskMeta(taskID: id, state: .success, outcome: .value(EncodedValue(value)))
        return StoredResult(meta, expires: .seconds(3600))
    }

    @Test(.enabled(if: RedisServer.isModern, "\(RedisServer.isOld)"))
    func `a full server is emptied, and nothing is lost`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            try await place.transport.declare(Topology([Queue("q")]))
            let ids = (0..<600).map { "task-\($0)" }
            try await place.publish(ids)
            let early = try await place.consumer()
            let first = try await early.receive(upTo: 10)
            try fill(server)
            // Also by who comes only now.
            let late = try await RedisPlace(server.url(), prefix: place.prefix)
            try await late.transport.declare(Topology([Queue("q")]))
            let consumer = try await late.consumer()
            var done = first.map(\.id)
            try await early.begin(first.map { BeginMark($0.tag, .early) })
            try await early.settle(
                first.map { Settlement($0.tag, .acknowledge, results: [result($0.id)]) }
            )
            while done.count < 600 {
                let batch = try await consumer.receive(upTo: 40)
                try await consumer.begin(batch.map { BeginMark($0.tag, .early) })
                let one = try #require(batch.first)
                if done.count == first.count {
                    // What it gives back is taken again.
                    try await consumer.settle([Settlement(one.tag, .requeue(Requeue(.back)))])
                } else {
                    try await consumer.settle([Settlement(one.tag, .acknowledge, results: [result(one.id)])])
                    done.append(one.id)
                }
                try await consumer.settle(
                    batch.dropFirst().map { Settlement($0.tag, .acknowledge, results: [result($0.id)]) }
                )
                done += batch.dropFirst().map(\.id)
            }
            #expect(done.count == 600 && Set(done) == Set(ids))
            #expect(try await place.backend.fetch(ids, timeout: .seconds(5)).count == 600)
            try await refill(place)
            // An emergency exit.
            try server.command("CONFIG", "SET", "maxmemory", "0")
            try await place.publish(["x", "y"], to: "other")
            try fill(server)
            #expect(try await place.transport.purge(["other"]) == 2)
            try server.command("CONFIG", "SET", "maxmemory", "0")
            #expect(try server.command("KEYS", "*.held").texts == [])
            #expect(try server.command("KEYS", "*.taken.*").texts == [])
            // As before.
            try await place.publish(["more"])
            let more = try await consumer.receive(upTo: 1)
            #expect(more.map(\.id) == ["more"])
            try await consumer.settle(more.map { Settlement($0.tag, .acknowledge) })
            try await consumer.close()
            try await early.close()
            await late.end()
            await place.end()
        }
    }

    @Test func `what is due on a full server is handed out, or it would stay full`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            let consumer = try await place.consumer()
            let due = Timestamp.now.advanced(by: .milliseconds(300))
            try await place.transport.publish(
                (0..<5).map { place.message("\($0)", notBefore: due) },
                timeout: .seconds(5)
            )
            try fill(server)
            var ids: [String] = []
            while ids.count < 5 {
                let batch = try await consumer.receive(upTo: 5)
                ids += batch.map(\.id)
                try await consumer.settle(batch.map { Settlement($0.tag, .acknowledge) })
            }
            #expect(ids.sorted() == (0..<5).map { "\($0)" })
            try await consumer.close()
            try server.command("CONFIG", "SET", "maxmemory", "0")
            await place.end()
        }
    }

    @Test(.enabled(if: RedisServer.isModern, "\(RedisServer.isOld)"))
    func `what would fill it further waits, and keeps nothing else from being let go`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            try await place.publish(["large", "small"])
            let consumer = try await place.consumer()
            var held: [Delivery] = []
            while held.count < 2 { held += try await consumer.receive(upTo: 2) }
            try fill(server)
            let text = CeleryValue.string(String(repeating: "x", count: 10000))
            let large = Settlement(held[0].tag, .acknowledge, results: [result("large", text)])
            let error = await #expect(throws: TransportError.self) { try await consumer.settle([large]) }
            #expect(error?.code == .full)
            try await consumer.settle([Settlement(held[1].tag, .acknowledge, results: [result("small")])])
            let dead = Settlement(held[0].tag, .deadLetter(DeadLetterReason("test", "test")))
            await #expect(throws: TransportError.self) { try await consumer.settle([dead]) }
            try server.command("CONFIG", "SET", "maxmemory", "0")
            try await eventually("room") {
                do { try await consumer.settle([large]) } catch { return false }
                return true
            }
            #expect(try await place.backend.fetch(["large", "small"], timeout: .seconds(5)).count == 2)
            try await consumer.close()
            await place.end()
        }
    }

    @Test(.enabled(if: RedisServer.isModern, "\(RedisServer.isOld)"))
    func `an end in good order gives back on a full server what is held`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url())
            try await place.publish(["a", "b", "c"])
            let consumer = try await place.consumer()
            var held: [Delivery] = []
            while held.count < 2 { held += try await consumer.receive(upTo: 2 - held.count) }
            try fill(server)
            try await consumer.close()
            #expect(try await place.ready() == 3)
            await place.end()
        }
    }
}
#endif
