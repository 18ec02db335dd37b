//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import NIOCore

/// When to look for which result again, at a server that cannot push: after 5 ms, then twice as long each time, up to 500 ms.
struct ResultPolls {
    static let firstPause = TimeAmount.milliseconds(5)
    static let lastPause = TimeAmount.milliseconds(500)

    private struct Next {
        var time: NIODeadline
        var pause: TimeAmount
    }

    private var next: [String: Next] = [:]
    private var times = DueTimes<(id: String, time: NIODeadline)>()

    var nextTime: NIODeadline? { times.first }

    /// After a look that did not find it.
    mutating func looked(for id: String, _ now: NIODeadline) {
        let pause = next[id].map { min($0.pause * 2, Self.lastPause) } ?? Self.firstPause
        next[id] = Next(time: now + pause, pause: pause)
        times.insert((id, now + pause), at: now + pause)
    }

    /// Begins with short pauses again; also when nobody waits for it any more.
    mutating func reset(_ id: String) { next[id] = nil }

    /// What is to be looked for now, each of them once.
    mutating func popDue(_ now: NIODeadline) -> [String] {
        var ids: [String] = []
        while let due = times.popDue(now) {
            if next[due.id]?.time == due.time { ids.append(due.id) }
        }
        return ids
    }
}
#endif
