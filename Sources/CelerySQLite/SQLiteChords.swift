//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire

/// Counts chords in a file, each call in one transaction. The results of nested headers lie among the groups, as on Redis.
struct SQLiteChords: ChordStore {
    let store: SQLiteStore
    let limits: WireLimits
    /// How long the claim to send a body lasts.
    let claim: Duration

    func start(_ chords: [ChordStart], timeout: Duration) async throws(TransportError) {
        var encoded: [(ChordStart, [UInt8]?)] = []
        for chord in chords { encoded.append((chord, try chord.nested.map(StoredTuple.encode))) }
        try await store.write(timeout: timeout) { [encoded] in
            for (chord, nested) in encoded { try $0.start(chord, nested: nested) }
        }
    }

    func count(_ parts: [ChordPart], timeout: Duration) async throws(TransportError) -> [ChordProgress] {
        guard !parts.isEmpty else { return [] }
        var encoded: [EncodedChordPart] = []
        for part in parts { encoded.append(EncodedChordPart(part: part, value: try Self.encode(part), claim: claim)) }
        let counted = try await store.write(timeout: timeout) { [encoded] in try encoded.map($0.count) }
        var progress: [ChordProgress] = []
        for (part, counted) in zip(parts, counted) { progress.append(try describe(counted, part)) }
        return progress
    }

    func finish(_ claims: [ChordClaim], timeout: Duration) async throws(TransportError) {
        guard !claims.isEmpty else { return }
        try await store.write(timeout: timeout) {
            for claim in claims { try $0.finish(claim.groupID, by: claim.claimant) }
        }
    }

    func extend(
        _ groupID: String,
        by count: Int,
        as addition: String,
        timeout: Duration
    ) async throws(TransportError) {
        try await store.write(timeout: timeout) { try $0.extend(groupID, by: count, as: addition) }
    }

    func additions(
        to groupID: String,
        beginningWith prefix: String,
        timeout: Duration
    ) async throws(TransportError) -> [String] {
        try await store.write(timeout: timeout) { try $0.additions(to: groupID, beginningWith: prefix) }
    }

    private static func encode(_ part: ChordPart) throws(TransportError) -> [UInt8] {
        do throws(WireError) {
            return try part.value.json()
        } catch {
            throw TransportError(
                .unsupported,
                "the result of task \(part.taskID) cannot be written as JSON",
                cause: error
            )
        }
    }

    private func describe(_ counted: CountedPart, _ part: ChordPart) throws(TransportError) -> ChordProgress {
        guard case .complete(let members, let nested) = counted else {
            return switch counted {
            case .over: .over
            case .claimed(let claimant): .claimed(by: claimant)
            default: .waiting
            }
        }
        let location = store.options.path
        var claim = ChordClaim(groupID: part.groupID, claimant: part.claimant, members: [])
        for member in members {
            let value = try StoredTuple.decode(
                member.value,
                "what task \(member.taskID) gave to chord \(part.groupID) in \(location)",
                limits: limits
            )
            claim.members.append(.init(taskID: member.taskID, state: TaskState(rawValue: member.state), value: value))
        }
        claim.nested = try nested.map { bytes throws(TransportError) in
            try StoredTuple.value(bytes, ofGroup: part.groupID, in: location, limits: limits)
        }
        return .complete(claim)
    }
}

/// The JSON that groups and parts of chords are kept as.
enum StoredTuple {
    static func encode(_ tuple: CeleryValue) throws(TransportError) -> [UInt8] {
        do throws(WireError) {
            return try EncodedValue(tuple).json()
        } catch {
            throw TransportError(.unsupported, "the results of a group cannot be written as JSON", cause: error)
        }
    }

    static func value(
        _ bytes: [UInt8],
        ofGroup id: String,
        in location: String,
        limits: WireLimits
    ) throws(TransportError) -> CeleryValue {
        let what = "group \(id) in \(location)"
        let encoded = try decode(bytes, what, limits: limits)
        do throws(WireError) {
            return try encoded.value(limits: limits)
        } catch {
            throw unreadable(what, error)
        }
    }

    static func decode(_ bytes: [UInt8], _ what: String, limits: WireLimits) throws(TransportError) -> EncodedValue {
        do throws(WireError) {
            return try EncodedValue(json: bytes, limits: limits)
        } catch {
            throw unreadable(what, error)
        }
    }

    private static func unreadable(_ what: String, _ error: WireError) -> TransportError {
        TransportError(
            .misconfigured,
            "\(what) cannot be read: forget it and send its tasks again, or use the program that stored it",
            cause: error
        )
    }
}
#endif
