//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// Writes the commands of rounds.
struct RoundWriter {
    /// Where a fetch that waits puts what it takes.
    struct WaitingPlace {
        var place: Int
        /// Whether it may still take something, or has without anybody knowing.
        var isOpen: Bool
        /// How many messages lie there that are known.
        var known: Int
    }

    /// A script cannot pass on a command of more than some thousand words.
    private static func pieces<Element>(_ list: [Element]) -> [ArraySlice<Element>] {
        stride(from: 0, to: list.count, by: 2000).map { list[$0..<min($0 + 2000, list.count)] }
    }

    let keys: RedisKeys
    let epoch: EpochKeys
    let plan: ReturnPlan
    /// Microseconds since 1970.
    let now: Int64
    let deadLetterRetention: Duration
    let deadLetterLimit: Int

    /// Files what was taken, with the mark of those that begin in the same round; what is settled in it is only let go.
    func file(
        _ held: [HeldMessage],
        begun: [UInt64: HeldMark],
        settled: Set<UInt64>,
        into commands: inout RedisCommands
    ) {
        let kept = held.filter { !settled.contains($0.field.tag) }
        for kept in Self.pieces(kept) {
            commands.begin("HSET", arguments: 1 + 2 * kept.count)
            commands.argument(epoch.held)
            for message in kept {
                commands.argument(message.field)
                let mark = begun[message.field.tag] ?? message.mark
                commands.argument(mark.rawValue, message.bytes)
            }
        }
        // The oldest taken lie at the end.
        var counts: [Int: Int] = [:]
        for message in held where message.isTaken { counts[message.field.list, default: 0] += 1 }
        for (place, count) in counts { commands.add("LTRIM", epoch.taken(list: place), 0, -1 - count) }
    }

    func mark(_ marks: [(HeldField, HeldMark)], into commands: inout RedisCommands) {
        for marks in Self.pieces(marks) {
            commands.begin("HSET", arguments: 1 + 2 * marks.count)
            commands.argument(epoch.begun)
            for (field, mark) in marks {
                commands.argument(field)
                commands.argument([mark.rawValue])
            }
        }
    }

    func release(_ held: [HeldMessage], into commands: inout RedisCommands) {
        let filed = held.filter(\.isFiled).map(\.field)
        for filed in Self.pieces(filed) { commands.add("HDEL", epoch.held, list: filed) }
        let marked = held.filter(\.hasMark).map(\.field)
        for marked in Self.pieces(marked) { commands.add("HDEL", epoch.begun, list: marked) }
    }

    func dispose(_ message: HeldMessage, _ disposition: Settlement.Disposition, into commands: inout RedisCommands) {
        switch disposition {
        case .acknowledge: break
        case .requeue(let requeue): plan.requeue(message, requeue).append(to: &commands, keys: keys)
        case .deadLetter(let reason):
            let address = message.address(keys)
            let letter = DeadLetterRecord(
                queue: keys.queue(of: address.list),
                list: address.list,
                reason: reason,
                diedAt: now,
                bytes: address.bytes,
                limits: plan.limits
            )
            bury(letter, into: &commands)
        }
    }

    func bury(_ letter: DeadLetterRecord, into commands: inout RedisCommands) {
        let oldest = now - Int64(deadLetterRetention / .microseconds(1))
        commands.add(
            "EVAL",
            RedisScripts.bury,
            3,
            keys.deadCounter,
            keys.dead,
            keys.deadIndex,
            letter.encoded(),
            now,
            oldest,
            deadLetterLimit
        )
    }

    /// Ends the epoch: everything goes back, the first to have been taken last, so that it is next.
    ///
    /// - Parameter started: What has begun of what was permitted to.
    func close(
        _ held: [HeldMessage],
        _ record: EpochRecord,
        _ waiting: WaitingPlace?,
        started: Set<UInt64>,
        into commands: inout RedisCommands
    ) {
        // Those that were given up before are closed, and stay so.
        var closed = record.waitingPlaces
        if let waiting {
            if waiting.isOpen {
                let taken = epoch.taken(list: waiting.place)
                if waiting.known > 0 { commands.add("LTRIM", taken, 0, -1 - waiting.known) }
                commands.add("LMOVE", taken, record.lists[waiting.place], "LEFT", "RIGHT")
                commands.add("SET", taken, "", "EX", EpochEngine.closedLife)
            } else {
                closed.remove(waiting.place)
            }
        }
        for message in held.sorted(by: { $0.field.tag > $1.field.tag }) {
            plan.closing(message, hasStarted: started.contains(message.field.tag)).append(to: &commands, keys: keys)
        }
        commands.add("DEL", epoch.held, epoch.begun, epoch.fetched, epoch.waiting, epoch.lease, epoch.fence)
        commands.add("DEL", list: record.lists.indices.filter { !closed.contains($0) }.map { epoch.taken(list: $0) })
        commands.add("HDEL", keys.epochs, epoch.id)
    }
}
#endif
