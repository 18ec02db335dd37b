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
import Testing

@Suite("Sets of results")
struct ResultSetTests {
    private let tasks = WorkflowTests.Tasks()
    private let patience = Duration.seconds(60)

    @Test("What they returned comes in their order, whatever order they end in; groups among them")
    func values() async throws {
        let add = tasks.add
        try await withWorker(tasks.app) { () async throws -> Void in
            var set = ResultSet<Int>()
            for number in 0..<300 { set.add(try await add.delay(number, 1)) }
            let first = set.results[0]
            set.add(first)
            #expect(try await set.get(timeout: patience) == Array(1...300) + [1])
            #expect(try await set.ready())
            #expect(try await set.successful())
            #expect(try await set.completedCount() == 301)
            set.discard(id: first.id)
            #expect(set.results.count == 299)
            let pairs = ResultSet([
                try await group([add.s(1, 2), add.s(3, 4)]).delay().result,
                try await group([add.s(5, 6), add.s(7, 8)]).delay().result,
            ])
            #expect(try await pairs.get(timeout: patience) == [[3, 7], [11, 15]])
        }
    }

    @Test("They are handed over as they end, those that failed too; get throws at the first of these")
    func failures() async throws {
        let (add, boom, app) = (tasks.add, tasks.boom, tasks.app)
        let late = try await add.applyAsync(1, 1, options: SendOptions(countdown: .seconds(3600)))
        try await withWorker(app) { () async throws -> Void in
            let good = try await add.delay(1, 2)
            let bad = try await boom.delay(1)
            var set = ResultSet([late, good, bad])
            var ends: [Int: Result<Int, any Error>] = [:]
            for try await end in set.completed(timeout: patience) {
                #expect(set.results[end.index].id == end.result.id)
                ends[end.index] = end.outcome
                if ends.count == 2 { break }
            }
            #expect(try ends[1]?.get() == 3)
            #expect(throws: CeleryError.self) { try ends[2]?.get() }
            let error = await #expect(throws: CeleryError.self) { try await set.get(timeout: patience) }
            #expect(error?.code == .taskFailed && error?.taskID == bad.id)
            #expect(try await set.failed())
            #expect(try await set.waiting())
            set.discard(id: bad.id)
            let timeout = await #expect(throws: CeleryError.self) { try await set.get(timeout: .milliseconds(100)) }
            #expect(timeout?.code == .timedOut && timeout?.message.hasPrefix("1 of 2 results have not ended") == true)
            try await set.forget()
            #expect(try await good.state() == .pending)
        }
    }

    @Test("An empty set has ended; one whose result nobody stores is refused")
    func limits() async throws {
        #expect(try await ResultSet<Int>().get() == [])
        #expect(try await ResultSet<Int>().ready())
        let ignored = try await tasks.add.applyAsync(1, 1, options: SendOptions(ignoreResult: true))
        let error = await #expect(throws: CeleryError.self) { try await ResultSet([ignored]).get(timeout: patience) }
        #expect(error?.code == .resultIgnored)
    }

    @Test("A group ends as soon as a member has failed, however long the others take")
    func failFast() async throws {
        let (add, boom) = (tasks.add, tasks.boom)
        let slow = add.s(1, 1).set(countdown: .seconds(3600))
        let result = try await group([slow, boom.s(1)]).delay()
        try await withWorker(tasks.app) { () async throws -> Void in
            let error = await #expect(throws: CeleryError.self) { try await result.join(timeout: .seconds(600)) }
            #expect(error?.code == .taskFailed)
        }
    }
}
