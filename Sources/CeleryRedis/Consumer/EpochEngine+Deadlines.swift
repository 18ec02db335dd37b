//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import NIOCore

extension EpochEngine {
    /// Sees to it that no caller waits for longer than it should, whatever the connection does.
    func watchDeadlines() {
        guard timers.deadline == nil, !isAbandoned else { return }
        timers.deadline = loop.assumeIsolated()
            .scheduleTask(in: TimeAmount(store.configuration.timeout)) { [weak self] in
                guard let self, !isOver else { return }
                timers.deadline = nil
                giveUp(before: .now())
                if !begins.isEmpty || !settles.isEmpty || !closings.isEmpty || round != nil { watchDeadlines() }
            }
    }

    /// Fails the callers whose time is over. What is held stays so under its lease, for as long as that holds.
    private func giveUp(before now: NIODeadline) {
        let error =
            link.lastError ?? TransportError(.timedOut, "\(store.configuration.location) did not answer in time")
        round?.abandon(error, before: now)
        let late = begins.filter { $0.deadline <= now }
        begins.removeAll { $0.deadline <= now }
        for request in late { request.completion(error) }
        let lateSettles = settles.filter { $0.deadline <= now }
        settles.removeAll { $0.deadline <= now }
        for request in lateSettles {
            for (tag, _) in request.dispositions { table[tag]?.isSettling = false }
            request.completion(error)
        }
        // Whoever closes has waited for a whole time-out by now, or soon: others will give back what is held.
        let endings = closings
        guard !endings.isEmpty else { return }
        if closingSeen {
            closings = []
            for ending in endings { ending(error) }
        }
        closingSeen = !closingSeen
    }
}
#endif
