//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWorker

@Suite("Pace")
struct PaceTests {
    private let start = ContinuousClock.now

    /// The limit after so many tasks have ended in each of ten steps.
    private func limit(_ tasks: Int, every step: Duration, prefetch: Int = 8, reach: Int = 34) -> Int {
        var pace = Pace(now: start)
        var limit = 0
        for number in 1...10 {
            for _ in 0..<tasks { pace.taskEnded() }
            limit = pace.limit(prefetch: prefetch, reach: reach, now: start + step * number)
        }
        return limit
    }

    @Test("Slow tasks leave the prefetch as it is set")
    func slow() { #expect(limit(1, every: .milliseconds(20)) == 8) }

    @Test("Quick tasks raise it to what ends within the horizon")
    func quick() { #expect((19...20).contains(limit(20, every: .milliseconds(10)))) }

    @Test("Never beyond the pool's reach, nor below the prefetch")
    func bounds() {
        #expect(limit(1000, every: .milliseconds(10)) == 34)
        #expect(limit(1000, every: .milliseconds(10), reach: 0) == 8)
        #expect(limit(1000, every: .milliseconds(10), prefetch: 64) == 64)
    }

    @Test("A pause brings it down at the next look")
    func pause() {
        var pace = Pace(now: start)
        for _ in 0..<1000 { pace.taskEnded() }
        #expect(pace.limit(prefetch: 8, reach: 34, now: start + .milliseconds(10)) == 34)
        for second in 1...7 { _ = pace.limit(prefetch: 8, reach: 34, now: start + .seconds(second)) }
        #expect(pace.limit(prefetch: 8, reach: 34, now: start + .seconds(8)) == 8)
    }

    @Test("Looks in quick succession measure nothing")
    func tooSoon() {
        var pace = Pace(now: start)
        for _ in 0..<1000 { pace.taskEnded() }
        #expect(pace.limit(prefetch: 8, reach: 34, now: start + .milliseconds(1)) == 8)
    }

    @Test("So many tasks begin soon as end within the horizon", arguments: [(1, 0), (20, 20), (1000, 1000)])
    func soon(tasks: Int, expected: Int) {
        var pace = Pace(now: start)
        for number in 1...10 {
            for _ in 0..<tasks { pace.taskEnded() }
            _ = pace.limit(prefetch: 8, reach: 34, now: start + .milliseconds(tasks == 1 ? 20 : 10) * number)
        }
        #expect((expected - 1...expected).contains(pace.soon))
    }
}
