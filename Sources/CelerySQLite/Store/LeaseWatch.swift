//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
/// Decides whose lease has run out, from what one process sees and can do itself: a value, without clocks of others.
///
/// A process that was stopped inside a transaction stalls every renewal, and nobody is dead. So silence counts only
/// while we could write ourselves, and is measured by our own monotonic clock.
struct LeaseWatch {
    /// One epoch as just read.
    struct Sighting: Equatable {
        var epoch: Int64
        var token: String
        /// Goes up with each renewal.
        var beat: Int64
        var lease: Duration
    }

    private var silentSince: [Int64: (beat: Int64, since: MonotonicTime)] = [:]
    private var writableSince: MonotonicTime?
    private var lastWrite: MonotonicTime?

    /// We have renewed our own lease. A gap of more than half a lease since the last time starts the count anew.
    mutating func wrote(within lease: Duration, at now: MonotonicTime = .now) {
        if let lastWrite, now.since(lastWrite) > lease / 2 { writableSince = nil }
        lastWrite = now
        if writableSince == nil { writableSince = now }
    }

    mutating func failedToWrite() { writableSince = nil }

    /// Takes note of the epochs of others. Returns those that were silent for their whole lease.
    mutating func observe(_ sightings: [Sighting], at now: MonotonicTime = .now) -> Set<Int64> {
        var next: [Int64: (beat: Int64, since: MonotonicTime)] = [:]
        var silent: Set<Int64> = []
        for sighting in sightings {
            let known = silentSince[sighting.epoch]
            let since = known?.beat == sighting.beat ? known?.since ?? now : now
            next[sighting.epoch] = (sighting.beat, since)
            guard let writableSince else { continue }
            if now.since(max(since, writableSince)) >= sighting.lease { silent.insert(sighting.epoch) }
        }
        silentSince = next
        return silent
    }
}
#endif
