//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryCore
import CeleryWire
import Foundation
import ServiceTestSupport
import Testing

/// The options of `celery call` that say when, on the embedded broker.
@Suite("celery call: when", .serialized, .timeLimit(.minutes(5)))
struct CallTimeProcessTests {
    private let hour: Duration = .seconds(3600)

    @Test("--countdown: it waits for so long, while what came later runs, and then runs by itself")
    func countdown() async throws {
        let site = try CommandSite()
        try await site.withWorker { _ async throws in
            let start = ContinuousClock.now
            let later = try await site.call("clitest.add", "-a", "[1, 1]", "--countdown", "1.5")
            let never = try await site.call("clitest.add", "-a", "[0, 0]", "--countdown", "3600", "--queue", "far")
            #expect(try await site.value(of: site.call("clitest.add", "-a", "[2, 2]")) == "4")
            #expect(try await site.value(of: later) == "2")
            #expect(ContinuousClock.now - start >= .seconds(1.5))
            let far = try await site.postponed(in: "far")
            #expect(far.message.headers.id == never)
            #expect(far.message.headers.eta.flatMap { Timestamp(iso8601: $0) } == far.due)
            let wait = far.due.since(.now)
            #expect(wait > hour - .seconds(60) && wait <= hour, "\(wait)")
        }
    }

    @Test("--eta: not before that moment, in whatever zone it is written; one that has passed is at once")
    func eta() async throws {
        let site = try CommandSite()
        let far = try await site.call(
            "clitest.add",
            "-a",
            "[0, 0]",
            "--eta",
            "2999-01-02T05:04:05+02:00",
            "--queue",
            "far"
        )
        let postponed = try await site.postponed(in: "far")
        #expect(postponed.message.headers.id == far)
        #expect(postponed.due == Timestamp(iso8601: "2999-01-02T03:04:05+00:00"))
        let past = try await site.call("clitest.add", "-a", "[1, 2]", "--eta", "2001-02-03T04:05:06Z")
        let moment = Timestamp.now.advanced(by: .seconds(2))
        let soon = try await site.call("clitest.add", "-a", "[3, 4]", "--eta", moment.iso8601)
        try await site.withWorker { _ async throws in
            #expect(try await site.value(of: past) == "3")
            #expect(try await site.value(of: soon) == "7")
            #expect(Timestamp.now >= moment)
        }
    }

    @Test("--expires: past that time, in seconds or as a moment, it ends as REVOKED without having run")
    func expires() async throws {
        let site = try CommandSite()
        let seconds = try await site.call("clitest.nap", "-a", "[0]", "--expires", "0.001")
        let moment = try await site.call("clitest.nap", "-a", "[0]", "--expires", "2001-02-03T04:05:06+00:00")
        let inTime = try await site.call("clitest.add", "-a", "[2, 3]", "--expires", "3600")
        let limit = try await site.messages(in: "celery").last?.headers.expires.flatMap { Timestamp(iso8601: $0) }
        let left = try #require(limit).since(.now)
        #expect(left > hour - .seconds(60) && left <= hour, "\(left)")
        let worker = try await site.withWorker { _ async throws in
            #expect(try await site.value(of: inTime) == "5")
            for id in [seconds, moment] {
                let outcome = try await site.celery("result", id)
                #expect(outcome.code == 1 && outcome.output == "")
                #expect(outcome.errors == "Error: task \(id) was revoked: TaskRevokedError: expired\n")
            }
        }
        #expect(!worker.errors.contains("napping"))
    }
}
