//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Foundation
import ServiceTestSupport
import Testing

/// `celery dead` on the embedded broker.
@Suite("celery dead", .serialized, .timeLimit(.minutes(5)))
struct DeadCommandProcessTests {
    /// One of what `--json` prints.
    private struct Letter: Decodable {
        var number: Int
        var task: String?
        var id: String?
        var queue: String
        var reason: String
        var detail: String
        var deaths: Int
        var args: [String]?
        var message: String?
    }

    /// What `dead list --json` prints.
    private func letters(_ site: CommandSite, _ options: String...) async throws -> [Letter] {
        let outcome = try await site.start(["dead", "list", "--json"] + options).outcome()
        #expect(outcome.code == 0 && outcome.errors == "", "\(outcome)")
        return try JSONDecoder().decode([Letter].self, from: Data(outcome.output.utf8))
    }

    /// Waits until a task has failed, and with it its message has been set aside.
    private func fails(_ site: CommandSite, _ id: String, _ error: String) async throws {
        let outcome = try await site.celery("result", id)
        #expect(outcome.code == 1 && outcome.errors.contains(": \(error)"), "\(outcome)")
    }

    @Test("A task that nobody knew is listed and shown; replayed to a program that knows it, it runs under the same id")
    func unknown() async throws {
        let site = try CommandSite()
        let id = try await site.call("clitest.newer", "-a", #"["Ada"]"#)
        try await site.withWorker { _ async throws in try await fails(site, id, "NotRegistered") }
        let list = try await site.celery("dead", "list")
        let lines = list.output.split(separator: "\n")
        #expect(list.code == 0 && lines.count == 3 && lines.first?.hasPrefix("No") == true, "\(list)")
        #expect(lines.last?.contains("clitest.newer[\(id)]") == true && lines.last?.hasSuffix("unregistered") == true)
        #expect(try await site.celery("dead").output == list.output)
        let listed = try #require(try await letters(site).first)
        #expect(listed.id == id && listed.task == "clitest.newer" && listed.reason == "unregistered")
        #expect(listed.queue == "celery" && listed.deaths == 0 && listed.args == nil)

        let page = try await site.celery("dead", "show", id)
        #expect(page.code == 0 && page.output.contains("args:    ['Ada']\n"), "\(page)")
        #expect(page.output.contains("reason:  unregistered: \(listed.detail)\n"))
        let number = try await site.celery("dead", "show", "\(listed.number)", "--json")
        let shown = try JSONDecoder().decode(Letter.self, from: Data(number.output.utf8))
        #expect(shown.id == id && shown.args == ["Ada"] && shown.message?.contains(id) == true)

        let replayed = try await site.celery("dead", "replay", id)
        #expect(replayed.code == 0 && replayed.output == "Replayed 1 dead letter.\n" && replayed.errors == "")
        let none = try await site.celery("dead").output
        #expect(none.hasPrefix("There are no dead letters in ") && none.hasSuffix("celery.sqlite.\n"), "\(none)")
        try await site.withWorker(environment: ["CLI_TEST_NEWER": "1"]) { worker async throws in
            try await worker.prints("Task clitest.newer[\(id)] succeeded in")
        }
        #expect(try await site.value(of: id) == "hello Ada")
    }

    @Test("A task that was rejected is set aside with its reason, and again when nothing has changed; then it runs")
    func rejected() async throws {
        let site = try CommandSite()
        let id = try await site.call("clitest.gate", "-a", #"["open"]"#, "--queue", "gates")
        try await site.withWorker(["-Q", "gates"]) { worker async throws in
            try await worker.prints("clitest.gate[\(id)]", times: 2)
            #expect(try await eventually { try await letters(site).map(\.id) == [id] })
            let letter = try #require(try await letters(site).first)
            #expect(
                letter.reason == "rejected" && letter.detail.contains("the gate is shut") && letter.queue == "gates"
            )
            #expect(try await site.celery("dead", "replay", "\(letter.number)").code == 0)
            #expect(try await eventually { try await letters(site).first?.number ?? letter.number > letter.number })
            try site.directory.write("", to: "open")
            #expect(try await site.celery("dead", "replay", "--all").output == "Replayed 1 dead letter.\n")
            try await worker.prints("Task clitest.gate[\(id)] succeeded in")
        }
        #expect(try await site.value(of: id) == "through")
        #expect(try await letters(site).isEmpty)
    }

    @Test("list, replay and purge choose by --queue, --task, ids and numbers; --limit shows the newest")
    func choosing() async throws {
        let site = try CommandSite()
        var ids: [String] = []
        for (task, queue) in [("a", "x"), ("b", "x"), ("a", "y"), ("c", "y")] {
            ids.append(try await site.call("no.\(task)", "--queue", queue))
        }
        try await site.withWorker(["-Q", "x,y"]) { _ async throws in
            for id in ids { try await fails(site, id, "NotRegistered") }
        }
        #expect(Set(try await letters(site).map(\.id)) == Set(ids))
        #expect(Set(try await letters(site, "--queue", "x").map(\.id)) == Set(ids[0...1]))
        #expect(Set(try await letters(site, "-t", "no.a").map(\.id)) == [ids[0], ids[2]])
        #expect(try await letters(site, "-t", "no.a", "-Q", "y").map(\.id) == [ids[2]])
        let newest = try await site.celery("dead", "list", "--limit", "1")
        #expect(newest.output.split(separator: "\n").count == 3, "two lines of head")
        #expect(newest.errors == "These are the newest 1; --limit shows more.\n")
        #expect(try await letters(site, "-n", "1").map(\.number) == [letters(site).map(\.number).max()])

        #expect(
            try await site.celery("dead", "replay", "--queue", "x", "--task", "no.b").output.hasPrefix("Replayed 1 ")
        )
        #expect(try await site.ids(in: "x") == [ids[1]])
        #expect(try await site.celery("dead", "purge", "-f", ids[3]).output == "Deleted 1 dead letter.\n")
        #expect(try await site.celery("dead", "purge", "-f", "--task", "no.a").output == "Deleted 2 dead letters.\n")
        #expect(try await letters(site).isEmpty)
        #expect(try await site.ids(in: "y").isEmpty)
        for command in [["replay"], ["purge", "-f"], ["show"]] {
            let gone = try await site.start(["dead"] + command + [ids[3]]).outcome()
            #expect(gone.code == 1 && gone.errors == "Error: there is no dead letter \(ids[3])\n" && gone.output == "")
        }
    }

