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

/// What is wrong with a server by its own account: no server needed.
struct ServerChecksTests {
    private func findings(_ lines: String...) -> [Finding] {
        ServerChecks.all(ServerFacts(info: "# Server\r\n" + lines.joined(separator: "\r\n") + "\r\n"))
    }

    @Test(arguments: [
        ("redis_version:6.0.16", ["old-server"]), ("redis_version:6.2.0", []), ("redis_version:7.0.15", []),
        ("redis_version:10.0.1", []), ("redis_version:5.0", ["old-server"]), ("redis_version:unstable", ["old-server"]),
        ("redis_version:7.2.4\r\nserver_name:valkey", []), ("redis_version:7.2.4\r\nvalkey_version:8.0.1", []),
        ("redis_version:7.4.0\r\ndragonfly_version:df-v1.25", ["other-server"]),
        ("redis_mode:cluster", ["cluster"]), ("redis_mode:sentinel", ["sentinel"]), ("redis_mode:standalone", []),
        ("role:slave\r\nmaster_host:h\r\nmaster_port:1", ["replica"]), ("role:master", []),
        ("maxmemory:0\r\nmaxmemory_policy:noeviction", []),
        ("maxmemory:0\r\nmaxmemory_policy:volatile-lru", ["eviction"]),
        ("maxmemory:100\r\nmaxmemory_policy:noeviction\r\nused_memory:89", []),
        ("maxmemory:100\r\nmaxmemory_policy:noeviction\r\nused_memory:90", ["memory"]),
        ("aof_last_write_status:err", ["disk"]), ("rdb_last_bgsave_status:ok", []), ("", []),
    ])
    func `what INFO says`(_ info: String, _ codes: [String]) {
        #expect(findings(info).map(\.code) == codes)
    }

    @Test func `eviction is serious once there is a limit`() {
        #expect(findings("maxmemory:0", "maxmemory_policy:allkeys-lru").first?.severity == .warning)
        let serious = findings("maxmemory:100000", "maxmemory_policy:allkeys-lru").first
        #expect(serious?.severity == .serious)
        #expect(serious?.found.contains("maxmemory-policy is allkeys-lru and maxmemory is 100000") == true)
        #expect(serious?.cure.contains("CONFIG SET maxmemory-policy noeviction") == true)
    }

    @Test(
        arguments: [
            (false, nil, "", Finding.Severity.warning, "all tasks are lost"),
            (false, nil, "3600 1", .warning, "save 3600 1"),
            (false, nil, nil, .warning, "at best there are snapshots"),
            (true, "no", nil, .warning, "appendfsync is no"),
            (true, "everysec", nil, .note, "the last second"),
        ] as [(Bool, String?, String?, Finding.Severity, String)]
    )
    func `what is left when the server dies`(
        _ appends: Bool,
        _ sync: String?,
        _ save: String?,
        _ severity: Finding.Severity,
        _ text: String
    ) throws {
        let findings = PersistenceChecks.findings(PersistenceChecks.Setup(appends: appends, sync: sync, save: save))
        let finding = try #require(findings.first)
        #expect(finding.severity == severity)
        #expect(finding.found.contains(text))
    }

    @Test func `what is written at once is not found fault with`() {
        #expect(PersistenceChecks.findings(PersistenceChecks.Setup(appends: true, sync: "always")).isEmpty)
    }

    @Test(arguments: [
        (-20, "20.0 s behind", Finding.Severity.serious), (-5, "5.0 s behind", .warning), (5, "5.0 s ahead", .warning),
        (11, "11.0 s ahead", .serious),
    ])
    func `a clock that is off`(_ seconds: Int, _ text: String, _ severity: Finding.Severity) throws {
        let now = Timestamp(microseconds: 1_700_000_000_000_000)
        let server = now.advanced(by: .seconds(seconds))
        let finding = try #require(ConnectionChecks.clock(server: server, between: now, and: now).first)
        #expect(finding.severity == severity)
        #expect(finding.found.contains(text), "\(finding.found)")
        let slow = (now.advanced(by: .seconds(-30)), now.advanced(by: .seconds(30)))
        #expect(ConnectionChecks.clock(server: server, between: slow.0, and: slow.1).isEmpty)
    }
}
#endif
