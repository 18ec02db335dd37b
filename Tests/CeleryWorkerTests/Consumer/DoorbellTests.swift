//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWorker

@Suite("Doorbell")
struct DoorbellTests {
    @Test("A ring before the wait is kept", .timeLimit(.minutes(5)))
    func ringBefore() async {
        let bell = Doorbell()
        bell.ring()
        bell.ring()
        await bell.wait()
    }

    @Test("A ring wakes the waiter, many times over", .timeLimit(.minutes(5)))
    func pingPong() async {
        let ping = Doorbell()
        let pong = Doorbell()
        async let answers: Int = {
            var count = 0
            for _ in 0..<10000 {
                await ping.wait()
                count += 1
                pong.ring()
            }
            return count
        }()
        for _ in 0..<10000 {
            ping.ring()
            await pong.wait()
        }
        #expect(await answers == 10000)
    }

    @Test("Cancellation ends a wait", .timeLimit(.minutes(5)))
    func cancellation() async {
        let bell = Doorbell()
        let task = Task { await bell.wait() }
        task.cancel()
        await task.value
    }
}
