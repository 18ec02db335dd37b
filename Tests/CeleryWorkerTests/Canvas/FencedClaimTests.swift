//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryWire
import CeleryWorker
import Synchronization
import Testing

@Suite("A worker that was taken for dead while it held the claim on a chord", .timeLimit(.minutes(5)))
struct FencedClaimTests {
    private let patience = Duration.seconds(60)
    private static let lost = TransportError(.epochLost, "its lease ran out, and what it held was given to others")

    private func part(of group: String) -> ChordPart {
        ChordPart(
            groupID: group,
            index: 0,
            taskID: "part",
            state: .success,
            value: EncodedValue(5),
            claimant: "heir"
        )
    }

    @Test("sends the body although it may not release the part any more, and ends the chord")
    func sends() async throws {
        let store = MemoryStore(name: "fenced")
        var hooks = HookedTransport.Hooks()
        hooks.beforeSettling = { (settlements: [Settlement]) async throws(TransportError) -> Void in
            if settlements.send("sum") { throw Self.lost }
        }
        let app = HookedTransport.app(store, hooks)
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let sum = app.task("sum") { (values: [Int]) in values.reduce(0, +) }
        let chords = try #require(store.backend.chords)
        try await withWorker(app) { () async throws -> Void in
            let chord = try await group([add.s(1, 1), add.s(2, 2)]).then(sum.s()).delay()
            #expect(try await chord.get(timeout: patience) == 6)
            let again = part(of: try #require(chord.parent).id)
            #expect(try await eventually { try await chords.count([again], timeout: .seconds(5)) == [.over] })
        }
    }

    @Test("sends none when somebody else was given the claim meanwhile and has ended the chord")
    func leavesIt() async throws {
        let store = MemoryStore(name: "passed on")
        let chords = try #require(store.backend.chords)
        let (runs, hasPassed) = (Tally(), Tally())
        let heir = part(of: "group")
        var hooks = HookedTransport.Hooks()
        hooks.beforeSettling = { (settlements: [Settlement]) async throws(TransportError) -> Void in
            guard settlements.send("list") else { return }
            // The claim runs out, and whoever was given the part sends the body.
            let ended = try? await eventually {
                let answers = try await chords.count([heir], timeout: .seconds(5))
                guard case .complete(let claim)? = answers.first else { return false }
                try await chords.finish([claim], timeout: .seconds(5))
                return true
            }
            if ended == true { hasPassed.add() }
            throw Self.lost
        }
        let app = HookedTransport.app(store, hooks, lease: .seconds(3))
        let echo = app.task("echo") { (x: Int) in x }
        let list = app.task("list") { (values: [Int]) -> [Int] in
            runs.add()
            return values
        }
        var call = try echo.s(5).signature()
        call.options["task_id"] = "part"
        call.options["group_id"] = "group"
        call.options["group_index"] = 0
        call.options["chord"] = try list.s().signature().value()
        try await chords.start([ChordStart(groupID: "group", size: 1)], timeout: .seconds(5))
        try await app.workflow(call).delay()
        try await withWorker(app, pool: .async(concurrency: 1)) { () async throws -> Void in
            #expect(try await eventually { hasPassed.count == 1 })
            // The first is settled only after the body would have been sent, and the second comes behind that.
            for number in 1...2 { #expect(try await echo.delay(number).get(timeout: patience) == number) }
        }
        #expect(runs.count == 0)
    }

    private final class Tally: Sendable {
        private let number = Mutex(0)
        var count: Int { number.withLock { $0 } }
        func add() { number.withLock { $0 += 1 } }
    }
}
