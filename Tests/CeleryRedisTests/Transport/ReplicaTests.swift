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

/// What is asked of replicas, and a server that has forgotten the last moments, as a replica may that becomes the master.
@Suite(.enabled(if: RedisServer.isAvailable, "\(RedisServer.absence)"), .timeLimit(.minutes(2)))
struct ReplicaTests {
    @Test
    func `publishing that waits for replicas succeeds once they have the message, and fails in time when they do not`()
        async throws
    {
        let options = RedisServerOptions(directives: [("repl-diskless-sync-delay", "0")])
        try await RedisServer.with(options) { master in
            let options: CeleryObject = ["wait_for_replicas": 1, "wait_for_replicas_timeout": 0.5]
            let place = try await RedisPlace(master.url(), options: options)
            let error = await #expect(throws: TransportError.self) { try await place.publish(["alone"]) }
            #expect(error?.code == .timedOut)
            #expect(error?.message.contains("0 of 1 replicas") == true)
            try await RedisServer.with(RedisServerOptions(replicaOf: master.port)) { replica in
                try await eventually("a replica that has all") { (try? await place.publish(["sent"])) != nil }
                // With time enough for a busy machine.
                let patience: CeleryObject = ["wait_for_replicas": 1, "wait_for_replicas_timeout": 30]
                let patient = try await RedisPlace(master.url(), options: patience)
                try await patient.publish(["one", "two"])
                let list = "\(patient.prefix)q"
                #expect(try replica.command("LLEN", list).number == 2)
                #expect(try master.command("LLEN", list).number == 2)
                await patient.end()
            }
            await place.end()
        }
    }

    @Test func `a server that becomes a replica while its own are waited for is an outage, not a mistake`() async throws
    {
        try await RedisServer.with { other in
            try await RedisServer.with { master in
                let options: CeleryObject = ["wait_for_replicas": 1, "wait_for_replicas_timeout": 60]
                let place = try await RedisPlace(master.url(), options: options)
                let message = place.message("a")
                let sending = Task { try await place.transport.publish([message], timeout: .seconds(90)) }
                try await eventually("a client that waits") {
                    try master.command("INFO", "clients").text?.contains("blocked_clients:1") == true
                }
                try master.command("REPLICAOF", "127.0.0.1", "\(other.port)")
                let error = await #expect(throws: TransportError.self) { try await sending.value }
                #expect(error?.code == .unavailable, "\(String(describing: error))")
                await place.end()
            }
        }
    }

    @Test(arguments: [.string("one"), -1, true] as [CeleryValue])
    func `a number of replicas that is none is refused`(_ value: CeleryValue) async throws {
        let error = await #expect(throws: TransportError.self) {
            _ = try await RedisPlace(options: ["wait_for_replicas": value])
        }
        #expect(error?.code == .misconfigured)
    }

    @Test func `an epoch whose server has forgotten its last rounds ends, and loses nothing`() async throws {
        try await RedisServer.with { server in
            let place = try await RedisPlace(server.url(), prefix: "")
            let consumer = try await place.consumer(lease: .seconds(1))
            try await place.publish(["a", "b"])
            let first = try await consumer.receive(upTo: 1)
            try await consumer.begin(first.map { BeginMark($0.tag, .late) })
            let before = try snapshot(server)
            try await consumer.settle(first.map { Settlement($0.tag, .acknowledge) })
            #expect(try await consumer.receive(upTo: 1).map(\.id) == ["b"])
            // The server as it was before the settlement, as a replica has it that did not get that.
            try restore(before, server)
            let error = await #expect(throws: TransportError.self) {
                _ = try await consumer.receiveWhenReachable(upTo: 1)
            }
            #expect(error?.code == .epochLost)
            let heir = try await place.consumer(lease: .seconds(1))
            var seen: [String] = []
            while seen.count < 2 { seen += try await heir.receive(upTo: 2).map(\.id) }
            #expect(seen.sorted() == ["a", "b"])
            await place.end()
        }
    }

    /// Every key and its value, as the server writes it.
    private func snapshot(_ server: RedisServer) throws -> [(key: String, value: [UInt8])] {
        try server.command("KEYS", "*").texts
            .compactMap { key in
                if case .bytes(let value) = try server.command("DUMP", key) { (key, value) } else { nil }
            }
    }

    private func restore(_ values: [(key: String, value: [UInt8])], _ server: RedisServer) throws {
        var probe = try RedisProbe(path: server.socketPath)
        _ = try probe.command(["MULTI"])
        _ = try probe.command(["FLUSHALL"])
        for (key, value) in values {
            _ = try probe.command([Array("RESTORE".utf8), Array(key.utf8), Array("0".utf8), value])
        }
        _ = try probe.command(["EXEC"])
        _ = try probe.command(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
    }
}
#endif
