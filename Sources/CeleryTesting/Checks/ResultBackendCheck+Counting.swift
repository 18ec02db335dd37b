//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension ResultBackendCheck {
    static let counting: [ResultBackendCheck] = [
        .ofChords("the last part of a chord gives the claim, whatever the order") { try await $0.countsAll() },
        .ofChords("members come in the order of the header") { try await $0.keepsOrder() },
        .ofChords("a part counts once, and what was told first stays") { try await $0.countsOnce() },
        .ofChords("one task counts at each of its places") { try await $0.countsPlaces() },
        .ofChords("parts may be counted before the chord was started") { try await $0.countsEarly() },
        .ofChords("failed and revoked members come with their state and exception") { try await $0.keepsFailures() },
        .ofChords("a chord of one part is complete at once") { harness in
            try await harness.start("c", 1)
            let claim = try requireSome(try await harness.count("c", 0).claim, "the claim")
            try requireEqual(claim.members.map(\.taskID), [harness.prefix + "c-0"])
            try requireEqual(claim.groupID, harness.prefix + "c")
            try requireEqual(claim.nested, nil, "nested results")
        },
        .ofChords("a thousand parts are counted in one call") { try await $0.countsMany() },
        .ofChords("parts of many chords are counted in one call, answered in order") { try await $0.countsMixed() },
        .ofChords("the results of a nested header come with the claim") { try await $0.keepsNesting() },
        .ofChords("a chord that is extended waits for more") { try await $0.extends() },
        .ofChords("a chord may be extended before anything else is known of it") { harness in
            try await harness.extend("c", by: 1, as: "more")
            try await harness.start("c", 1)
            try requireEqual(try await harness.count("c", 0), .waiting)
            try requireEqual(try await harness.count("c", 1).claim?.members.count, 2)
        },
        .ofChords("an addition counts once, however often it is told") { harness in
            try await harness.extend("c", by: 1, as: "early")
            try await harness.start("c", 1)
            for _ in 0..<3 { for name in ["early", "late"] { try await harness.extend("c", by: 1, as: name) } }
            try requireEqual(try await harness.count("c", 0, id: "own"), .waiting)
            try requireEqual(try await harness.count("c", 0, id: "early"), .waiting)
            let claim = try requireSome(try await harness.count("c", 0, id: "late").claim, "the claim")
            // In the order of their ids, which share a place.
            try requireEqual(claim.members.map(\.taskID), ["early", "late", "own"].map { harness.prefix + $0 })
        },
        .ofChords("an addition to a chord that is started anew is another") { harness in
            for _ in 0..<2 {
                try await harness.start("c", 1)
                try await harness.extend("c", by: 1, as: "more")
                try requireEqual(try await harness.count("c", 0), .waiting)
                let claim = try requireSome(try await harness.count("c", 0, id: "more").claim, "the claim")
                try await harness.chords.finish([claim], timeout: .seconds(5))
            }
        },
        .ofChords("additions are found by what their names begin with, until the chord is over") { harness in
            func found() async throws -> [String] {
                let prefix = harness.prefix + "a/"
                let group = harness.prefix + "c"
                return try await harness.chords.additions(to: group, beginningWith: prefix, timeout: .seconds(5))
                    .sorted()
            }
            try requireEqual(try await found(), [])
            try await harness.start("c", 1)
            for name in ["a/0/0 x:1 y:", "a/0/1", "ab/0/0 z:0"] { try await harness.extend("c", by: 1, as: name) }
            try await harness.extend("c", by: 1, as: "a/0/0 other:1")
            try requireEqual(try await found(), ["a/0/0 x:1 y:", "a/0/1"].map { harness.prefix + $0 })
            for index in 0..<3 { try requireEqual(try await harness.count("c", index), .waiting) }
            let claim = try requireSome(try await harness.count("c", 3).claim, "the claim")
            try await harness.chords.finish([claim], timeout: .seconds(5))
            try requireEqual(try await found(), [])
        },
        .ofChords("counters expire") { harness in
            try await harness.start("c", 2, expires: .seconds(2))
            try requireEqual(try await harness.count("c", 0, expires: .seconds(2)), .waiting)
            try await harness.pass(.milliseconds(2001))
            try requireEqual(try await harness.count("c", 1), .waiting)
            try await harness.start("c", 2)
            try requireEqual(try await harness.count("c", 0).claim?.members.count, 2)
            _ = try await harness.backend.removeExpired()
            try requireEqual(try await harness.count("c", 0, by: "other"), .claimed(by: "me"), "what has not expired")
        },
    ]

    /// A check that is left out where chords are not counted.
    static func ofChords(
        _ name: String,
        _ body: @escaping @Sendable (ResultBackendHarness) async throws -> Void
    ) -> ResultBackendCheck {
        ResultBackendCheck("chords: " + name) { if $0.backend.chords != nil { try await body($0) } }
    }
}

extension ResultBackendHarness {
    fileprivate func countsAll() async throws {
        try await start("c", 5)
        for index in [3, 0, 4, 1] { try requireEqual(try await count("c", index), .waiting) }
        let claim = try requireSome(try await count("c", 2).claim, "the claim")
        try requireEqual(claim.claimant, "me")
        try requireEqual(claim.members.map(\.taskID), (0..<5).map { "\(prefix)c-\($0)" })
        try requireEqual(claim.members.map(\.state), Array(repeating: .success, count: 5))
        try requireEqual(try claim.members.map { try $0.value.value() }, (0..<5).map { .int($0) })
    }

