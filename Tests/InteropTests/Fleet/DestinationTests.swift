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

/// Whom commands of either language reach in a fleet of both.
@Suite(
    "Destinations and patterns mean the same workers in both languages",
    .needsCurrentPythonAndRedis,
    .timeLimit(.minutes(5))
)
struct DestinationTests {
    private typealias Language = MixedFleet.Language

    /// Patterns, and whose workers they match.
    private static let patterns: [(matcher: String, text: String, workers: Set<Language>)] = [
        ("glob", "*", [.swift, .python]), ("glob", "swift@*", [.swift]), ("glob", "*thon@?*", [.python]),
        ("glob", "[!s]*", [.python]), ("glob", "[a-p]*", [.python]), ("glob", "?????@*", [.swift]),
        ("glob", "swift", []), ("glob", "*@nowhere", []), ("pcre", "swift", [.swift]), ("pcre", "wift", []),
        ("pcre", "(py|sw)[a-z]+@", [.swift, .python]), ("pcre", "^.*n@", [.python]), ("pcre", ".*@nowhere$", []),
    ]

    @Test("-d reaches the nodes that it names", arguments: MixedFleet.Language.allCases)
    func destinations(line: MixedFleet.Language) async throws {
        let fleet = try await MixedFleet.occupied
        let (swift, python) = (Language.swift.node, Language.python.node)
        for (given, expected) in [
            (swift, [swift]), (python, [python]), ("\(swift),\(python)", [python, swift]),
        ] {
            let words = ["inspect", "ping", "-t", "30", "--json", "-d", given]
            let replies = try await fleet.run(line, words).replies(of: words)
            #expect(replies.keys.sorted() == expected)
            #expect(replies.values.allSatisfy { $0 == ["ok": "pong"] })
        }
        for words in [["status"], ["inspect", "ping"], ["control", "heartbeat"]] {
            let nobody = try await fleet.run(line, words + ["-t", "0.2", "-d", "nobody@nowhere"])
            #expect(nobody.code == 69 && nobody.output.contains("No nodes replied within time constraint"), "\(words)")
        }
    }

    /// What is asked of a worker later is answered later: it has then heard all that was sent before, for it or not for it.
    @Test("Workers carry out what a pattern means for them, and leave the rest alone")
    func patterns() async throws {
        try await MixedFleet.with { fleet in
            try await fleet.asking { app, _ in
                for (matcher, text, workers) in Self.patterns {
                    let id = "\(matcher) \(text)"
                    let pattern: CeleryObject = ["pattern": .string(text), "matcher": .string(matcher)]
                    try await fleet.broadcastFromPython("revoke", ["task_id": .string("Python \(id)")], pattern)
                    let own = ControlOptions(
                        pattern: matcher == "glob" ? .glob(text) : .regex(text),
                        timeout: .seconds(30),
                        limit: workers.count
                    )
                    try await app.control(own).broadcast("revoke", ["task_id": .string("Swift \(id)")])
                    guard !workers.isEmpty else { continue }
                    let nodes = workers.map(\.node).sorted()
                    #expect(try await app.inspect(own).ping() == nodes, "\(id)")
                    let options = pattern.with(["timeout": 30, "limit": .int(workers.count)])
                    let theirs = try await fleet.client.remote("ping", inspect: options)
                    #expect(theirs.memberNames.sorted() == nodes, "\(id)")
                }
            }
            let revoked = try await fleet.replies(to: .python, ["inspect", "revoked"])
            for worker in Language.allCases {
                let meant = Self.patterns.filter { $0.workers.contains(worker) }.map { "\($0.matcher) \($0.text)" }
                let expected = meant.flatMap { ["Python \($0)", "Swift \($0)"] }
                #expect(revoked[worker]?.items.compactMap(\.text).sorted() == expected.sorted(), "\(worker)")
            }
        }
    }
}

extension MixedFleet {
    /// Sends a command from Python that nobody answers.
    fileprivate func broadcastFromPython(
        _ command: String,
        _ arguments: CeleryObject,
        _ options: CeleryObject
    ) async throws {
        _ = try await client.remote(
            "broadcast",
            [.string(command)],
            kwargs: options.with(["arguments": .object(arguments)])
        )
    }
}

extension CeleryObject {
    /// With further members.
    fileprivate func with(_ others: CeleryObject) -> CeleryObject {
        others.members.reduce(into: self) { $0[$1.key] = $1.value }
    }
}
