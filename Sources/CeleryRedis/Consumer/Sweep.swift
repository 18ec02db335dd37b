//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import Logging
import NIOCore

/// Ends one epoch whose lease has run out, and gives back what it held.
///
/// First its fence is deleted, if there is no lease: from then on nothing of it takes effect, and what it holds lies still.
/// Then all of it goes back in one transaction, with which the epoch is gone. What that has read is watched, so that of two
/// who sweep one does it; and one who dies in between has left nothing that the next would not find.
struct Sweep: Sendable {
    let store: RedisStore
    let eventLoop: any EventLoop

    func run(_ id: String) async {
        do throws(TransportError) {
            let connector = RedisConnector(configuration: store.configuration, eventLoop: eventLoop)
            let connection = try await connector.connect()
            defer { connection.close() }
            try await end(id, over: connection)
        } catch {
            store.logger.warning(
                "cannot give back what a dead worker held",
                metadata: ["epoch": "\(id)", "reason": "\(error)"]
            )
        }
    }

    private func end(_ id: String, over connection: RedisConnection) async throws(TransportError) {
        let keys = store.keys.epoch(id)
        var condemn = RedisCommands()
        condemn.add("EVAL", RedisScripts.condemn, 2, keys.lease, keys.fence)
        condemn.add("HGET", store.keys.epochs, id)
        // Nothing notes another any more.
        condemn.add("GET", keys.waiting)
        let replies = try await replies(condemn, connection)
        guard replies[0].int == 1, let bytes = replies[1].bytes else { return }
        CutPoint.condemned.reached()
        guard let record = EpochRecord(bytes) else {
            store.logger.error("the record of epoch \(id) cannot be read: what it held is not given back; see doctor")
            return
        }
        let started = try JournalPlace.seal(record)
        CutPoint.journalSealed.reached()
        let waiting = replies[2].string.flatMap { TakenRecord($0) }
        for _ in 0..<10 {
            guard let count = try await giveBack(id, record, keys, waiting, started: started, over: connection) else {
                continue
            }
            CutPoint.swept.reached()
            if let journal = record.journal, started != nil { JournalPlace.remove(journal.path) }
            store.logger.warning(
                "gave back what a dead worker held",
                metadata: ["worker": "\(record.name)", "messages": "\(count)"]
            )
            return
        }
    }

    /// How many messages went back; nil when somebody else was at it.
    ///
    /// - Parameters:
    ///   - waiting: What is noted of the message that a fetch which waits has taken, if it has.
    ///   - started: What has begun of what was permitted to, by tag; nil when nobody can say, which counts as begun.
    private func giveBack(
        _ id: String,
        _ record: EpochRecord,
        _ keys: EpochKeys,
        _ waiting: TakenRecord?,
        started: [UInt64: AcknowledgementMode]?,
        over connection: RedisConnection
    ) async throws(TransportError) -> Int? {
        let taken = record.lists.indices.map { keys.taken(list: $0) }
        var look = RedisCommands()
        look.add("WATCH", list: [keys.held, keys.begun, keys.fetched] + taken)
        look.add("HGETALL", keys.held)
        look.add("HGETALL", keys.begun)
        look.add("GET", keys.fetched)
        for key in taken { look.add("LRANGE", key, 0, -1) }
        // A place that was given up holds no list.
        let found = try await replies(look, connection, tolerating: 4...)
        CutPoint.sweepRead.reached()
        let plan = ReturnPlan(keys: store.keys, limits: store.codec.limits, now: store.now)
        var commands = RedisCommands()
        commands.add("MULTI")
        var count = 0
        // The newest first, for they are put in front of each other.
        let lists = found.dropFirst(4).map { $0.elements.compactMap(\.bytes) }
        let counts = Dictionary(uniqueKeysWithValues: lists.enumerated().map { ($0.offset, $0.element.count) })
        let fetched = found[3].string.flatMap { TakenRecord($0) }
        let begun = TakenRecord.begun([fetched, waiting], counts, started: started)
        for (place, messages) in lists.enumerated() {
            for (index, bytes) in messages.enumerated() {
                plan.sweeping(record.lists[place], bytes, begun: begun[place]?[index] ?? nil)
                    .append(to: &commands, keys: store.keys)
                count += 1
            }
        }
        let marks = Dictionary(found[2].pairs.map { ($0.key, $0.value.bytes?.first) }, uniquingKeysWith: { $1 })
        for (field, bytes) in Self.held(found[1]) {
            let mark = (marks[field.text] ?? bytes.first).flatMap { HeldMark(rawValue: $0) } ?? .held
            let mode = mark.mode(started.map { $0[field.tag] != nil } ?? true)
            if record.lists.indices.contains(field.list) {
                plan.sweeping(record.lists[field.list], Array(bytes.dropFirst()), begun: mode)
                    .append(to: &commands, keys: store.keys)
            } else {
                bury(Array(bytes.dropFirst()), of: record, into: &commands)
            }
            count += 1
        }
        let closed = record.waitingPlaces
        let rest = record.lists.indices.filter { !closed.contains($0) }.map { keys.taken(list: $0) }
        commands.add("DEL", list: [keys.held, keys.begun, keys.fetched, keys.waiting] + rest)
        // What is still under way to the server is not to put anything there.
        for place in closed { commands.add("SET", keys.taken(list: place), "", "EX", EpochEngine.closedLife) }
        commands.add("HDEL", store.keys.epochs, id)
        commands.add("EXEC")
        return try await replies(commands, connection).last?.isNull == false ? count : nil
    }

    /// What was held, the newest first.
    private static func held(_ reply: RESPValue) -> [(HeldField, [UInt8])] {
        reply.pairs
            .compactMap { name, value in
                guard let bytes = value.bytes else { return nil }
                return (HeldField(name) ?? HeldField(tag: 0, list: .max), bytes)
            }
            .sorted { $0.0.tag > $1.0.tag }
    }

    /// A message whose list nobody knows is not dropped either.
    private func bury(_ bytes: [UInt8], of record: EpochRecord, into commands: inout RedisCommands) {
        let writer = RoundWriter(
            keys: store.keys,
            epoch: store.keys.epoch(""),
            plan: ReturnPlan(keys: store.keys, limits: store.codec.limits, now: store.now),
            now: store.now,
            deadLetterRetention: store.deadLetterRetention,
            deadLetterLimit: store.deadLetterLimit
        )
        let queue = record.queues.first ?? ""
        let letter = DeadLetterRecord(
            queue: queue,
            list: store.keys.list(queue, priority: nil),
            reason: DeadLetterReason(
                "orphaned",
                "held by \(record.name), which died; the queue it came from is not known"
            ),
            diedAt: store.now,
            bytes: bytes,
            limits: store.codec.limits
        )
        writer.bury(letter, into: &commands)
    }

    /// - Parameter taken: From where on keys may hold something else than what is asked for, which counts as nothing.
    private func replies(
        _ commands: RedisCommands,
        _ connection: RedisConnection,
        tolerating taken: PartialRangeFrom<Int> = Int.max...
    ) async throws(TransportError) -> [RESPValue] {
        var replies = try await connection.send(commands, timeout: store.configuration.timeout)
        for index in replies.indices where taken.contains(index) && replies[index].error?.code == "WRONGTYPE" {
            replies[index] = .array([])
        }
        if let error = RedisFailure.first(in: replies) {
            throw RedisFailure.error(error, at: store.configuration.location)
        }
        return replies
    }
}
#endif
