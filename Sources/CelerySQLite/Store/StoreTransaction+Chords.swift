//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire
import GRDB

/// A part of a chord whose value is already bytes.
struct EncodedChordPart: Sendable {
    var part: ChordPart
    var value: [UInt8]
    /// How long a claim lasts.
    var claim: Duration
}

/// The end of a chord whose messages are already bytes.
struct EncodedChordEnd: Sendable {
    var groupID: String
    var claimant: String
    var publish: [EncodedMessage]

    init(_ end: ChordEnd) {
        groupID = end.groupID
        claimant = end.claimant
        publish = end.publish.map { EncodedMessage($0) }
    }
}

/// What counting a part came to, with the bytes that a claim is made of.
enum CountedPart: Sendable {
    struct Member: Sendable {
        var taskID: String
        var state: String
        var value: [UInt8]
    }

    case waiting, over
    case claimed(by: String)
    case complete([Member], nested: [UInt8]?)
}

extension StoreTransaction {
    /// A row of `chord`.
    private struct Chord {
        var id: Int64
        var size: Int64?
        var extra: Int64
        var counted: Int64
        var claimant: String?
        var claimEnds: Int64
        var isOver: Bool
    }

    func start(_ chord: ChordStart, nested: [UInt8]?) throws {
        if let nested { try storeGroup(chord.groupID, nested, expires: chord.expires) }
        let id = try chordID(chord.groupID)
        if chord.isAnew {
            try database.query("UPDATE chord SET claimant = NULL, is_over = 0 WHERE id = ?").run(id)
        }
        try database.query("UPDATE chord SET size = ?, expires = ? WHERE id = ? AND is_over = 0")
            .run(chord.size, chord.expires.map(end), id)
    }

    func count(_ encoded: EncodedChordPart) throws -> CountedPart {
        let part = encoded.part
        var chord = try chord(try chordID(part.groupID))
        guard !chord.isOver else { return .over }
        try database.query(
            "INSERT OR IGNORE INTO chord_part(chord, place, task_id, state, value) VALUES(?, ?, ?, ?, ?)"
        )
        .run(chord.id, part.index ?? .max, part.taskID, part.state.rawValue, encoded.value)
        chord.counted += Int64(database.changes)
        try database.query("UPDATE chord SET counted = ?, expires = coalesce(?, expires) WHERE id = ?")
            .run(chord.counted, part.expires.map(end), chord.id)
        guard let size = chord.size, chord.counted >= size + chord.extra else { return .waiting }
        if let claimant = chord.claimant, claimant != part.claimant, chord.claimEnds > now {
            return .claimed(by: claimant)
        }
        guard part.wantsClaim else { return .waiting }
        try database.query("UPDATE chord SET claimant = ?, claim_ends = ? WHERE id = ?")
            .run(part.claimant, end(of: part.claim(encoded.claim)), chord.id)
        return .complete(try members(of: chord.id), nested: try group(part.groupID))
    }

    /// Forgets the counters, unless somebody else holds the claim. Returns whether it did, and the chord was not over before.
    @discardableResult
    func finish(_ groupID: String, by holder: String) throws -> Bool {
        let chord = try chord(try chordID(groupID))
        if chord.isOver { return false }
        if let claimant = chord.claimant, claimant != holder, chord.claimEnds > now { return false }
        try database.query("DELETE FROM chord_part WHERE chord = ?").run(chord.id)
        try database.query(
            "UPDATE chord SET size = NULL, extra = 0, counted = 0, claimant = NULL, is_over = 1, expires = ? WHERE id = ?"
        )
        .run(end(of: ChordTimes.over), chord.id)
        return true
    }

    func end(_ chords: [EncodedChordEnd]) throws {
        for end in chords where try finish(end.groupID, by: end.claimant) { try publish(end.publish) }
    }

    /// An addition lies among the parts, in a place that no part has and without a state.
    func extend(_ groupID: String, by count: Int, as addition: String) throws {
        let (name, rest) = ChordAddition.split(addition)
        let chord = try chord(try chordID(groupID, expires: end(of: ChordTimes.unknown)))
        guard !chord.isOver else { return }
        try database.query(
            "INSERT OR IGNORE INTO chord_part(chord, place, task_id, state, value) VALUES(?, ?, ?, '', ?)"
        )
        .run(chord.id, Int64.min, name, Array(rest.utf8))
        guard database.changes > 0 else { return }
        try database.query("UPDATE chord SET extra = extra + ? WHERE id = ?").run(count, chord.id)
    }

    func additions(to groupID: String, beginningWith prefix: String) throws -> [String] {
        var additions: [String] = []
        try database.query(
            """
            SELECT task_id, value FROM chord_part
            WHERE chord = (SELECT id FROM chord WHERE group_id = ? AND (expires IS NULL OR expires > ?)) AND state = ''
            """
        )
        .rows(groupID, now) { row in
            guard row.text(0).hasPrefix(prefix) else { return }
            additions.append(ChordAddition.joined(row.text(0), String(decoding: row.bytes(1), as: UTF8.self)))
        }
        return additions
    }

    /// Deletes expired chords, at most so many. Returns how many.
    func removeExpiredChords(limit: Int) throws -> Int {
        let expired = "(SELECT id FROM chord WHERE expires <= ? ORDER BY expires LIMIT ?)"
        try database.query("DELETE FROM chord_part WHERE chord IN \(expired)").run(now, limit)
        try database.query("DELETE FROM chord WHERE id IN \(expired)").run(now, limit)
        return database.changes
    }

    /// The row of a chord. It is new when nothing is known of it, or what was has expired.
    private func chordID(_ groupID: String, expires: Int64? = nil) throws -> Int64 {
        let expired = try database.query("DELETE FROM chord WHERE group_id = ? AND expires <= ? RETURNING id")
            .int(groupID, now)
        if let expired { try database.query("DELETE FROM chord_part WHERE chord = ?").run(expired) }
        try database.query("INSERT OR IGNORE INTO chord(group_id, expires) VALUES(?, ?)").run(groupID, expires)
        guard let id = try database.query("SELECT id FROM chord WHERE group_id = ?").int(groupID) else {
            throw TransportError(.unavailable, "the counters of chord \(groupID) in \(options.path) could not be made")
        }
        return id
    }

    private func chord(_ id: Int64) throws -> Chord {
        var chord = Chord(id: id, extra: 0, counted: 0, claimEnds: 0, isOver: false)
        try database.query("SELECT size, extra, counted, claimant, claim_ends, is_over FROM chord WHERE id = ?")
            .rows(id) { row in
                (chord.size, chord.extra, chord.counted) = (row.optionalInt(0), row.int(1), row.int(2))
                (chord.claimant, chord.claimEnds, chord.isOver) = (row.optionalText(3), row.int(4), row.int(5) != 0)
            }
        return chord
    }

    private func members(of chord: Int64) throws -> [CountedPart.Member] {
        var members: [CountedPart.Member] = []
        try database.query(
            "SELECT task_id, state, value FROM chord_part WHERE chord = ? AND state <> '' ORDER BY place, task_id"
        )
        .rows(chord) { members.append(.init(taskID: $0.text(0), state: $0.text(1), value: $0.bytes(2))) }
        return members
    }

    private func end(of life: Duration) -> Int64 { Timestamp(microseconds: now).advanced(by: life).microseconds }
}
#endif
