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

    @Test("The order of maximum and minimum does not matter, and zero means one")
    func bounds() {
        var autoscaler = Autoscaler(max: 0, min: 4)
        #expect(autoscaler.size(now: start, slots: 4, wanted: 0) == 1)
        #expect(autoscaler.size(now: start, slots: 1, wanted: 9) == 4)
    }
}
