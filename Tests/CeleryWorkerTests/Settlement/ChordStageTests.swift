//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Testing

@testable import CeleryWorker

@Suite("Chords in settlement")
struct ChordStageTests {
    @Test("A chord is not ended while the task that holds its body waits for another chord's claim")
    func deferredClaims() {
        var outcome = ChordStage.Outcome(items: [])
        let ends = ["a", "b", "c"].map { ChordEnd(groupID: $0, claimant: "worker/\($0)") }
        for (end, index) in zip(ends, [0, 1, 0]) {
            let part = ChordPart(
                groupID: end.groupID,
                index: 0,
                taskID: "part",
                state: .success,
                value: .null,
                claimant: end.claimant
            )
            outcome.hold(end, of: part, for: index)
        }
        #expect(outcome.leaving.map(\.end.groupID) == ["a", "b", "c"])
        outcome.deferred.insert(0)
        #expect(outcome.leaving.map(\.end.groupID) == ["b"])
    }
}
