//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import CeleryWorker

@Suite("Restarting a pool of processes")
struct PreforkRestartTests {
    private func dismissed(_ state: inout PreforkState) -> [Int] {
        var actions: [PreforkState.Action] = []
        state.exchangeActions(&actions)
        return actions.compactMap { if case .dismiss(let number) = $0 { number } else { nil } }
    }

    @Test("Idle children go at once, one that was just starting as soon as it is there, and those that come then stay")
    func starting() {
        var state = PreforkState(PreforkConfiguration(slots: 2))
        state.tick(now: 0)
        state.spawned(1, pid: 101)
        state.spawned(2, pid: 102)
        state.hello(1, now: 0)
        state.restart(now: 0)
        #expect(dismissed(&state) == [1])
        state.hello(2, now: 0)
        #expect(dismissed(&state) == [2])
        for number in [1, 2] { state.died(number, .exited(0), now: 0) }
        for number in [3, 4] {
            state.spawned(number, pid: 100 + Int32(number))
            state.hello(number, now: 0)
        }
        #expect(dismissed(&state).isEmpty)
        #expect(state.pids == [103, 104])
    }
}
