//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWorker

@Suite
struct WheelStateTests {
    @Test("Entries come out at their deadline, in its order", arguments: [0, 1, 63, 64, 4095, 1_000_003] as [UInt64])
    func order(start: UInt64) {
        var wheel = WheelState<UInt64>(now: start)
        let delays: [UInt64] = [70000, 1, 64, 63, 0, 4096, 65, 5, 262_144, 4095, 1 << 40]
        for delay in delays { _ = wheel.schedule(at: start + delay, delay) }
        var seen: [UInt64] = []
        while let next = wheel.nextTick {
            wheel.advance(to: next) { delay in
                #expect(start + delay == next)
                seen.append(delay)
            }
        }
        #expect(seen == delays.sorted())
        #expect(wheel.count == 0)
    }

    @Test("One leap hands out everything that is due and nothing else")
    func leap() {
        var wheel = WheelState<Int>()
        for number in 0..<1000 { _ = wheel.schedule(at: UInt64(number * 37), number) }
        var seen: [Int] = []
        wheel.advance(to: 500 * 37) { seen.append($0) }
        #expect(seen == Array(0...500))
        #expect(wheel.count == 499)
        #expect(wheel.now == 500 * 37)
    }

    @Test("A cancelled entry never comes out, and its token is stale")
    func cancel() {
        var wheel = WheelState<Int>()
        let first = wheel.schedule(at: 10, 1)
        let second = wheel.schedule(at: 10, 2)
        let third = wheel.schedule(at: 10, 3)
        #expect(wheel.cancel(second) == 2)
        #expect(wheel.cancel(second) == nil)
        let reused = wheel.schedule(at: 10, 4)
        #expect(wheel.cancel(second) == nil, "the place is used again, the token is not")
        #expect(wheel.cancel(first) == 1)
        var seen: Set<Int> = []
        wheel.advance(to: 10) { seen.insert($0) }
        #expect(seen == [3, 4])
        #expect(wheel.cancel(third) == nil)
        #expect(wheel.cancel(reused) == nil)
        #expect(wheel.nextTick == nil)
    }

    @Test("A deadline in the past is due at once")
    func past() {
        var wheel = WheelState<Int>(now: 1000)
        _ = wheel.schedule(at: 3, 1)
        #expect(wheel.nextTick == 1000)
        var seen: [Int] = []
        wheel.advance(to: 1000) { seen.append($0) }
        #expect(seen == [1])
    }

    @Test("A wheel agrees with a sorted list through random use", arguments: [1, 2, 3] as [UInt64])
    func random(seed: UInt64) {
        var random = SplitMix(state: seed)
        var wheel = WheelState<Int>()
        var model: [Int: (deadline: UInt64, token: WheelState<Int>.Token)] = [:]
        for number in 0..<20_000 {
            switch random.next() % 4 {
            case 0, 1:
                let deadline = wheel.now + random.next() % (1 << (random.next() % 24))
                model[number] = (deadline, wheel.schedule(at: deadline, number))
            case 2:
                if let (key, entry) = model.randomElement(using: &random) {
                    #expect(wheel.cancel(entry.token) == key)
                    model[key] = nil
                }
            default:
                let target = wheel.now + random.next() % 5000
                var seen: Set<Int> = []
                wheel.advance(to: target) { seen.insert($0) }
                let due = Set(model.filter { $0.value.deadline <= target }.keys)
                #expect(seen == due)
                for key in due { model[key] = nil }
            }
        }
        #expect(wheel.count == model.count)
    }
}

/// A small random generator with a seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
