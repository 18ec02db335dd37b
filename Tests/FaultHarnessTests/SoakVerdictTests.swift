//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import Testing

@testable import FaultHarness

/// The verdict of a soak must be able to fail: each case is one thing that grows, or nothing that does.
@Suite struct SoakVerdictTests {
    /// A sample every ten seconds for so long; the body changes those that it wants to.
    private func judge(
        seconds: Int = 1800,
        run: Int = 100,
        _ change: (inout SoakSample) -> Void = { _ in }
    ) -> [String] {
        var samples: [SoakSample] = []
        for second in stride(from: 10, through: seconds, by: 10) {
            var sample = SoakSample(
                seconds: Double(second),
                runs: second,
                pss: 10,
                rss: 20,
                serverMemory: 50,
                keys: 100_000,
                waiting: 0,
                descriptors: 30,
                clients: 8,
                latencies: [1]
            )
            change(&sample)
            samples.append(sample)
        }
        return SoakVerdict(samples, sent: 100, run: run, rate: 2000).broken
    }

    @Test("Where nothing grows nothing is broken, and what was lost or run twice is found")
    func counts() {
        #expect(judge() == [])
        #expect(judge(run: 99) == ["100 tasks were sent and 99 were run"])
        #expect(judge(run: 101) == ["100 tasks were sent and 101 were run"])
        #expect(judge(seconds: 60).count == 1, "too few samples")
    }

    @Test("Whatever grows steadily is found, by the quarters and by the minutes")
    func growth() {
        #expect(judge { $0.pss += $0.seconds / 50 }.count == 2)
        #expect(judge { $0.rss += $0.seconds / 50 }.count == 2)
        #expect(judge { $0.serverMemory += $0.seconds / 30 }.count == 2)
        #expect(judge { $0.keys += Int($0.seconds) * 50 }.count == 2)
        #expect(judge { $0.descriptors += Int($0.seconds) / 60 }.count == 2)
        #expect(judge { $0.clients += Int($0.seconds) / 60 }.count == 2)
        #expect(judge { $0.latencies = [1 + $0.seconds / 100] }.count == 2)
    }

    @Test("What grows to its level before minute 5, or by less than the slack, is no growth")
    func level() {
        #expect(judge { $0.pss += min($0.seconds, 200) / 10 } == [])
        #expect(judge { $0.descriptors += Int($0.seconds) % 20 / 10 } == [])
        #expect(judge { $0.pss += $0.seconds / 600 } == [])
    }

    @Test("A leak that begins only after the second quarter is found")
    func lateLeak() {
        #expect(judge { $0.descriptors += $0.seconds > 1500 ? 40 : 0 }.count == 2)
    }

    @Test("A short soak is judged by its quarters alone")
    func short() {
        #expect(judge(seconds: 400) { $0.descriptors += Int($0.seconds) / 10 }.count == 1)
    }
}
