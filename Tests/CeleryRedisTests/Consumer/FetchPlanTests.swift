//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Testing

@testable import CeleryRedis

@Suite struct FetchPlanTests {
    private func plan(_ lists: (String, Int)...) -> FetchPlan {
        var plan = FetchPlan()
        plan.set(lists.enumerated().map { ($0.element.0, $0.offset, $0.element.1, $0.element.0) })
        return plan
    }

    @Test func `what is unknown is only asked for its length`() {
        var plan = plan(("a", 1), ("b", 2))
        #expect(plan.next(10) == [.init(key: "a", place: 0, count: 0), .init(key: "b", place: 1, count: 0)])
    }

    @Test func `the more urgent list is emptied first, and credit is never exceeded`() {
        var plan = plan(("low", 2), ("high", 1))
        plan.found("high", length: 3)
        plan.found("low", length: 100)
        #expect(plan.next(5) == [.init(key: "high", place: 1, count: 3), .init(key: "low", place: 0, count: 2)])
        #expect(plan.next(2) == [.init(key: "high", place: 1, count: 2)])
    }

    @Test func `lists of one rank are served in turn`() {
        var plan = plan(("a", 1), ("b", 1))
        plan.found("a", length: 100)
        plan.found("b", length: 100)
        #expect(plan.next(4).map(\.key) == ["a"])
        #expect(plan.next(4).map(\.key) == ["b"])
        #expect(plan.next(4).map(\.key) == ["a"])
    }

    @Test func `lists of one rank are served in their order where that is asked for`() {
        var plan = plan(("b", 1), ("a", 1))
        plan.isInTurn = false
        plan.found("a", length: 100)
        plan.found("b", length: 10)
        #expect(plan.next(4).map(\.key) == ["b"])
        #expect(plan.next(4).map(\.key) == ["b"])
        #expect(plan.next(12).map(\.key) == ["b", "a"])
    }

    @Test func `an empty list is left alone until it is touched`() {
        var plan = plan(("a", 1))
        plan.found("a", length: 0)
        #expect(plan.isAllEmpty)
        plan.woken("a")
        #expect(!plan.isAllEmpty)
        #expect(plan.next(100) == [.init(key: "a", place: 0, count: 16)])
    }

    @Test func `a list that is touched while it is asked is asked again`() {
        var plan = plan(("a", 1))
        _ = plan.next(5)
        plan.woken("a")
        plan.found("a", length: 0)
        #expect(!plan.isAllEmpty)
        _ = plan.next(5)
        plan.found("a", length: 0)
        #expect(plan.isAllEmpty)
    }

    @Test func `a touched list may be asked for its length alone, and is asked again if it is touched meanwhile`() {
        var plan = plan(("a", 1), ("b", 2))
        plan.found("a", length: 0)
        plan.found("b", length: 0)
        #expect(!plan.isMerelyWoken)
        plan.woken("a")
        #expect(plan.isMerelyWoken)
        #expect(plan.touchedLists() == ["a"])
        plan.woken("a")
        plan.found("a", length: 0)
        #expect(plan.isMerelyWoken)
        #expect(plan.touchedLists() == ["a"])
        plan.found("a", length: 0)
        #expect(plan.isAllEmpty)
        plan.woken("a")
        _ = plan.touchedLists()
        plan.found("a", length: 3)
        #expect(!plan.isMerelyWoken)
        #expect(plan.next(9) == [.init(key: "a", place: 0, count: 3)])
    }

    @Test func `who asks for touched lists' lengths forgets nothing of a fetch that is under way`() {
        var plan = plan(("a", 1), ("b", 2))
        plan.found("a", length: 4)
        plan.found("b", length: 0)
        _ = plan.next(2)
        plan.woken("a")
        plan.woken("b")
        #expect(plan.touchedLists() == ["b"])
        plan.found("a", length: 0)
        #expect(plan.isMerelyWoken, "the answer may be older than the touch")
    }

    @Test func `a fetch that found nothing in a touched list makes the next one ask for less`() {
        var plan = plan(("a", 1))
        plan.found("a", length: 0)
        plan.woken("a")
        let asks = plan.next(100)
        plan.took(0, by: asks)
        plan.found("a", length: 0)
        plan.woken("a")
        #expect(plan.next(100) == [.init(key: "a", place: 0, count: 1)])
        plan.took(0, by: [.init(key: "a", place: 0, count: 0)])
        #expect(plan.wakeUps.pause(isBusy: false, chance: 0) == WakeUps.step, "who asks for nothing loses nothing")
    }