    fileprivate func keepsOrder() async throws {
        try await start("c", 13)
        var parts = (0..<12).map { part("c", $0, value: ["i": .int($0)]) }
        parts[7].index = nil
        parts.append(part("c", 7, id: "other"))
        let answers = try await chords.count(parts.shuffled(), timeout: .seconds(5))
        let claim = try requireSome(answers.last?.claim, "the claim")
        let ids = [0, 1, 2, 3, 4, 5, 6].map { "c-\($0)" } + ["other"] + [8, 9, 10, 11, 7].map { "c-\($0)" }
        try requireEqual(claim.members.map(\.taskID), ids.map { prefix + $0 })
    }

    fileprivate func countsOnce() async throws {
        try await start("c", 2)
        for value in 1...3 { try requireEqual(try await count("c", 0, value: .int(value)), .waiting) }
        let again = [part("c", 0, value: 4), part("c", 0, state: .failure)]
        try requireEqual(try await chords.count(again, timeout: .seconds(5)), [.waiting, .waiting])
        let claim = try requireSome(try await count("c", 1).claim, "the claim")
        try requireEqual(claim.members.count, 2)
        try requireEqual(claim.members[0].state, .success)
        try requireEqual(try claim.members[0].value.value(), 1)
    }

    fileprivate func countsPlaces() async throws {
        try await start("c", 2)
        try requireEqual(try await count("c", 0, id: "same", value: 1), .waiting)
        let claim = try requireSome(try await count("c", 1, id: "same", value: 2).claim, "the claim")
        try requireEqual(try claim.members.map { try $0.value.value() }, [1, 2])
    }

    fileprivate func countsEarly() async throws {
        for index in [1, 0] { try requireEqual(try await count("c", index), .waiting) }
        try await start("c", 3)
        try requireEqual(try await count("c", 0), .waiting, "the same again")
        try requireEqual(try await count("c", 2).claim?.members.count, 3)
    }

    fileprivate func keepsFailures() async throws {
        let failed = ExceptionInfo(type: "ValueError", arguments: ["né\n", 1.5, nil], module: "builtins")
        let revoked = ExceptionInfo(type: "TaskRevokedError", arguments: ["expired"], module: "celery.exceptions")
        try await start("c", 3)
        _ = try await count("c", 0, state: .failure, value: .object(failed.object))
        _ = try await count("c", 1, state: .revoked, value: .object(revoked.object))
        let claim = try requireSome(try await count("c", 2, value: CeleryValue.null).claim, "the claim")
        try requireEqual(claim.members.map(\.state), [.failure, .revoked, .success])
        let values = try claim.members.map { try $0.value.value() }
        try requireEqual(values, [.object(failed.object), .object(revoked.object), .null])
    }

    fileprivate func countsMany() async throws {
        try await start("c", 1000)
        let parts = (0..<1000).map { part("c", $0, value: .string("é\($0)")) }
        let answers = try await chords.count(parts.reversed(), timeout: .seconds(20))
        try require(answers.dropLast().allSatisfy { $0 == .waiting }, "the claim before all were counted")
        let claim = try requireSome(answers.last?.claim, "the claim")
        try requireEqual(claim.members.map(\.taskID), parts.map(\.taskID))
        try requireEqual(claim.members.map(\.value).map { try? $0.value() }, parts.map { try? $0.value.value() })
    }

    fileprivate func countsMixed() async throws {
        let sizes = (0..<10).map { ChordStart(groupID: "\(prefix)c\($0)", size: 2, expires: .seconds(60)) }
        try await chords.start(sizes, timeout: .seconds(5))
        let firsts = (0..<10).map { part("c\($0)", 0) }
        try requireEqual(try await chords.count(firsts, timeout: .seconds(5)), Array(repeating: .waiting, count: 10))
        let seconds = (0..<5).flatMap { [part("c\($0)", 1), part("new\($0)", 0)] }
        let answers = try await chords.count(seconds, timeout: .seconds(5))
        try requireEqual(
            answers.map(\.claim?.groupID),
            (0..<5).flatMap { ["\(prefix)c\($0)", nil] }
        )
        try await chords.finish(answers.compactMap(\.claim), timeout: .seconds(5))
        for number in 0..<5 { try requireEqual(try await count("c\(number)", 0), .over) }
        for number in 5..<10 { try requireEqual(try await count("c\(number)", 0), .waiting) }
    }

    fileprivate func keepsNesting() async throws {
        let leaf: CeleryValue = [["c-0", nil], nil]
        let nested: CeleryValue = [["c", nil], [leaf, [["inner", nil], [[["c-1", "c"], nil]]]]]
        try await start("c", 2, nested: nested)
        _ = try await count("c", 0)
        try requireEqual(try await count("c", 1).claim?.nested, nested)
        try await start("plain", 1)
        try requireEqual(try await count("plain", 0).claim?.nested, nil)
    }

    fileprivate func extends() async throws {
        try await start("c", 1)
        try await extend("c", by: 2, as: "two")
        try requireEqual(try await count("c", 0), .waiting)
        try await extend("c", by: 1, as: "more")
        try requireEqual(try await count("c", 1), .waiting)
        try requireEqual(try await count("c", 2), .waiting)
        try requireEqual(try await count("c", 0, id: "more").claim?.members.count, 4)
    }
}
