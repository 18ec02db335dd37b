//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Celery
import CeleryWire
import ServiceTestSupport
import Testing

/// What workers answer to commands that are wrong or change nothing, and what the command lines end with.
@Suite("Answers and exit codes of control are the same in both languages", .needsCurrentPythonAndRedis, .serialized)
struct ControlAnswersTests {
    /// Commands that leave a worker as it was, with the answer of either.
    private static let answers: [(words: [String], answer: CeleryValue)] = [
        (
            ["rate_limit", "interop.sleep", "bogus"],
            ["error": "Invalid rate limit string: ValueError(\"could not convert string to float: 'bogus'\")"]
        ),
        (["rate_limit", "interop.sleep", "3/y"], ["error": "KeyError('y')"]),
        (["rate_limit", "no.such", "1/s"], ["error": "unknown task"]),
        (["rate_limit", "interop.sleep"], ["error": .string(missing("rate_limit", "'rate_limit'"))]),
        (["time_limit", "no.such", "50"], ["error": "unknown task"]), (["time_limit"], ["error": "unknown task"]),
        (["autoscale", "3", "1"], ["error": "ValueError('Autoscale not enabled')"]),
        (["autoscale"], ["error": "ValueError('Autoscale not enabled')"]),
        (["pool_shrink"], ["error": "ValueError(\"Can't shrink pool. All processes busy!\")"]),
        (["add_consumer"], ["error": .string(missing("add_consumer", "'queue'"))]),
        (["cancel_consumer"], ["error": .string(missing("cancel_consumer", "'queue'"))]),
        (["cancel_consumer", "none"], ["ok": "no longer consuming from none"]),
        (["disable_events"], ["ok": "task events already disabled"]), (["heartbeat"], nil),
        (["revoke"], ["ok": "tasks set() flagged as revoked"]),
        (["terminate"], ["error": .string(missing("terminate", "'signal'"))]),
        (["revoke_by_stamped_headers"], ["ok": "headers {} flagged as revoked, but not terminated"]),
        (
            ["revoke_by_stamped_headers", "a=b"],
            ["ok": "headers {'a': 'b'} flagged as revoked, but not terminated"]
        ),
        (["revoke_by_stamped_headers", "novalue"], ["error": "IndexError('list index out of range')"]),
        (["election"], ["error": .string(missing("election", "'id' and 'topic'", count: 2))]),
    ]

    private static func missing(_ command: String, _ names: String, count: Int = 1) -> String {
        let noun = count == 1 ? "argument" : "arguments"
        return "TypeError(\"\(command)() missing \(count) required positional \(noun): \(names)\")"
    }

    @Test("Both workers answer the same to both command lines", arguments: answers.indices)
    func answer(index: Int) async throws {
        let (words, answer) = Self.answers[index]
        let fleet = try await MixedFleet.occupied
        for line in MixedFleet.Language.allCases {
            let replies = try await fleet.replies(to: line, ["control"] + words)
            #expect(replies == [.swift: answer, .python: answer], "\(words) of \(line)")
        }
    }

    /// A Python worker without gossip trips over it, and says so.
    @Test("An election is heard by both workers from both clients, and held by none without gossip")
    func election() async throws {
        let fleet = try await MixedFleet.occupied
        let arguments: CeleryObject = ["id": "one", "topic": "task", "action": ["task": "interop.add"]]
        let ours = try await fleet.asking { app, options in
            try await app.control(options).request("election", arguments)
        }
        let options: CeleryObject = ["arguments": .object(arguments), "reply": true, "timeout": 30, "limit": 2]
        let theirs = try await fleet.client.remote("broadcast", ["election"], kwargs: options)
        let replies = theirs.items.flatMap { reply in
            reply.memberNames.map { ControlReply(hostname: $0, value: reply.at($0)) }
        }
        for replies in [ours, replies] {
            let found = Dictionary(uniqueKeysWithValues: replies.map { ($0.hostname, $0) })
            #expect(found.keys.sorted() == MixedFleet.Language.allCases.map(\.node).sorted())
            #expect(found[MixedFleet.Language.swift.node]?.value == .null)
            #expect(found[MixedFleet.Language.python.node]?.error?.hasPrefix("AttributeError(") == true, "\(replies)")
        }
    }

    @Test(
        "Wrong words end with code 64, as Python's end with one that is not 0, and nothing is sent",
        arguments: [
            ["inspect"], ["inspect", "nothing"], ["inspect", "hello"], ["inspect", "conf", "maybe"],
            ["inspect", "memdump", "many"], ["inspect", "ping", "-t", "soon"], ["control"], ["control", "nothing"],
            ["control", "ping"], ["control", "pool_grow", "one"], ["control", "rate_limit", "a", "1/s", "b"],
            ["control", "time_limit", "interop.add", "long"], ["status", "--nothing"],
        ]
    )
    func wrongWords(words: [String]) async throws {
        let fleet = try await MixedFleet.occupied
        #expect(try await fleet.run(.swift, words).code == 64)
        // 2 from click; 1, with a traceback, where Celery reads the word itself.
        #expect([1, 2].contains(try await fleet.run(.python, words).code))
    }
}
