//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// `celery purge` and `celery list bindings` on the embedded broker.
@Suite("celery purge and list", .serialized, .timeLimit(.minutes(5)))
struct QueueCommandProcessTests {
    private static let settings = """
        {"task_queues": ["celery", "images", {"name": "films", "exchange": "media", "exchange_type": "topic",
         "routing_key": "film.#"}]}
        """

    /// A site with messages in two known queues and in one that is not configured.
    private func site() async throws -> CommandSite {
        let site = try CommandSite(settings: Self.settings)
        for queue in ["celery", "celery", "images", "other"] {
            try await site.call("clitest.add", "-a", "[1, 2]", "--queue", queue)
        }
        return site
    }

    @Test("purge -f deletes what waits in the configured queues; -Q only in those named, -X not in those")
    func purge() async throws {
        let site = try await site()
        let none = try await site.celery("purge", "-f", "-X", "celery,images")
        #expect(none.code == 0 && none.output.hasPrefix("No messages purged from 1 known task queue in "))
        #expect(none.output.hasSuffix("celery.sqlite.\n"), "\(none.output)")
        #expect(try await site.counts("celery", "images", "other") == [2, 1, 1])
        let excluding = try await site.celery("purge", "--force", "--exclude-queues", "images", "--json")
        #expect(excluding.output == #"{"queues": ["celery", "films"], "purged": 2}"# + "\n")
        #expect(try await site.counts("celery", "images", "other") == [0, 1, 1])
        let named = try await site.celery("purge", "-f", "-Q", "other,images", "-X", "images")
        #expect(named.code == 0 && named.output == "Purged 1 message from 1 known task queue.\n" && named.errors == "")
        #expect(try await site.counts("celery", "images", "other") == [0, 1, 0])
        try await site.call("clitest.add", "--countdown", "3600")
        let all = try await site.celery("purge", "-f")
        #expect(all.output == "Purged 2 messages from 3 known task queues.\n", "what waits for its time is deleted too")
        #expect(try await site.counts("celery", "images", "other") == [0, 0, 0])
    }

    @Test("purge leaves what a worker runs, which ends as if nothing had been")
    func held() async throws {
        let site = try CommandSite()
        try await site.withWorker { worker async throws in
            let nap = try await site.call("clitest.nap", "-a", "[1.5]")
            try await worker.prints("napping")
            #expect(try await site.celery("purge", "-f").code == 0)
            #expect(try await site.value(of: nap) == "rested")
        }
    }

    @Test("Without -f purge names the queues and asks; with no terminal, and on anything but a yes, nothing is deleted")
    func question() async throws {
        let site = try await site()
        for answer in ["", "no\n", "yes, why not\n"] {
            let refused = try await site.celery("purge", "-Q", "celery,images", input: answer)
            #expect(refused.code == 1 && refused.output == "")
            #expect(refused.errors.hasPrefix("WARNING: this deletes all tasks from: celery, images\n"))
            #expect(refused.errors.contains("celery.sqlite\n") && refused.errors.contains("There is no undo!"))
            #expect(refused.errors.hasSuffix("Delete all tasks? [yes/NO] Error: nothing was deleted\n"))
        }
        #expect(try await site.counts("celery", "images", "other") == [2, 1, 1])
        let agreed = try await site.celery("purge", "-Q", "celery", input: "YES\n")
        #expect(agreed.code == 0 && agreed.output == "Purged 2 messages from 1 known task queue.\n")
        #expect(try await site.counts("celery", "images", "other") == [0, 1, 1])
    }

    @Test("A broker without bindings is named on standard error, unless -q or --json is given; the table is as always")
    func noBindings() async throws {
        let site = try CommandSite()
        let table = try await site.celery("list", "bindings")
        #expect(table.code == 0 && table.output.hasPrefix("Queue  Exchange  Routing Key\n"))
        #expect(table.errors.hasPrefix("There are no bindings in ") && table.errors.hasSuffix("celery.sqlite.\n"))
        let json = try await site.celery("list", "bindings", "--json")
        #expect(json.output == "[]\n" && json.errors == "")
        let quiet = try await site.celery("-q", "list", "bindings")
        #expect(quiet.output == table.output && quiet.errors == "")
    }

    @Test(
        "list bindings has a row for each binding: every queue by its own name, and to its exchange; as a table and as JSON"
    )
    func bindings() async throws {
        let site = try CommandSite(settings: Self.settings)
        try await site.withWorker { _ async throws in
            let table = try await site.celery("list", "bindings")
            #expect(table.code == 0 && table.errors == "")
            let rows = table.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
            #expect(
                rows.filter { !$0.hasPrefix("---") } == [
                    "Queue Exchange Routing Key", "celery (default) celery", "celery celery(direct) celery",
                    "films (default) films", "films media(topic) film.#", "images (default) images",
                    "images images(direct) images",
                ],
                "\(table.output)"
            )
            let json = try await site.celery("list", "bindings", "--json")
            let list = try JSONDecoder().decode([[String: String]].self, from: Data(json.output.utf8))
            #expect(list.compactMap { $0["queue"] } == ["celery", "celery", "films", "films", "images", "images"])
            #expect(
                list.first { $0["exchange"] == "media" }
                    == ["queue": "films", "exchange": "media", "exchange_type": "topic", "routing_key": "film.#"]
            )
        }
    }
}
