//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import Foundation
import ServiceTestSupport
import Testing

/// `celery call`, option by option, on the embedded broker.
@Suite("celery call", .serialized, .timeLimit(.minutes(5)))
struct CallCommandProcessTests {
    /// Two queues of one topic exchange, and one by itself.
    private static let queues = """
        {"task_queues": ["celery", {"name": "films", "exchange": "media", "exchange_type": "topic", "routing_key": "film.#"},
         {"name": "songs", "exchange": "media", "exchange_type": "topic", "routing_key": "song.#"}]}
        """

    @Test("--args and --kwargs are the task's arguments; --json prints the id in an object")
    func arguments() async throws {
        let site = try CommandSite()
        try await site.withWorker { _ async throws in
            #expect(try await site.value(of: site.call("clitest.add", "--args", "[2, 3]")) == "5")
            let mixed = try await site.call("clitest.greet", "-a", #"["good day"]"#, "-k", #"{"name": "Ada"}"#)
            #expect(try await site.value(of: mixed) == "good day, Ada")
            let named = try await site.call("clitest.greet", #"--kwargs={"name": "Zoë", "greeting": "hi"}"#)
            #expect(try await site.value(of: named) == "hi, Zoë")
            let json = try await site.celery("call", "clitest.add", "-a[1, 1]", "--json")
            let printed = try JSONDecoder().decode([String: String].self, from: Data(json.output.utf8))
            #expect(json.code == 0 && Array(printed.keys) == ["id"])
            #expect(try await site.value(of: try #require(printed["id"])) == "2")
        }
    }

    @Test(
        "What cannot be is said in two lines with exit code 64, and nothing is sent",
        arguments: [
            (["-a", #"{"x": 2}"#], #"--args is '{"x": 2}'; it has to be a JSON list: '[2, "a"]'"#),
            (["-a", "[2,"], "--args is '[2,'; it has to be a JSON list"),
            (["-a", "2, 3"], "--args is '2, 3'; it has to be a JSON list"),
            (["--args="], "Missing value for '--args <json>'"),
            (["-k", "[2]"], #"--kwargs is '[2]'; it has to be a JSON object: '{"x": 2}'"#),
            (["--kwargs", "{x: 2}"], "--kwargs is '{x: 2}'; it has to be a JSON object"),
            (["--eta", "noon"], "--eta is 'noon'; it has to be a time as in 2030-01-02T03:04:05+00:00"),
            (["--countdown=-1"], "--countdown is -1.0; it has to be a number of seconds, 0 or more"),
            (["--countdown", "soon"], "The value 'soon' is invalid for '--countdown <s>'"),
            (["--expires", "tomorrow"], "--expires is 'tomorrow'; it has to be a time as in"),
            (["--expires=-5"], "--expires is -5.0; it has to be a number of seconds, 0 or more"),
            (["--priority", "high"], "The value 'high' is invalid for '--priority <n>'"),
        ]
    )
    func wrong(options: [String], message: String) async throws {
        let site = try CommandSite()
        let outcome = try await site.start(["call", "clitest.add"] + options).outcome()
        #expect(outcome.code == 64 && outcome.output == "")
        #expect(outcome.errors.hasPrefix("Error: \(message)"), "\(outcome.errors)")
        #expect(outcome.errors.hasSuffix("\nTry 'celery call --help'.\n"), "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 2)
        let purged = try await site.celery("purge", "-f").output
        #expect(purged.hasPrefix("No messages purged from 1 known task queue in "), "\(purged)")
    }

    @Test("--queue: it lies in that queue, for the workers of that queue")
    func queue() async throws {
        let site = try CommandSite()
        let elsewhere = try await site.call("clitest.where", "--queue", "images")
        let usual = try await site.call("clitest.where")
        try await site.withWorker { _ async throws in #expect(try await site.value(of: usual) == "celery") }
        #expect(try await site.ids(in: "images") == [elsewhere])
        try await site.withWorker(["-Q", "images"]) { _ async throws in
            #expect(try await site.value(of: elsewhere) == "images")
        }
    }

    @Test(
        "--exchange and --routing-key: it goes to the queue whose binding fits, as does the key alone on a queue's exchange"
    )
    func exchange() async throws {
        let site = try CommandSite(settings: Self.queues)
        let film = try await site.call("clitest.where", "--exchange", "media", "--routing-key", "film.new.short")
        let song = try await site.call("clitest.where", "--queue", "films", "--routing-key", "song.old")
        let lost = try await site.celery("call", "clitest.where", "--exchange", "media", "--routing-key", "book.new")
        #expect(lost.code == 1 && lost.output == "")
        let reason = "no queue is bound to exchange \"media\" with a key that matches \"book.new\""
        #expect(lost.errors.hasPrefix("Error: clitest.where was not sent: \(reason); "), "\(lost.errors)")
        // On a direct exchange one of the two says nothing, as in Celery: the queue decides.
        let direct = try await site.call("clitest.where", "--routing-key", "film.new")
        #expect(try await site.ids(in: "films") == [film])
        #expect(try await site.ids(in: "songs") == [song])
        #expect(try await site.messages(in: "films").map(\.properties.exchange) == ["media"])
        #expect(try await site.messages(in: "films").map(\.properties.routingKey) == ["film.new.short"])
        try await site.withWorker { _ async throws in
            #expect(try await site.value(of: film) == "films")
            #expect(try await site.value(of: song) == "songs")
            #expect(try await site.value(of: direct) == "celery")
        }
    }

    @Test("--serializer: the body is written in it, and run where it is accepted; one that there is not is named")
    func serializer() async throws {
        let site = try CommandSite()
        let json = try await site.call("clitest.greet", "-a", #"["hi", "Ada"]"#)
        let packed = try await site.call("clitest.greet", "-a", #"["hi", "Bob"]"#, "--serializer", "msgpack")
        let messages = try await site.messages(in: "celery")
        #expect(messages.map(\.headers.id) == [json, packed])
        #expect(messages.map(\.contentType) == ["application/json", "application/x-msgpack"])
        #expect(messages.last?.body.first == 0x93, "a list of three in MessagePack")
        try await site.withWorker([#"accept_content=["json", "msgpack"]"#]) { _ async throws in
            #expect(try await site.value(of: packed) == "hi, Bob")
            #expect(try await site.value(of: json) == "hi, Ada")
        }
        let unknown = try await site.celery("call", "clitest.add", "--serializer", "morse")
        #expect(unknown.code == 1 && unknown.output == "")
        #expect(unknown.errors.hasPrefix("Error: ") && unknown.errors.contains("morse"), "\(unknown.errors)")
        #expect(try await site.ids(in: "celery").isEmpty)
    }

    @Test("--priority: what is more urgent runs first")
    func priority() async throws {
        let site = try CommandSite()
        let low = try await site.call("clitest.greet", "-a", #"["low", "a"]"#, "--priority", "1")
        let high = try await site.call("clitest.greet", "-a", #"["high", "b"]"#, "--priority", "8")
        #expect(try await site.messages(in: "celery").map(\.properties.priority) == [8, 1])
        let outcome = try await site.withWorker { _ async throws in #expect(try await site.value(of: low) == "low, a") }
        let order = outcome.errors.split(separator: "\n").filter { $0.contains("succeeded in") }
        #expect(order.count == 2 && order.first?.contains(high) == true, "\(outcome.errors)")
    }
}
