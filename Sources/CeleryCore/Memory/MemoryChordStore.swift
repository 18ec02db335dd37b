//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Synchronization

/// A memory store as the counter of chords. The results of nested headers lie among the groups, as on Redis.
struct MemoryChordStore: ChordStore {
    let store: MemoryStore

    func start(_ chords: [ChordStart], timeout: Duration) async throws(TransportError) {
        change { state, now in
            for chord in chords {
                if let nested = chord.nested { state.keep(chord.groupID, nested, expires: chord.expires, now: now) }
                state.change(chord.groupID, now: now) { $0.start(chord, now: now) }
            }
        }
    }

    func count(_ parts: [ChordPart], timeout: Duration) async throws(TransportError) -> [ChordProgress] {
        change { state, now in
            parts.map { part in
                let progress = state.change(part.groupID, now: now) { $0.count(part, now: now) }
                guard case .complete(var claim) = progress else { return progress }
                claim.nested = state.group(part.groupID, now: now)
                return .complete(claim)
            }
        }
    }

    func finish(_ claims: [ChordClaim], timeout: Duration) async throws(TransportError) {
        change { state, now in
            for claim in claims {
                _ = state.change(claim.groupID, now: now) { $0.finish(by: claim.claimant, now: now) }
            }
        }
    }

    func extend(
        _ groupID: String,
        by count: Int,
        as addition: String,
        timeout: Duration
    ) async throws(TransportError) {
        change { state, now in
            state.change(groupID, now: now, new: .unknown(now: now)) { $0.extend(by: count, as: addition) }
        }
    }

    func additions(
        to groupID: String,
        beginningWith prefix: String,
        timeout: Duration
    ) async throws(TransportError) -> [String] {
        change { state, now in
            guard let chord = state.chords[groupID], !chord.isOver(at: now) else { return [] }
            return chord.additions(beginningWith: prefix)
        }
    }

    private func change<Value: Sendable>(_ body: (inout MemoryStore.State, Timestamp) -> Value) -> Value {
        let now = store.time.now
        return store.state.withLock { body(&$0, now) }
    }
}

extension MemoryStore.State {
    /// Where the messages of chords go that end, found out before anything is changed.
    func routes(of chords: [ChordEnd]) throws(TransportError) -> [(end: ChordEnd, routes: [[String]])] {
        try chords.map { end throws(TransportError) in (end, try broker.routes(of: end.publish)) }
    }

    mutating func end(_ chords: [(end: ChordEnd, routes: [[String]])], now: Timestamp) {
        for (end, routes) in chords {
            guard change(end.groupID, now: now, { $0.finish(by: end.claimant, now: now) }) else { continue }
            broker.add(end.publish, to: routes, now: now)
        }
    }

    /// Changes a chord, which is new when nothing is known of it or what was has expired.
    mutating func change<Value>(
        _ groupID: String,
        now: Timestamp,
        new: MemoryChord = MemoryChord(),
        _ body: (inout MemoryChord) -> Value
    ) -> Value {
        if let chord = chords[groupID], chord.isOver(at: now) { chords[groupID] = nil }
        return body(&chords[groupID, default: new])
    }

    /// The results of a group, unless they have expired.
    func group(_ id: String, now: Timestamp) -> CeleryValue? {
        guard let stored = groups[id], !stored.isOver(at: now) else { return nil }
        return stored.tuple
    }

    mutating func keep(_ id: String, _ tuple: CeleryValue, expires: Duration?, now: Timestamp) {
        groups[id] = MemoryStore.StoredGroup(tuple: tuple, expires: expires.map { now.advanced(by: $0) })
    }
}