    @Test func `queues that are left alone are not asked, and lists of no queue always are`() {
        var plan = FetchPlan()
        plan.set([("obituaries", 0, 0, nil), ("a", 1, 1, "a"), ("b", 2, 1, "b")])
        for key in ["obituaries", "a", "b"] { plan.found(key, length: 2) }
        #expect(plan.next(10, without: ["a"]).map(\.key) == ["obituaries", "b"])
        #expect(Set(plan.next(10).map(\.key)) == ["obituaries", "a", "b"])
    }

    @Test func `what is known of a list outlives a change of the others`() {
        var plan = plan(("a", 1), ("b", 1))
        plan.found("a", length: 0)
        plan.set([("c", 7, 1, "c"), ("a", 0, 1, "a")])
        #expect(plan.entries.map(\.key) == ["c", "a"])
        #expect(plan.next(5) == [.init(key: "c", place: 7, count: 0)])
    }
}

@Suite struct ReturnPlanTests {
    private let plan = ReturnPlan(keys: RedisKeys(), limits: .standard, now: 1_000_000)

    private func bytes(_ note: StoredMessage.Note = StoredMessage.Note()) -> [UInt8] {
        let headers = TaskHeaders(task: "tasks.add", id: "a")
        let message = Message(headers: headers, properties: MessageProperties(routingKey: "q"), body: [1, 2, 3])
        return StoredMessage.returned(StoredMessage.encode(message), limits: .standard) { $0 = note }
    }

    private func note(_ destination: Destination) throws -> (list: String, note: StoredMessage.Note, due: Int64?) {
        switch destination {
        case .list(let list, _, let bytes):
            let split = list == RedisKeys().obituaries ? try #require(Addressed.split(bytes)) : (list, bytes)
            return (list, try StoredMessage.decode(split.1, limits: .standard).1, nil)
        case .parked(_, let due, let joined):
            let split = try #require(Addressed.split(joined))
            return (split.list, try StoredMessage.decode(split.bytes, limits: .standard).1, due)
        }
    }

    @Test func `what was merely held goes back with an attempt counted, and no death`() throws {
        let found = try note(plan.sweeping("q", bytes(), begun: nil))
        #expect(found.list == "q")
        #expect(found.note == StoredMessage.Note(attempts: 1, deaths: 0))
    }

    @Test func `what was begun early becomes an obituary`() throws {
        let found = try note(plan.sweeping("q", bytes(), begun: .early))
        #expect(found.list == RedisKeys().obituaries)
        #expect(found.note == StoredMessage.Note(attempts: 1, deaths: 1))
    }

    @Test func `from the second death on it waits, longer each time`() throws {
        for (deaths, wait) in [(0, nil), (1, 1), (2, 2), (3, 4)] as [(Int, Int64?)] {
            let found = try note(plan.sweeping("q", bytes(.init(attempts: 3, deaths: deaths)), begun: .late))
            #expect(found.due == wait.map { 1_000_000 + $0 * 1_000_000 })
            #expect(found.note.deaths == deaths + 1)
            #expect(found.note.attempts == 4)
        }
    }

    @Test func `a delay that was asked for is kept when a message goes back unseen`() throws {
        let later = StoredMessage.Note(notBefore: 5_000_000)
        #expect(try note(plan.sweeping("q", bytes(later), begun: nil)).note.notBefore == 5_000_000)
    }

    @Test func `what is no message goes back as it is`() {
        #expect(plan.sweeping("q", [1, 2], begun: nil) == .list("q", isFront: true, [1, 2]))
    }

    @Test func `permitted tasks are begun only if the journal says so`() {
        #expect(HeldMark.earlyPermitted.mode(false) == nil)
        #expect(HeldMark.earlyPermitted.mode(true) == .early)
        #expect(HeldMark.latePermitted.mode(true) == .late)
        #expect(HeldMark.early.mode(false) == .early)
        #expect(HeldMark.held.mode(true) == nil)
    }
}

@Suite struct RedisKeysTests {
    @Test func `priorities are rounded down to a step, and lists lead back to their queue`() {
        let keys = RedisKeys(prefix: "p:")
        #expect((0...9).map { keys.step(of: $0) } == [0, 0, 0, 3, 3, 3, 6, 6, 6, 9])
        #expect(keys.lists("q") == ["p:q", "p:q\u{6}\u{16}3", "p:q\u{6}\u{16}6", "p:q\u{6}\u{16}9"])
        #expect(keys.lists("q").map { keys.queue(of: $0) } == ["q", "q", "q", "q"])
        #expect(keys.queue(of: "p:a\u{6}\u{16}b") == "a\u{6}\u{16}b")
    }
}
#endif
