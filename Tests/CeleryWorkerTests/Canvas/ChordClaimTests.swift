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

@Suite("Claims of chords that others have", .timeLimit(.minutes(5)))
struct ChordClaimTests {
    private let patience = Duration.seconds(60)

    @Test("A failed task that counts twice for one chord ends it, also when its settlement has to be repeated")
    func ownClaim() async throws {
        let refusals = Mutex(0)
        var hooks = HookedTransport.Hooks()
        hooks.beforeSettling = { (settlements: [Settlement]) async throws(TransportError) -> Void in
            let endsChord = settlements.contains { $0.results.count > 2 }
            let isFirst = refusals.withLock { refusals in
                refusals += endsChord ? 1 : 0
                return endsChord && refusals == 1
            }
            if isFirst { throw TransportError(.unavailable, "not now") }
        }
        let app = HookedTransport.app(MemoryStore(name: "own claim"), hooks)
        let fail = app.task("fail") { (_: Int) -> Int in throw CeleryError(.taskFailed, "no luck") }
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let total = app.task("total") { (values: [[Int]]) in values.joined().reduce(0, +) }
        try await withWorker(app) { () async throws -> Void in
            let member = fail.s(1).then(group([add.s(1), add.s(2)])).workflow
            let chord = try await group([member]).then(total.s()).delay()
            let error = await #expect(throws: CeleryError.self) { try await chord.get(timeout: patience) }
            #expect(error?.exception?.type == "ChordError", "\(String(describing: error))")
        }
        #expect(refusals.withLock { $0 } == 2)
    }

    @Test("Only the message that a claim was made for is kept until the claim is over")
    func othersClaim() async throws {
        let store = MemoryStore(name: "others' claim")
        let app = HookedTransport.app(store, HookedTransport.Hooks())
        let runs = Mutex(0)
        let add = app.task("add") { (x: Int, y: Int) in x + y }
        let sum = app.task("sum") { (values: [Int]) in
            runs.withLock { $0 += 1 }
            return values.reduce(0, +)
        }
        let ids = (0..<2).map { _ in TaskID.random() }
        let header = group(ids.map { add.s(1, 1).set(SendOptions(taskID: $0)) })
        let chord = try await header.then(sum.s()).delay()
        // Another worker has run both, has claimed the chord for the first, and is about to send the body.
        let chords = try #require(store.backend.chords)
        let groupID = try #require(chord.parent).id
        let parts = ids.enumerated()
            .map { index, id in
                ChordPart(
                    groupID: groupID,
                    index: index,
                    taskID: id,
                    state: .success,
                    value: EncodedValue(2),
                    claimant: "elsewhere/\(ids[0])"
                )
            }
        guard case .complete(let claim)? = try await chords.count(parts, timeout: .seconds(5)).last else {
            Issue.record("no claim")
            return
        }
        try await withWorker(app) { () async throws -> Void in
            let queue = app.settings.taskDefaultQueue
            func held() async throws -> [Int] {
                try await store.transport.status(of: [queue]).map { $0.ready + $0.held }
            }
            #expect(try await eventually { try await held() == [1] })
            #expect(try await AsyncResult<Int>(id: ids[1], app: app).get(timeout: patience) == 2)
            #expect(try await chord.state() == .pending)
            try await chords.finish([claim], timeout: .seconds(5))
            #expect(try await eventually { try await held() == [0] })
        }
        #expect(runs.withLock { $0 } == 0)
    }
}
