//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Testing

/// What judges the killed workflows' runs must be able to find something.
struct FinishedRunsTests {
    private let twice = FinishedRuns(
        "a 11 10 1000000 2000000\nb 11 10 1000000 2000000\nnone\na 21 20 5000000 6000000\n"
    )

    private func blow(_ pid: Int32, _ microseconds: Int64) -> FinishedRuns.Blow {
        FinishedRuns.Blow(pids: [pid], at: Timestamp(microseconds: microseconds))
    }

    @Test(
        "A task that ran to its end twice is found, unless its first run's process or that one's parent was struck meanwhile or soon after"
    )
    func found() {
        #expect(twice.runs.count == 3)
        #expect(twice.repeated([]) == ["a"])
        for excuse in [blow(11, 1_500_000), blow(10, 700_000), blow(10, 2_900_000)] {
            #expect(twice.repeated([excuse]) == [])
        }
        for other in [blow(21, 5_500_000), blow(12, 1_500_000), blow(11, 400_000), blow(10, 3_100_000)] {
            #expect(twice.repeated([other]) == ["a"])
        }
    }
}
