//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryKit

@Suite("When a task is retried, and how long after")
struct RetryPolicyTests {
    private struct Busy: Error {}
    private struct Broken: Error {}

    @Test(
        "A delay doubles from its base up to its limit",
        arguments: [(0, 2.0), (1, 4), (2, 8), (3, 16), (4, 30), (39, 30), (40, 30), (.max, 30), (-1, 2), (.min, 2)]
    )
    func exponential(retries: Int, seconds: Double) {
        let policy = RetryPolicy.exponential(base: .seconds(2), max: .seconds(30), jitter: false, on: Busy.self)
        #expect(policy.countdown(retries: retries) == .seconds(seconds))
    }

    @Test("Jitter draws a delay from none to the whole of it")
    func jitter() {
        let policy = RetryPolicy.exponential(base: .seconds(2), max: .seconds(30), on: Busy.self)
        let delays = (0..<1000).map { _ in policy.countdown(retries: 2) }
        #expect(delays.allSatisfy { .zero <= $0 && $0 <= .seconds(8) })
        #expect(delays.contains { $0 < .seconds(2) } && delays.contains { $0 > .seconds(6) })
    }

    @Test("A constant delay stays the same; Celery's is three minutes, and three retries")
    func constant() {
        let policy = RetryPolicy.constant(delay: .seconds(7), on: Busy.self)
        #expect(policy.countdown(retries: 0) == .seconds(7) && policy.countdown(retries: 9) == .seconds(7))
        #expect(RetryPolicy.onRequest.countdown(retries: 0) == .seconds(180) && RetryPolicy.onRequest.limit == 3)
    }

    @Test("The listed kinds of errors are retried, without those that are excepted")
    func kinds() {
        let some = RetryPolicy(on: [Busy.self, Broken.self], except: [Broken.self])
        #expect(some.retries(Busy()))
        #expect(!some.retries(Broken()) && !some.retries(CancellationError()))
        let all = RetryPolicy(on: [(any Error).self], except: [Busy.self])
        #expect(all.retries(Broken()) && all.retries(CancellationError()) && !all.retries(Busy()))
        #expect(!RetryPolicy.onRequest.retries(Busy()))
    }
}
