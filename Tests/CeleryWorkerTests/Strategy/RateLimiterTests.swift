//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryKit
import CeleryWire
import Testing

@testable import CeleryWorker

@Suite("Rate limits")
struct RateLimiterTests {
    private let start = Timestamp(microseconds: 0)

    @Test("The first start is free, the next ones are an interval apart")
    func spacing() {
        var limiter = RateLimiter()
        let limit = RateLimit(perSecond: 10)
        #expect(limiter.take("t", limit: limit, now: start) == nil)
        let next = limiter.take("t", limit: limit, now: start)
        #expect(next == start.advanced(by: .milliseconds(100)))
        #expect(limiter.take("t", limit: limit, now: start.advanced(by: .milliseconds(100))) == nil)
    }

    @Test(
        "Of many that wait a few ask again for each start, and the rest one by one after a minute or at the next start"
    )
    func waves() {
        var limiter = RateLimiter()
        #expect(limiter.take("t", limit: RateLimit(perSecond: 1), now: start) == nil)
        let times = (0..<2000).map { _ in limiter.take("t", limit: RateLimit(perSecond: 1), now: start) }
        let waves = times.compactMap { $0 }.reduce(into: [:]) { $0[$1.microseconds / 1_000_000, default: 0] += 1 }
        #expect((1..<60).allSatisfy { waves[$0] == 16 })
        // The last wave, and then 200 a second.
        #expect((60...65).map { waves[$0] } == [215, 200, 200, 200, 200, 41] && waves.count == 65)
        // Late comers queue behind those, until the first of them start.
        let second = start.advanced(by: .seconds(1))
        #expect(limiter.take("t", limit: RateLimit(perSecond: 1), now: second) == nil)
        #expect(limiter.take("t", limit: RateLimit(perSecond: 1), now: second) == second.advanced(by: .seconds(60)))
        // There was room for one wave more; who comes after it, comes after all.
        let rest = (0..<16).map { _ in limiter.take("t", limit: RateLimit(perSecond: 1), now: second) }
        #expect(rest.last == times.last??.advanced(by: .milliseconds(5)))
        // One an hour: at the next start, however far.
        #expect(limiter.take("slow", limit: RateLimit("1/h"), now: start) == nil)
        let slow = (0..<100).map { _ in limiter.take("slow", limit: RateLimit("1/h"), now: start) }
        let next = start.advanced(by: .seconds(3600))
        #expect(slow.prefix(16).allSatisfy { $0 == next })
        #expect(slow.dropFirst(16).enumerated().allSatisfy { $1 == next.advanced(by: .milliseconds(5 * ($0 + 1))) })
    }

    @Test("One that waits is new once, also when it starts at last")
    func newOnce() {
        var limiter = RateLimiter()
        let limit = RateLimit(perSecond: 1)
        #expect(limiter.turn(of: "a", "t", limit: limit, now: start) == RateLimiter.Turn())
        let next = start.advanced(by: .seconds(1))
        #expect(limiter.turn(of: "b", "t", limit: limit, now: start) == RateLimiter.Turn(later: next, isNew: true))
        #expect(limiter.turn(of: "b", "t", limit: limit, now: start) == RateLimiter.Turn(later: next, isNew: false))
        #expect(limiter.turn(of: "b", "t", limit: limit, now: next) == RateLimiter.Turn(isNew: false))
        // A retry of it, later.
        let last = start.advanced(by: .seconds(9))
        #expect(limiter.turn(of: "b", "t", limit: limit, now: last) == RateLimiter.Turn())
    }

    @Test("Tasks do not share a bucket, and no limit is no bucket")
    func separateBuckets() {
        var limiter = RateLimiter()
        let limit = RateLimit(perSecond: 1)
        #expect(limiter.take("a", limit: limit, now: start) == nil)
        #expect(limiter.take("b", limit: limit, now: start) == nil)
        #expect(limiter.take("a", limit: nil, now: start) == nil)
        #expect(limiter.take("a", limit: RateLimit(perSecond: 0), now: start) == nil)
    }

    @Test(
        "Celery's forms are read",
        arguments: [("10", 10.0), ("10/s", 10.0), ("120/m", 2.0), ("7200/h", 2.0), ("0.5/s", 0.5)]
    )
    func forms(text: String, perSecond: Double) {
        #expect(RateLimit(text)?.perSecond == perSecond)
    }

    @Test("Other forms are refused", arguments: ["", "x", "10/d", "1/2/3", "nan", "10/"])
    func refused(text: String) {
        #expect(RateLimit(text) == nil)
    }

    @Test("A limit is shown as it was written, and equal to another that says the same")
    func shown() {
        #expect(["60/m", "10", "5.5/h"].map { RateLimit($0)?.description } == ["60/m", "10", "5.5/h"])
        let (a, b): (RateLimit, RateLimit) = ("60/m", "1/s")
        #expect(a == b && a.hashValue == b.hashValue)
        #expect(RateLimit(perSecond: 0.5).description == "30/m")
        var changed: RateLimit = "60/m"
        changed.perSecond = 2
        #expect(changed.description == "2/s")
    }
}

@Suite("Autoscale")
struct AutoscalerTests {
    private let start = ContinuousClock.now

    @Test("It grows at once to what is wanted, at most to the maximum")
    func grows() {
        var autoscaler = Autoscaler(max: 6, min: 2)
        #expect(autoscaler.size(now: start, slots: 2, wanted: 4) == 4)
        #expect(autoscaler.size(now: start, slots: 4, wanted: 100) == 6)
        #expect(autoscaler.size(now: start, slots: 6, wanted: 100) == nil)
    }

    @Test("It shrinks only 30 s after it last grew")
    func shrinks() {
        var autoscaler = Autoscaler(max: 6, min: 2)
        #expect(autoscaler.size(now: start, slots: 2, wanted: 6) == 6)
        #expect(autoscaler.size(now: start + .seconds(29), slots: 6, wanted: 0) == nil)
        #expect(autoscaler.size(now: start + .seconds(31), slots: 6, wanted: 0) == 2)
    }

    @Test("Both ends stay as they were given; in force is at least one slot, and never more than the maximum")
    func bounds() {
        var autoscaler = Autoscaler(max: 10, min: 5)
        autoscaler.update(max: 3, min: nil)
        #expect(autoscaler.max == 3 && autoscaler.min == 5 && autoscaler.range == 3...3)
        #expect(autoscaler.size(now: start, slots: 10, wanted: 100) == 3)
        autoscaler.update(max: 20, min: 30)
        #expect(autoscaler.max == 20 && autoscaler.min == 30 && autoscaler.range == 20...20)
        autoscaler.update(max: 10, min: 0)
        #expect(autoscaler.max == 10 && autoscaler.min == 0 && autoscaler.range == 1...10)
        #expect(autoscaler.size(now: start, slots: 4, wanted: 0) == 1)
        autoscaler.update(max: 0, min: -7)
        #expect(autoscaler.max == 0 && autoscaler.min == 0 && autoscaler.range == 1...1)
        autoscaler.update(max: .max, min: nil)
        #expect(autoscaler.range == 1...65535)
    }
}
