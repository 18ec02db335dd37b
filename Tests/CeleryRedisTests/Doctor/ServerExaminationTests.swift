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

/// Real servers that are set up wrongly, and one that is not.
@Suite(
    .enabled(if: RedisServer.isAvailable, Comment(rawValue: RedisServer.absence)),
    .serialized,
    .timeLimit(.minutes(2))
)
struct ServerExaminationTests {
    private func findings(
        _ options: RedisServerOptions,
        url: (RedisServer) -> String = { $0.url() },
        time: any TimeSource = SystemTime()
    ) async throws -> [String: Finding] {
        try await RedisServer.with(options) { server in
            let patient = try Patient(server, url: url(server), time: time)
            let findings = try await patient.look(repair: true)
            await patient.transport.shutdown()
            return Dictionary(findings.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }

    @Test func `nothing is found at a server that is in order, also while workers use it`() async throws {
        try await Patient.with { patient in
            #expect(try await patient.look() == [])
            let consumer = try await patient.consumer()
            try await patient.transport.declare(
                Topology([Queue("q", exchange: Exchange("x", .topic), routingKey: "a.#")])
            )
            let later = patient.envelope("later")
            _ = try patient.server.command("LPUSH", "q", later)
            #expect(try await consumer.receive(upTo: 1).count == 1)
            #expect(try await patient.look(repair: true) == [])
            try await consumer.close()
            #expect(try patient.ids() == ["later"])
        }
    }

    @Test func `it evicts, and keeps nothing`() async throws {
        let found = try await findings(
            RedisServerOptions(maxMemory: "100mb", directives: [("maxmemory-policy", "allkeys-lru")])
        )
        #expect(found["eviction"]?.severity == .serious)
        #expect(found["eviction"]?.cure.contains("noeviction") == true)
        #expect(found["persistence"]?.severity == .warning)
        #expect(found["persistence"]?.found.contains("all tasks are lost") == true)
        #expect(found["persistence"]?.isRepairable == false)
    }

    @Test func `it is full`() async throws {
        let found = try await findings(RedisServerOptions(appendOnly: .always, maxMemory: "512kb"))
        #expect(found["memory"]?.found.contains("of maxmemory 524288 bytes") == true)
        #expect(found["no-writes"]?.severity == .serious)
        #expect(found["no-writes"]?.found.contains("maxmemory") == true)
    }

    @Test func `it is a replica`() async throws {
        try await RedisServer.with(RedisServerOptions(appendOnly: .always)) { master in
            _ = try master.command("LPUSH", "q", "garbage")
            _ = try master.command("SADD", "_swift.queues", "q")
            try await RedisServer.with(RedisServerOptions(appendOnly: .always, replicaOf: master.port)) { replica in
                _ = try await waited(for: "replication") {
                    try replica.command("EXISTS", "_swift.queues").number == 1 ? true : nil
                }
                let patient = try Patient(replica)
                let found = try await patient.look(repair: true)
                let role = try #require(found.first { $0.code == "replica" })
                #expect(role.severity == .serious)
                #expect(role.found.contains("127.0.0.1:\(master.port)"))
                #expect(role.cure.contains("name the master"))
                #expect(found.first { $0.code == "no-message" }?.isRepaired == false)
                await patient.transport.shutdown()
            }
        }
    }

    @Test func `it is a cluster, wants a password, or is not there`() async throws {
        let cluster = try await findings(RedisServerOptions(directives: [("cluster-enabled", "yes")]))
        #expect(cluster["unreachable"]?.found.contains("is a cluster") == true)
        let locked = try await findings(RedisServerOptions(password: "hunter2")) { "redis://127.0.0.1:\($0.port)/0" }
        #expect(locked["unreachable"]?.found.contains("asks for a password") == true)
        #expect(locked["unreachable"]?.cure.contains("broker_url") == true)
        let gone = try await findings(RedisServerOptions(), url: { _ in "redis://:hunter2@127.0.0.1:1/0" })
        #expect(gone["unreachable"]?.severity == .serious)
        #expect(gone["unreachable"]?.found.contains("hunter2") == false)
        #expect(gone.count == 1)
    }

    @Test func `its clock is not ours`() async throws {
        let options = RedisServerOptions(appendOnly: .always)
        let slow = try await findings(options, time: ShiftedTime(shift: .seconds(4)))
        #expect(slow["clock-skew"]?.severity == .warning)
        #expect(slow["clock-skew"]?.found.contains("behind this machine's") == true)
        #expect(slow["clock-skew"]?.cure.contains("NTP") == true)
        let fast = try await findings(options, time: ShiftedTime(shift: .seconds(-60)))
        #expect(fast["clock-skew"]?.severity == .serious)
    }

    @Test func `a user who may look but not write`() async throws {
        let options = RedisServerOptions(appendOnly: .always, users: ["reader on >pw ~* &* +@all -@write"])
        let found = try await findings(options) { "redis://reader:pw@127.0.0.1:\($0.port)/0" }
        #expect(found["access"]?.severity == .serious)
        #expect(found["access"]?.found.contains("lpush") == true)
        #expect(found["access"]?.cure.contains("ACL SETUSER") == true)
    }

    @Test(arguments: ["-watch", "-multi", "-psubscribe", "-evalsha", "-mget"])
    func `what only some of the work needs is missed as well`(_ rule: String) async throws {
        let options = RedisServerOptions(appendOnly: .always, users: ["worker on >pw ~* &* +@all \(rule)"])
        let found = try await findings(options) { "redis://worker:pw@127.0.0.1:\($0.port)/0" }
        #expect(found["access"]?.severity == .serious)
        #expect(found["access"]?.found.contains(rule.dropFirst()) == true, "\(found)")
    }

    @Test func `a user with the rights that are named as the cure lacks nothing`() async throws {
        let rights = try #require(PermissionChecks.cure.firstRange(of: "~*"))
        let rules = PermissionChecks.cure[rights.lowerBound...].prefix { $0 != "," }
        let options = RedisServerOptions(appendOnly: .always, users: ["worker on >pw \(rules)"])
        let found = try await findings(options) { "redis://worker:pw@127.0.0.1:\($0.port)/0" }
        #expect(Set(found.keys).isSubset(of: ["not-permitted"]), "\(found)")
    }

    @Test(.enabled(if: RedisServer.isModern, "\(RedisServer.isOld)"))
    func `a user who may work but not look is told what was not checked`() async throws {
        let rules = "worker on >pw ~* &* +@all -@admin -@dangerous -client|tracking"
        let options = RedisServerOptions(appendOnly: .always, users: [rules])
        let found = try await findings(options) { "redis://worker:pw@127.0.0.1:\($0.port)/0" }
        #expect(Set(found.keys) == ["not-permitted", "no-tracking", "no-waiting-fetch"])
        #expect(found["not-permitted"]?.severity == .note)
        #expect(found["not-permitted"]?.found.contains("\"server\"") == true)
        #expect(found["no-tracking"]?.severity == .note)
        #expect(found["no-tracking"]?.found.contains("every 5 to 200 ms") == true)
    }

    @Test func `where hardly anything is allowed every check says so, and none fails`() async throws {
        let options = RedisServerOptions(users: [
            "nobody on >pw ~none resetchannels &none -@all +hello +client +ping +select"
        ])
        let found = try await findings(options) { "redis://nobody:pw@127.0.0.1:\($0.port)/0" }
        #expect(Set(found.keys) == ["not-permitted", "access"])
    }

    @Test func `sentinels that know no such master`() async throws {
        let found = try await RedisServer.with { server in
            let patient = try Patient(
                server,
                url: "sentinel://127.0.0.1:\(server.port)/0",
                options: ["master_name": "tasks"]
            )
            let findings = try await patient.look()
            await patient.transport.shutdown()
            return findings
        }
        #expect(found.map(\.code) == ["unreachable"])
    }
}
#endif
