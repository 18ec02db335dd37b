//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// What an epoch without a readable record has left behind.
///
/// The lists that its messages came from are not known; each goes where it would be sent to today, and to the dead letters
/// when that is not one queue.
struct EpochRemains: Sendable {
    let examination: Examination
    let keys: EpochKeys
    /// The keys that are there.
    let names: [String]

    private var store: RedisStore { examination.store }
    private var taken: [String] { names.filter { $0.hasPrefix(keys.base + ".taken.") } }

    func exists() async throws(TransportError) -> Bool {
        var commands = RedisCommands()
        commands.add("EXISTS", list: names)
        return try await examination.send(commands)[0].int != 0
    }

    /// How many messages it holds.
    func count() async throws(TransportError) -> Int64 {
        var commands = RedisCommands()
        commands.add("HLEN", keys.held)
        for key in taken { commands.add("LLEN", key) }
        return try await examination.send(commands).reduce(0) { $0 + ($1.int ?? 0) }
    }

    /// Gives all of it back and deletes the rest, in one transaction.
    ///
    /// - Returns: False when it lives, or somebody else was at it.
    func giveBack() async throws(TransportError) -> Bool {
        guard try await examination.ask("EVAL", RedisScripts.condemn, 2, keys.lease, keys.fence).int == 1 else {
            return false
        }
        var look = RedisCommands()
        look.add("WATCH", list: [keys.held, keys.begun, keys.fetched, keys.waiting] + taken)
        look.add("HGETALL", keys.held)
        look.add("HGETALL", keys.begun)
        look.add("GET", keys.fetched)
        look.add("GET", keys.waiting)
        for key in taken { look.add("LRANGE", key, 0, -1) }
        let found = try await examination.send(look)
        var commands = RedisCommands()
        commands.add("MULTI")
        // The newest first, for they are put in front of each other.
        let lists = found.dropFirst(5).map { $0.elements.compactMap(\.bytes) }
        let places = taken.map { Int($0.dropFirst(keys.taken(list: 0).count - 1)) ?? -1 }
        let counts = Dictionary(zip(places, lists.map(\.count)), uniquingKeysWith: { $1 })
        let notes = found[3...4].map { $0.string.flatMap { TakenRecord($0) } }
        let begun = TakenRecord.begun(notes, counts, started: nil)
        for (place, messages) in zip(places, lists) {
            for (index, bytes) in messages.enumerated() {
                await append(bytes, begun: begun[place]?[index] ?? nil, to: &commands)
            }
        }
        let marks = Dictionary(found[2].pairs.map { ($0.key, $0.value.bytes?.first) }, uniquingKeysWith: { $1 })
        let held = found[1].pairs
            .compactMap { name, value in value.bytes.map { (name: name, tag: HeldField(name)?.tag ?? 0, bytes: $0) } }
            .sorted { $0.tag > $1.tag }
        for (name, _, bytes) in held {
            let mark = (marks[name] ?? bytes.first).flatMap { HeldMark(rawValue: $0) } ?? .held
            // Nobody can say what of the permitted has started: as in a sweep, that counts as begun.
            await append(Array(bytes.dropFirst()), begun: mark.mode(true), to: &commands)
        }
        commands.add("DEL", keys.held, keys.begun, keys.fetched, keys.waiting)
        // A fetch of it may still wait at the server, and which of them that is for is not known: nothing gets there any more.
        for key in taken { commands.add("SET", key, "", "EX", EpochEngine.closedLife) }
        commands.add("HDEL", store.keys.epochs, keys.id)
        commands.add("EXEC")
        return try await examination.send(commands).last?.isNull == false
    }

    private func append(_ bytes: [UInt8], begun: AcknowledgementMode?, to commands: inout RedisCommands) async {
        let plan = ReturnPlan(keys: store.keys, limits: store.codec.limits, now: store.now)
        guard let list = await list(of: bytes) else { return bury(bytes, plan, into: &commands) }
        plan.sweeping(list, bytes, begun: begun).append(to: &commands, keys: store.keys)
    }

    /// Where a message goes by its own account; nil when that is not to be told.
    private func list(of bytes: [UInt8]) async -> String? {
        // JSON has no zero bytes: only an obituary is addressed.
        if let (list, _) = Addressed.split(bytes), !list.isEmpty { return store.keys.obituaries }
        guard let message = try? Envelope.decode(bytes, limits: store.codec.limits),
            let route = try? await store.router.routes(of: [OutgoingMessage(message)], until: store.client.deadline)
                .first,
            route.queues.count == 1
        else { return nil }
        return route.queues.first.map { store.keys.list($0, priority: message.properties.priority) }
    }

    private func bury(_ bytes: [UInt8], _ plan: ReturnPlan, into commands: inout RedisCommands) {
        let writer = RoundWriter(
            keys: store.keys,
            epoch: keys,
            plan: plan,
            now: store.now,
            deadLetterRetention: store.deadLetterRetention,
            deadLetterLimit: store.deadLetterLimit
        )
        let letter = DeadLetterRecord(
            queue: "",
            list: store.keys.list("celery", priority: nil),
            reason: DeadLetterReason("orphaned", "held by a worker that died; the queue it came from is not known"),
            diedAt: store.now,
            bytes: bytes,
            limits: store.codec.limits
        )
        writer.bury(letter, into: &commands)
    }
}
#endif