    @Test("replay and purge print with --json how many it were; an id that is not there is a failure all the same")
    func json() async throws {
        let site = try CommandSite()
        var ids: [String] = []
        for _ in 0..<3 { ids.append(try await site.call("no.such")) }
        try await site.withWorker { _ async throws in
            for id in ids { try await fails(site, id, "NotRegistered") }
        }
        let replayed = try await site.celery("dead", "replay", "--json", ids[0])
        #expect(replayed.code == 0 && replayed.output == #"{"replayed": 1}"# + "\n" && replayed.errors == "")
        let purged = try await site.celery("dead", "purge", "-f", "--all", "--json")
        #expect(purged.code == 0 && purged.output == #"{"purged": 2}"# + "\n" && purged.errors == "")
        let empty = try await site.celery("dead", "replay", "--all", "--json")
        #expect(empty.code == 0 && empty.output == #"{"replayed": 0}"# + "\n")
        let gone = try await site.celery("dead", "purge", "-f", "--json", ids[1])
        #expect(gone.code == 1 && gone.output == "" && gone.errors == "Error: there is no dead letter \(ids[1])\n")
    }

    @Test("purge asks unless -f is given, and deletes only after a yes")
    func question() async throws {
        let site = try CommandSite()
        let id = try await site.call("no.such")
        try await site.withWorker { _ async throws in try await fails(site, id, "NotRegistered") }
        for answer in ["", "no\n", "all\n"] {
            let refused = try await site.celery("dead", "purge", "--all", input: answer)
            #expect(refused.code == 1 && refused.output == "")
            #expect(
                refused.errors.hasPrefix("Delete dead letters in ")
                    && refused.errors.contains("[yes/NO] Error: nothing")
            )
            #expect(try await letters(site).map(\.id) == [id])
        }
        let done = try await site.celery("dead", "purge", "--all", input: "yes\n")
        #expect(done.code == 0 && done.output == "Deleted 1 dead letter.\n")
        #expect(try await letters(site).isEmpty)
    }
}
