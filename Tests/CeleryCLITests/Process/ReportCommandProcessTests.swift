//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

@testable import CeleryCLI

@Suite("celery report", .timeLimit(.minutes(2)))
struct ReportCommandProcessTests {
    /// What `--json` prints, as far as it is looked at.
    private struct Report: Decodable {
        struct Store: Decodable {
            var location: String
            var reachable: Bool
            var problem: String?
        }

        var software: [String: String]
        var app: String
        var broker: Store
        var tasks: [String]
    }

    @Test("It names versions, platform, app and how many tasks there are, in text and in JSON")
    func facts() async throws {
        let json = try await ToolProcess.run("CLITestApp", ["-b", "memory://", "report", "--json"])
        let report = try JSONDecoder().decode(Report.self, from: Data(json.output.utf8))
        #expect(json.code == 0 && report.app == "clitest")
        #expect(
            report.software
                == ["swift-celery": Version.current, "swift": Version.swift, "platform": Version.platform]
        )
        #expect(report.tasks.contains("clitest.add") && report.tasks == report.tasks.sorted())
        #expect(report.broker.reachable && report.broker.problem == nil)
        let text = try await ToolProcess.run("CLITestApp", ["-b", "memory://", "report"])
        let lines = text.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        for line in [
            "swift-celery \(Version.current)", "swift \(Version.swift)", "platform \(Version.platform)",
            "app clitest", "tasks \(report.tasks.count)",
        ] {
            #expect(lines.contains(line), "\(line)\n\(text.output)")
        }
    }

    @Test(
        "With a broker and no result backend all is well",
        .enabled(if: RedisServer.isAvailable, Comment(rawValue: RedisServer.absence))
    )
    func noBackend() async throws {
        try await RedisServer.with { (server: RedisServer) async throws -> Void in
            let text = try await ToolProcess.run("CLITestApp", ["-b", server.url(), "report"])
            #expect(text.code == 0, "\(text)")
            #expect(text.output.contains("\nresults       disabled://"), "\(text.output)")
        }
    }

    @Test("With a broker that is not there it ends with 69, and has said everything else")
    func unreachable() async throws {
        let environment = [
            "CELERY_BROKER_TRANSPORT_OPTIONS": #"{"socket_timeout": 2, "socket_connect_timeout": 2}"#,
            "CELERY_BROKER_TIMEOUT": "2",
        ]
        let globals = ["-b", "redis://:s3cret@127.0.0.1:1/0"]
        let text = try await ToolProcess.run("CLITestApp", globals + ["report"], environment: environment)
        #expect(text.code == 69, "\(text)")
        #expect(text.output.contains("\nswift         \(Version.swift)\n"))
        #expect(text.output.contains("cannot connect to Redis at 127.0.0.1:1"), "\(text.output)")
        #expect(!text.output.contains("s3cret") && !text.errors.contains("s3cret"))
        let json = try await ToolProcess.run("CLITestApp", globals + ["report", "--json"], environment: environment)
        let report = try JSONDecoder().decode(Report.self, from: Data(json.output.utf8))
        #expect(json.code == 69 && !report.broker.reachable && report.broker.problem?.isEmpty == false)
    }
}
