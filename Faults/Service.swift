//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// When at least one worker was there to take tasks. A promise about how soon a task is back counts only that time.
struct Service {
    private var spans: [(from: Timestamp, to: Timestamp)] = []

    mutating func add(from: Timestamp, to: Timestamp) {
        if from < to { spans.append((from, to)) }
    }

    /// How many seconds of the given span were served. Without any record of service all of it counts.
    func seconds(from: Timestamp, to: Timestamp) -> Double {
        guard !spans.isEmpty else { return max(0, to.seconds(since: from)) }
        var served = 0.0
        var position = from
        for span in spans.sorted(by: { $0.from < $1.from }) {
            let start = max(position, span.from)
            let end = min(to, span.to)
            guard start < end else { continue }
            served += end.seconds(since: start)
            position = end
        }
        return served
    }
}
