//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// Deliveries to be marked as begun.
struct BeginRequest {
    var marks: [BeginMark]
    var completion: (TransportError?) -> Void
}

/// Deliveries to be settled together.
struct SettleRequest {
    var dispositions: [(tag: UInt64, Settlement.Disposition)]
    /// What is published and stored with it, already in the form in which it is sent.
    var commands: RedisCommands
    var completion: (TransportError?) -> Void
}

/// What goes to the server in one transaction: all of it takes effect, or nothing.
struct Round {
    /// Goes into the fence, so that its fate can be told after a connection broke.
    var number: Int
    var filed: [UInt64] = []
    var begins: [BeginRequest] = []
    var settles: [SettleRequest] = []
    /// The epoch's end.
    var close: ((TransportError?) -> Void)?

    /// Tells the callers that it is not known whether it took effect; that is decided all the same when there is a connection.
    mutating func fail(_ error: TransportError) {
        for index in begins.indices {
            begins[index].completion(error)
            begins[index].completion = { _ in }
        }
        for index in settles.indices {
            settles[index].completion(error)
            settles[index].completion = { _ in }
        }
        close?(error)
        if close != nil { close = { _ in } }
    }
}

/// Writes the commands of rounds.
struct RoundWriter {
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
        begun: [UInt64: AcknowledgementMode],
        settled: Set<UInt64>,
        connection: (UInt64) -> Int,
        into commands: inout RedisCommands
    ) {
        guard !held.isEmpty else { return }
        let kept = held.filter { !settled.contains($0.field.tag) }
        if !kept.isEmpty {
            commands.begin("HSET", arguments: 1 + 2 * kept.count)
            commands.argument(epoch.held)
            for message in kept {
                commands.argument(message.field.text)
                commands.argument([HeldMark.letter(begun[message.field.tag])] + message.bytes)
            }
        }
        var counts: [String: Int] = [:]
        for message in held {
            let key = epoch.taken(connection: connection(message.field.tag), list: message.field.list)
            counts[key, default: 0] += 1
        }
        for (key, count) in counts { commands.add("LTRIM", key, 0, -1 - count) }
    }

    func mark(_ marks: [(HeldField, AcknowledgementMode)], into commands: inout RedisCommands) {
        guard !marks.isEmpty else { return }
        commands.begin("HSET", arguments: 1 + 2 * marks.count)
        commands.argument(epoch.begun)
        for (field, mode) in marks {
            commands.argument(field.text)
            commands.argument([HeldMark.letter(mode)])
        }
    }

    func release(_ held: [HeldMessage], into commands: inout RedisCommands) {
        let filed = held.filter(\.isFiled).map(\.field.text)
        if !filed.isEmpty { commands.add("HDEL", epoch.held, list: filed) }
        let marked = held.filter(\.hasMark).map(\.field.text)
        if !marked.isEmpty { commands.add("HDEL", epoch.begun, list: marked) }
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
    }

    /// Ends the epoch: everything goes back, the first to have been taken last, so that it is next.
    func close(_ held: [HeldMessage], record: EpochRecord, isDrained: Bool, into commands: inout RedisCommands) {
        for message in held.sorted(by: { $0.field.tag > $1.field.tag }) {
            plan.closing(message).append(to: &commands, keys: keys)
        }
        commands.add("DEL", epoch.held, epoch.begun, epoch.lease, epoch.fence)
        for place in record.lists.indices {
            commands.add("DEL", epoch.taken(connection: record.connection, list: place))
        }
        // What an older connection may have left is found by a sweep.
        if isDrained { commands.add("HDEL", keys.epochs, epoch.id) }
    }
}
#endif
