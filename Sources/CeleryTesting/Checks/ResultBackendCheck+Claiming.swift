//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension ResultBackendCheck {
    static let claiming: [ResultBackendCheck] = [
        .ofChords("the claim is given once") { harness in
            let claim = try await harness.complete("c", by: "a")
            try requireEqual(try await harness.count("c", 0, by: "b"), .claimed(by: "a"))
            try requireEqual(try await harness.count("c", 1, by: "c"), .claimed(by: "a"))
            try requireEqual(try await harness.count("c", 1, by: "a"), .complete(claim), "to its holder again")
            try requireEqual(try await harness.count("c", 0, by: "b"), .claimed(by: "a"))
        },
        .ofChords("the claim runs out, and goes to whoever counts next") { harness in
            let claim = try await harness.complete("c", by: "a")
            try await harness.pass(harness.claim + .milliseconds(5))
            let other = try requireSome(try await harness.count("c", 0, by: "b").claim, "the claim")
            try requireEqual(other.members, claim.members)
            try requireEqual(other.claimant, "b")
            try requireEqual(try await harness.count("c", 1, by: "a"), .claimed(by: "b"), "to who let it run out")
        },
        .ofChords("the holder who asks again renews the claim") { harness in
            let claim = try await harness.complete("c", by: "a")
            try await harness.pass(harness.claim * 3 / 5)
            try requireEqual(try await harness.count("c", 1, by: "a"), .complete(claim))
            try await harness.pass(harness.claim * 3 / 5)
            try requireEqual(try await harness.count("c", 1, by: "b"), .claimed(by: "a"))
        },
        .ofChords("a finished chord is over for what comes later") { harness in
            let claim = try await harness.complete("c", by: "a")
            try await harness.finish(claim)
            try requireEqual(try await harness.count("c", 1, by: "a"), .over)
            try requireEqual(try await harness.count("c", 2, by: "b"), .over, "a part never seen")
            try await harness.extend("c", by: 1, as: "more")
            try await harness.finish(claim)
            try requireEqual(try await harness.count("c", 0, by: "b"), .over)
            _ = try await harness.backend.removeExpired()
            try requireEqual(try await harness.count("c", 0, by: "b"), .over)
        },
        .ofChords("a chord that was finished may be started anew") { harness in
            try await harness.finish(try await harness.complete("c", by: "a"))
            try await harness.start("c", 2)
            try requireEqual(try await harness.count("c", 0, value: 7), .waiting)
            let claim = try requireSome(try await harness.count("c", 1, value: 8).claim, "the claim")
            try requireEqual(try claim.members.map { try $0.value.value() }, [7, 8])
        },
        .ofChords("a start that is repeated leaves a claim, and what is over, alone") { harness in
            let claim = try await harness.complete("c", by: "a")
            try await harness.start("c", 2, isAnew: false)
            try requireEqual(try await harness.count("c", 0, by: "b"), .claimed(by: "a"))
            try await harness.finish(claim)
            try await harness.start("c", 1, nested: [["c", .null], []], isAnew: false)
            try requireEqual(try await harness.count("c", 0, by: "b"), .over)
        },
        .ofChords("a chord that nobody has begun is begun by a start that may be repeated") { harness in
            for _ in 0..<2 { try await harness.start("c", 2, nested: [["c", .null], []], isAnew: false) }
            try requireEqual(try await harness.count("c", 0), .waiting)
            try await harness.start("c", 2, isAnew: false)
            let claim = try requireSome(try await harness.count("c", 1).claim, "the claim")
            try requireEqual(claim.nested, [["c", .null], []])
        },
        .ofChords("a part that wants no claim is given none") { harness in
            try await harness.start("c", 2)
            var last = harness.part("c", 1)
            last.claimLimit = .zero
            try requireEqual(try await harness.count("c", 0), .waiting)
            for _ in 0..<2 {
                try requireEqual(try await harness.chords.count([last], timeout: .seconds(5)), [.waiting])
            }
            try requireEqual(try await harness.count("c", 0, by: "a").claim?.members.count, 2)
        },
        .ofChords("a claim that has passed to somebody else is not finished by its first holder") { harness in
            let claim = try await harness.complete("c", by: "a")
            try await harness.pass(harness.claim + .milliseconds(5))
            let other = try requireSome(try await harness.count("c", 0, by: "b").claim, "the claim")
            try await harness.finish(claim)
            try requireEqual(try await harness.count("c", 0, by: "b"), .complete(other))
            try await harness.finish(other)
            try requireEqual(try await harness.count("c", 0, by: "a"), .over)
        },
        .ofChords("a claim that ran out and went to nobody can be finished") { harness in
            let claim = try await harness.complete("c", by: "a")
            try await harness.pass(harness.claim + .milliseconds(5))
            try await harness.finish(claim)
            try requireEqual(try await harness.count("c", 0, by: "b"), .over)
        },
        .ofChords("of many who count at the same time one is given the claim") { harness in
            for round in 0..<5 { try await harness.race("c\(round)") }
        },
    ]
}

extension ResultBackendHarness {
    /// Counts the two parts of a new chord.
    fileprivate func complete(_ group: String, by claimant: String) async throws -> ChordClaim {
        try await start(group, 2)
        try requireEqual(try await count(group, 0, by: "first"), .waiting)
        return try requireSome(try await count(group, 1, by: claimant).claim, "the claim")
    }

    fileprivate func finish(_ claim: ChordClaim) async throws {
        try await chords.finish([claim], timeout: .seconds(5))
    }

    /// Everybody counts every part at once, from another one on.
    fileprivate func race(_ group: String) async throws {
        let size = 12
        try await start(group, size)
        let claims = try await withThrowingTaskGroup(of: [ChordClaim].self) { tasks in
            for racer in 0..<size {
                tasks.addTask {
                    var claims: [ChordClaim] = []
                    for step in 0..<size {
                        let progress = try await count(group, (racer + step) % size, by: "racer \(racer)")
                        try require(progress != .over, "over before it was finished")
                        if let claim = progress.claim { claims.append(claim) }
                    }
                    return claims
                }
            }
            return try await tasks.reduce(into: []) { $0 += $1 }
        }
        try requireEqual(Set(claims.map(\.claimant)).count, 1, "holders of the claim")
        try require(claims.allSatisfy { $0.members.count == size }, "a claim without all members")
    }
}
