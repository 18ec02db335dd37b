//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Testing

@testable import CeleryWorker

@Suite("Revoked ids")
struct RevokedIDsTests {
    private let now = Timestamp(microseconds: 1_000_000)

    private func after(_ seconds: Int) -> Timestamp { now.advanced(by: .seconds(seconds)) }

    @Test("What has expired is not taken in, and is forgotten")
    func expiry() {
        var ids = RevokedIDs()
        ids.insert([("past", now), ("soon", after(1)), ("late", after(9))], now: now)
        #expect(!ids.contains("past", at: now) && ids.contains("soon", at: now) && ids.contains("late", at: now))
        #expect(!ids.contains("soon", at: after(1)))
        ids.trim(now: after(5))
        #expect(ids.expiries.keys.sorted() == ["late"])
    }

    @Test("An id that is revoked again counts until the later time, and only that is a change")
    func again() {
        var ids = RevokedIDs()
        ids.insert([("a", after(5))], now: now)
        let earlier = ids.insert([("a", after(4))], now: now)
        let later = ids.insert([("a", after(6))], now: now)
        #expect(!earlier && later)
        #expect(ids.expiries["a"] == after(6))
    }

    @Test("Their number is bounded, and the soonest to expire go first")
    func bound() {
        var ids = RevokedIDs(limit: 100)
        for number in 0..<1000 {
            ids.insert([("\(number)", after(1 + number))], now: now)
            #expect(ids.expiries.count <= 110)
        }
        ids.trim(now: now)
        #expect(ids.expiries.count == 100)
        #expect(ids.expiries.keys.contains("900") && !ids.expiries.keys.contains("899"))
        #expect(RevokedIDs.limit == 50_000)
    }
}
