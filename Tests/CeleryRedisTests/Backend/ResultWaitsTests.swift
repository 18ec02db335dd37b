//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import NIOCore
import Testing

@testable import CeleryRedis

@Suite struct ResultWaitsTests {
    private func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    @Test func `what is due comes in order, whatever came in`() {
        var times = DueTimes<Int>()
        let order = (0..<500).map { ($0 * 211) % 500 }
        for number in order { times.insert(number, at: time(Int64(number))) }
        for number in 0..<100 { #expect(times.popDue(time(99)) == number) }
        #expect(times.popDue(time(99)) == nil)
        times.keep { $0 % 7 == 0 }
        #expect(times.first == time(105) && times.count == 57)
        var left: [Int] = []
        while let next = times.popDue(time(1000)) { left.append(next) }
        #expect(left == Array(stride(from: 105, to: 500, by: 7)))
    }

    @Test func `each leaves with what the server has told, and the last is known`() {
        var waits = ResultWaits()
        #expect(waits.add(1, for: "a", until: time(10), lastChance: time(0)) { _ in })
        #expect(!waits.add(2, for: "a", until: time(20), lastChance: time(0)) { _ in })
        #expect(waits.nextAlarm == time(10))
        let early = waits.removeLate(time(10), isHopeful: true)
        #expect(early.map(\.isSeen) == [false] && early.map(\.isLast) == [false])
        #expect(waits.see("a").isEmpty)
        #expect(waits.remove(1, for: "a") == nil)
        let late = waits.removeLate(time(20), isHopeful: true)
        #expect(late.map(\.isSeen) == [true] && late.map(\.isLast) == [true])
        #expect(waits.isEmpty && !waits.contains("a") && waits.nextAlarm == nil)
    }

    @Test func `whose time is up before the server has told anything hears its first word`() {
        var waits = ResultWaits()
        for number in UInt64(0)..<4 {
            _ = waits.add(number, for: number < 3 ? "a" : "b", until: time(10), lastChance: time(20)) { _ in }
        }
        _ = waits.add(4, for: "a", until: time(15), lastChance: time(15)) { _ in }
        #expect(waits.removeLate(time(10), isHopeful: true).isEmpty)
        #expect(waits.nextAlarm == time(15))
        #expect(waits.see("a").map(\.isSeen) == [true, true, true])
        #expect(waits.removeLate(time(15), isHopeful: true).map(\.isSeen) == [true])
        #expect(waits.removeLate(time(19), isHopeful: true).isEmpty)
        #expect(waits.removeLate(time(19), isHopeful: false).isEmpty)
        #expect(waits.removeLate(time(20), isHopeful: true).map(\.isSeen) == [false])
        _ = waits.add(5, for: "a", until: time(10), lastChance: time(20)) { _ in }
        #expect(waits.removeLate(time(10), isHopeful: false).map(\.isSeen) == [false])
    }

    @Test func `who leaves early leaves no alarms behind`() {
        var waits = ResultWaits()
        _ = waits.add(0, for: "stays", until: time(1000), lastChance: time(0)) { _ in }
        for number in UInt64(1)...10000 {
            _ = waits.add(number, for: "\(number)", until: time(Int64(number)), lastChance: time(0)) { _ in }
            #expect(waits.removeAll(for: "\(number)").count == 1)
        }
        #expect(waits.alarmCount < 100)
        #expect(waits.removeLate(time(999), isHopeful: true).isEmpty)
        #expect(waits.removeLate(time(1000), isHopeful: true).count == 1)
    }

    @Test func `pauses between polls grow, and begin anew for who comes anew`() {
        var polls = ResultPolls()
        var now = time(0)
        var pauses: [Int64] = []
        for _ in 0..<9 {
            polls.looked(for: "a", now)
            guard let next = polls.nextTime else { break }
            pauses.append((next - now).nanoseconds / 1_000_000)
            #expect(polls.popDue(now).isEmpty)
            now = next
            #expect(polls.popDue(now) == ["a"])
        }
        #expect(pauses == [5, 10, 20, 40, 80, 160, 320, 500, 500])
        polls.reset("a")
        polls.looked(for: "a", now)
        // Looked at twice, it is still polled once.
        polls.looked(for: "a", now)
        #expect(polls.popDue(now + .milliseconds(5)).isEmpty)
        #expect(polls.popDue(now + .milliseconds(10)) == ["a"])
        #expect(polls.nextTime == nil)
    }
}
#endif
