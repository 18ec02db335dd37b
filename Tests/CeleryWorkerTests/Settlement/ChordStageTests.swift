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
        let claims = ["a", "b", "c"].map { ChordClaim(groupID: $0, claimant: "worker/\($0)", members: []) }
        for (claim, index) in zip(claims, [0, 1, 0]) {
            let part = ChordPart(
                groupID: claim.groupID,
                index: 0,
                taskID: "part",
                state: .success,
                value: .null,
                claimant: claim.claimant
            )
            outcome.hold(claim, of: part, for: index)
        }
        #expect(outcome.claims == [claims[0], claims[1], claims[2]])
        outcome.deferred.insert(0)
        #expect(outcome.claims == [claims[1]])
    }
}
