//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// What a memory store knows of one chord.
struct MemoryChord {
    /// A part's place among the others; parts of one place are ordered by their ids, as on Redis.
    struct Place: Hashable, Comparable {
        var index: Int
        var taskID: String

        static func < (a: Place, b: Place) -> Bool { (a.index, a.taskID) < (b.index, b.taskID) }
    }

    struct Claim {
        var claimant: String
        var ends: Timestamp
    }

    private var size: Int?
    private var extra = 0
    /// What is in ``extra``, by name, with what is kept of each.
    private var additions: [String: String] = [:]
    private var parts: [Place: ChordClaim.Member] = [:]
    private var claim: Claim?
    private var isFinished = false
    private var expires: Timestamp?

    /// Whether it is to be forgotten.
    func isOver(at now: Timestamp) -> Bool { expires.map { $0 <= now } ?? false }

    mutating func start(_ chord: ChordStart, now: Timestamp) {
        if isFinished, !chord.isAnew { return }
        size = chord.size
        expires = chord.expires.map { now.advanced(by: $0) }
        isFinished = false
        if chord.isAnew { claim = nil }
    }

    /// Counts a part; the claim it may give says nothing of nested results.
    mutating func count(_ part: ChordPart, now: Timestamp) -> ChordProgress {
        guard !isFinished else { return .over }
        let place = Place(index: part.index ?? .max, taskID: part.taskID)
        if parts[place] == nil {
            parts[place] = ChordClaim.Member(taskID: part.taskID, state: part.state, value: part.value)
        }
        if let life = part.expires { expires = now.advanced(by: life) }
        guard let size, parts.count >= size + extra else { return .waiting }
        if let claim, claim.claimant != part.claimant, claim.ends > now {
            return .claimed(by: claim.claimant)
        }
        guard part.wantsClaim else { return .waiting }
        claim = Claim(claimant: part.claimant, ends: now.advanced(by: part.claim(ChordTimes.claim)))
        let members = parts.sorted { $0.key < $1.key }.map(\.value)
        return .complete(ChordClaim(groupID: part.groupID, claimant: part.claimant, members: members))
    }

    /// Returns whether it was not over, and nobody else had the claim.
    mutating func finish(by claimant: String, now: Timestamp) -> Bool {
        guard !isFinished else { return false }
        if let claim, claim.claimant != claimant, claim.ends > now { return false }
        self = MemoryChord()
        isFinished = true
        expires = now.advanced(by: ChordTimes.over)
        return true
    }

    mutating func extend(by count: Int, as addition: String) {
        let (name, rest) = ChordAddition.split(addition)
        guard !isFinished, additions[name] == nil else { return }
        additions[name] = rest
        extra += count
    }

    func additions(beginningWith prefix: String) -> [String] {
        additions.filter { $0.key.hasPrefix(prefix) }.map { ChordAddition.joined($0.key, $0.value) }
    }

    /// One that was extended before anything else was known of it.
    static func unknown(now: Timestamp) -> MemoryChord {
        var chord = MemoryChord()
        chord.expires = now.advanced(by: ChordTimes.unknown)
        return chord
    }
}
