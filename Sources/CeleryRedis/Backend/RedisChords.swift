//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// Counts chords in the keys in which Celery counts them, so that workers of both kinds can complete one chord.
///
/// Source: celery/backends/redis.py of 5.7. Unlike there a claim is given again to its holder, so that a part that comes back
/// after its worker's death completes the chord.
struct RedisChords: ChordStore {
    let client: RedisClient
    let codec: WireCodec
    let commands: ChordCommands

    func start(_ chords: [ChordStart], timeout: Duration) async throws(TransportError) {
        let anew = chords.filter(\.isAnew)
        if !anew.isEmpty {
            let batch = try commands.startAnew(anew, codec: codec)
            _ = try await naming(anew.map(\.groupID)) { () throws(TransportError) in
                try await client.send(batch, timeout: timeout)
            }
        }
        var repeated: [(start: ChordStart, nested: [UInt8]?)] = []
        for chord in chords where !chord.isAnew {
            let nested = try chord.nested.map { tuple throws(TransportError) in
                try ChordCommands.encoded(group: chord.groupID, tuple, codec)
            }
            repeated.append((chord, nested))
        }
        guard !repeated.isEmpty else { return }
        _ = try await naming(repeated.map(\.start.groupID)) { () throws(TransportError) in
            try await client.sendScripts(timeout: timeout) { commands.start(repeated, $0) }
        }
    }

    func count(_ parts: [ChordPart], timeout: Duration) async throws(TransportError) -> [ChordProgress] {
        guard !parts.isEmpty else { return [] }
        let encoded = try parts.map { part throws(TransportError) in try ChordCommands.Encoded(part, codec: codec) }
        let replies = try await naming(parts.map(\.groupID)) { () throws(TransportError) in
            try await client.sendScripts(timeout: timeout) { commands.count(encoded, $0) }
        }
        guard replies.count == parts.count else {
            throw TransportError(
                .unavailable,
                "\(client.configuration.location) answered some parts of chords only: try again"
            )
        }
        var progress: [ChordProgress] = []
        for (part, reply) in zip(parts, replies) { progress.append(try read(reply.elements, part)) }
        return progress
    }

    func finish(_ claims: [ChordClaim], timeout: Duration) async throws(TransportError) {
        guard !claims.isEmpty else { return }
        _ = try await client.sendScripts(timeout: timeout) { commands.finish(claims, $0) }
    }

    func extend(
        _ groupID: String,
        by count: Int,
        as addition: String,
        timeout: Duration
    ) async throws(TransportError) {
        _ = try await naming([groupID]) { () throws(TransportError) in
            try await client.sendScripts(timeout: timeout) { commands.extend(groupID, by: count, as: addition, $0) }
        }
    }

    func additions(
        to groupID: String,
        beginningWith prefix: String,
        timeout: Duration
    ) async throws(TransportError) -> [String] {
        let keys = commands.keys(groupID)
        var batch = RedisCommands()
        // They mean nothing where what they are counted in is not there.
        batch.add("EXISTS", keys.extra)
        batch.add("HGETALL", keys.additions)
        let replies = try await naming([groupID]) { () throws(TransportError) in
            try await client.send(batch, timeout: timeout)
        }
        guard replies.count == 2, replies[0].int == 1 else { return [] }
        let words = replies[1].elements.compactMap(\.string)
        return stride(from: 0, to: words.count - 1, by: 2)
            .filter { words[$0].hasPrefix(prefix) }
            .map { ChordAddition.joined(words[$0], words[$0 + 1]) }
    }

    private func read(_ reply: [RESPValue], _ part: ChordPart) throws(TransportError) -> ChordProgress {
        switch reply.first?.string {
        case "over": return .over
        case "waiting": return .waiting
        case "claimed" where reply.count == 2: return .claimed(by: reply[1].string ?? "")
        case "complete" where reply.count >= 2:
            return .complete(try claim(reply[1].elements, reply.dropFirst(2).first, part))
        case "broken" where reply.count == 2:
            throw unreadable(reply[1].string ?? "", "it holds no number", nil)
        default:
            throw TransportError(
                .unavailable,
                "\(client.configuration.location) gave no answer to a part of chord \(part.groupID): try again"
            )
        }
    }

    private func claim(
        _ members: [RESPValue],
        _ group: RESPValue?,
        _ part: ChordPart
    ) throws(TransportError) -> ChordClaim {
        let keys = commands.keys(part.groupID)
        var claim = ChordClaim(groupID: part.groupID, claimant: part.claimant, members: [])
        claim.members.reserveCapacity(members.count)
        do throws(WireError) {
            for member in members {
                let stored = try codec.decodeStoredChordPart(member.bytes ?? [])
                claim.members.append(.init(taskID: stored.taskID, state: stored.state, value: stored.value))
            }
        } catch {
            throw unreadable(keys.parts, "a part of a chord in it cannot be read", error)
        }
        do throws(WireError) {
            claim.nested = try group?.bytes.map { bytes throws(WireError) in try codec.decodeStoredGroup(bytes) }
        } catch {
            throw unreadable(keys.group, "the group in it cannot be read", error)
        }
        return claim
    }

    private func unreadable(_ key: String, _ what: String, _ error: WireError?) -> TransportError {
        let advice =
            switch error?.code {
            case .contentDisallowed?: "name its serializer in result_accept_content, or store results as json"
            case .unsupported?: "register the serializer or compression it was written with, or store results as json"
            default: "delete the key and send the chord again"
            }
        return TransportError(
            .misconfigured,
            "\(key) at \(client.configuration.location): \(what); \(advice)",
            cause: error
        )
    }

    /// Says which keys hold something else than counters.
    private func naming<Value>(
        _ groupIDs: [String],
        _ body: () async throws(TransportError) -> Value
    ) async throws(TransportError) -> Value {
        do throws(TransportError) {
            return try await body()
        } catch {
            guard let cause = error.cause as? RESPError, Self.isAboutContent(cause) else { throw error }
            let keys = Set(groupIDs).sorted().prefix(3).map { commands.keys($0).group + ".*" }
            throw TransportError(
                .misconfigured,
                "\(keys.joined(separator: ", ")) at \(client.configuration.location): something else than the counters of a chord "
                    + "lies there. Set result_chord_ordered alike in all programs, else delete the keys and send the chord again",
                cause: cause
            )
        }
    }

    private static func isAboutContent(_ error: RESPError) -> Bool {
        error.code == "WRONGTYPE" || error.message.contains("WRONGTYPE") || error.message.contains("not an integer")
    }
}
#endif
