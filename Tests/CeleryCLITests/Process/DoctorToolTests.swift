//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

@Suite struct DoctorToolTests {
    @Test func aBrokerWithoutChecksIsReached() async throws {
        let outcome = try await ToolProcess.run(arguments: ["-b", "memory://", "doctor"])
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("no further checks for this broker"))
    }

    @Test func aWrongURLIsWrongUsage() async throws {
        let outcome = try await ToolProcess.run(arguments: ["-b", "redis://h/first", "doctor"])
        #expect(outcome.code == 64)
        #expect(outcome.errors.contains("the database \"first\""))
    }

    @Test func aBrokerThatIsNotThereIsSerious() async throws {
        let outcome = try await ToolProcess.run(arguments: ["-b", "redis://:hunter2@127.0.0.1:1/0", "doctor"])
        #expect(outcome.code == 1)
        #expect(outcome.output.contains("serious unreachable: "), "\(outcome.output)")
        #expect(outcome.output.contains("    cure: start the server"))
        #expect(outcome.errors == "")
        #expect(!outcome.output.contains("hunter2"))
    }
}

@Suite(.enabled(if: RedisServer.isAvailable, Comment(rawValue: RedisServer.absence)), .timeLimit(.minutes(2)))
struct DoctorRedisTests {
    private func doctor(_ server: RedisServer, _ arguments: String...) async throws -> ToolProcess.Outcome {
        try await ToolProcess.run(arguments: ["-b", server.url(), "doctor"] + arguments)
    }

    @Test func aHealthyServerGivesExitCodeZero() async throws {
        try await RedisServer.with(RedisServerOptions(appendOnly: .always)) { server in
            let outcome = try await doctor(server)
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(outcome.output == "\(server.url())\n\nNothing was found.\n")
            let json = try await doctor(server, "--json")
            #expect(json.code == 0)
            #expect(json.output.contains(#""serious": false, "findings": []"#), "\(json.output)")
        }
    }

    @Test func aWarningIsNotSerious() async throws {
        try await RedisServer.with { server in
            let outcome = try await doctor(server)
            #expect(outcome.code == 0)
            #expect(outcome.output.contains("warning persistence: appendonly is no"), "\(outcome.output)")
            #expect(outcome.output.hasSuffix("0 serious, 1 warning, 0 notes.\n"))
        }
    }

    @Test func aSeriousFindingGivesExitCodeOneUntilItIsRepaired() async throws {
        try await RedisServer.with(RedisServerOptions(appendOnly: .always)) { server in
            try server.command("SADD", "_swift.queues", "q")
            try server.command("LPUSH", "q", "garbage")
            let sick = try await doctor(server)
            #expect(sick.code == 1)
            #expect(
                sick.output.contains("serious no-message: 1 of 1 message looked at in q cannot be read"),
                "\(sick.output)"
            )
            #expect(sick.output.contains("    cure: doctor --repair sets them aside"))
            #expect(sick.output.contains("1 can be repaired with --repair"))
            #expect(sick.errors == "")
            let json = try await doctor(server, "--json")
            #expect(json.code == 1)
            #expect(json.output.contains(#""code": "no-message""#))
            let repaired = try await doctor(server, "--repair")
            #expect(repaired.code == 0)
            #expect(repaired.output.contains("repaired no-message"))
            let after = try await doctor(server)
            #expect(after.code == 0)
            #expect(after.output.contains("note dead-letters: 1 message was set aside"))
            let dead = try await ToolProcess.run(arguments: ["-b", server.url(), "dead"])
            #expect(dead.output.contains("malformed"))
        }
    }
}
