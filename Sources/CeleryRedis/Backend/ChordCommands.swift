//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// The commands that count chords.
struct ChordCommands {
    /// A part whose bytes are made.
    struct Encoded {
        var part: ChordPart
        var bytes: [UInt8]
        /// How much of it is the same whatever came of the task.
        var head: Int

        init(_ part: ChordPart, codec: WireCodec) throws(TransportError) {
            self.part = part
            let stored = StoredChordPart(taskID: part.taskID, state: part.state, value: part.value)
            do throws(WireError) {
                (bytes, head) = try codec.encodeStored(stored)
            } catch {
                throw TransportError(
                    .unsupported,
                    "the result of task \(part.taskID) cannot be written as \(codec.resultSerializer)",
                    cause: error
                )
            }
        }
    }

    /// In front of all keys.
    var prefix: String
    /// Whether parts lie in a sorted set, or in a list in the order in which they ended (`result_chord_ordered`).
    var isOrdered: Bool
    var claim: Duration

    func keys(_ groupID: String) -> ChordKeys { ChordKeys(groupID, prefix: prefix) }

    /// Of those that begin anew. The size comes last: with it the chord may be complete.
    func startAnew(_ chords: [ChordStart], codec: WireCodec) throws(TransportError) -> RedisCommands {
        var commands = RedisCommands(capacity: 64 + chords.count * 400)
        for chord in chords {
            let (keys, life) = (keys(chord.groupID), chord.expires.map(RedisResultKeys.milliseconds))
            if let nested = chord.nested {
                let payload = try Self.encoded(group: chord.groupID, nested, codec)
                ResultCommands.set(keys.group, payload, life: life, in: &commands)
            }
            commands.add("DEL", keys.claim)
            if let life {
                commands.add("PEXPIRE", keys.extra, life)
            } else {
                commands.add("PERSIST", keys.extra)
            }
            ResultCommands.set(keys.size, Array(String(chord.size).utf8), life: life, in: &commands)
        }
        return commands
    }

    /// Of those that may be known already; with the results of nested headers, encoded.
    func start(_ chords: [(start: ChordStart, nested: [UInt8]?)], _ form: RedisScript.Form) -> RedisCommands {
        var commands = RedisCommands(capacity: 64 + chords.count * 700)
        for (chord, nested) in chords {
            let keys = keys(chord.groupID)
            RedisScript.startChord.begin(form, keys: 4, arguments: 3, in: &commands)
            for key in [keys.claim, keys.size, keys.extra, keys.group] { commands.argument(key) }
            commands.argument(chord.size)
            commands.argument(chord.expires.map(RedisResultKeys.milliseconds) ?? 0)
            commands.argument(nested ?? [])
        }
        return commands
    }

    func count(_ parts: [Encoded], _ form: RedisScript.Form) -> RedisCommands {
        var commands = RedisCommands(capacity: parts.reduce(64) { $0 + $1.bytes.count + 700 })
        for encoded in parts {
            let (part, keys) = (encoded.part, keys(encoded.part.groupID))
            RedisScript.countChordPart.begin(form, keys: 6, arguments: 8, in: &commands)
            for key in [keys.parts, keys.extra, keys.size, keys.seen, keys.claim, keys.group] { commands.argument(key) }
            commands.argument(part.taskID)
            commands.argument(part.index.map(String.init) ?? "+inf")
            commands.argument(encoded.bytes)
            commands.argument(encoded.head)
            commands.argument(isOrdered ? 1 : 0)
            commands.argument(part.expires.map(RedisResultKeys.milliseconds) ?? 0)
            commands.argument(part.wantsClaim ? RedisResultKeys.milliseconds(part.claim(claim)) : 0)
            commands.argument(part.claimant)
        }
        return commands
    }

    func finish(_ claims: [ChordClaim], _ form: RedisScript.Form) -> RedisCommands {
        var commands = RedisCommands(capacity: 64 + claims.count * 500)
        for claim in claims {
            let keys = keys(claim.groupID)
            RedisScript.finishChord.begin(form, keys: 6, arguments: 2, in: &commands)
            for key in [keys.claim, keys.parts, keys.extra, keys.size, keys.seen, keys.additions] {
                commands.argument(key)
            }
            commands.argument(claim.claimant)
            commands.argument(ChordTimes.over.components.seconds)
        }
        return commands
    }

    /// - Parameter publishing: What sends the messages, as the words of each command.
    func end(
        _ chord: ChordEnd,
        publishing: [[[UInt8]]],
        results: Int,
        messages: Int,
        into commands: inout RedisCommands
    ) {
        let keys = keys(chord.groupID)
        let words = publishing.reduce(0) { $0 + 1 + $1.count }
        RedisScript.endChord.begin(.text, keys: 6, arguments: 4 + words, in: &commands)
        for key in [keys.claim, keys.parts, keys.extra, keys.size, keys.seen, keys.additions] { commands.argument(key) }
        commands.argument(chord.claimant)
        commands.argument(ChordTimes.over.components.seconds)
        commands.argument(results)
        commands.argument(messages)
        for command in publishing {
            commands.argument(command.count)
            for word in command { commands.argument(word) }
        }
    }

    func extend(
        _ groupID: String,
        by count: Int,
        as addition: String,
        _ form: RedisScript.Form
    ) -> RedisCommands {
        let keys = keys(groupID)
        var commands = RedisCommands(capacity: 512)
        let (name, rest) = ChordAddition.split(addition)
        RedisScript.extendChord.begin(form, keys: 5, arguments: 4, in: &commands)
        for key in [keys.extra, keys.size, keys.parts, keys.claim, keys.additions] { commands.argument(key) }
        commands.argument(count)
        commands.argument(RedisResultKeys.milliseconds(ChordTimes.unknown))
        commands.argument(name)
        commands.argument(rest)
        return commands
    }

    /// A group as it is stored.
    static func encoded(
        group id: String,
        _ tuple: CeleryValue,
        _ codec: WireCodec
    ) throws(TransportError) -> [UInt8] {
        do throws(WireError) {
            return try codec.encodeStored(group: tuple)
        } catch {
            throw TransportError(
                .unsupported,
                "group \(id) cannot be written as \(codec.resultSerializer)",
                cause: error
            )
        }
    }
}
#endif
