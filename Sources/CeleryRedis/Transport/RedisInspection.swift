//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// Looks at what a server holds, for people and tools.
struct RedisInspection {
    let store: RedisStore

    private var keys: RedisKeys { store.keys }

    func purge(_ queues: [String]) async throws(TransportError) -> Int {
        var commands = RedisCommands()
        for queue in queues {
            for list in keys.lists(queue) { commands.add("LLEN", list) }
            commands.add("ZCARD", keys.parked(queue))
            // DEL would hold up everybody until the last of a million messages is freed.
            commands.add("UNLINK", list: keys.lists(queue) + [keys.parked(queue)])
        }
        let answers = try await together(commands)
        let width = keys.steps.count + 2
        return answers.enumerated()
            .reduce(0) { sum, item in
                item.offset % width == width - 1 ? sum : sum + Int(item.element.int ?? 0)
            }
    }

    func status(of names: [String]) async throws(TransportError) -> [QueueStatus] {
        let queues = names.isEmpty ? try await allQueues() : names
        guard !queues.isEmpty else { return [] }
        let epochs = try await records()
        var commands = RedisCommands()
        for queue in queues {
            for list in keys.lists(queue) { commands.add("LLEN", list) }
            commands.add("ZCARD", keys.parked(queue))
        }
        for (id, record) in epochs {
            let epoch = keys.epoch(id)
            commands.add("HKEYS", epoch.held)
            for place in record.lists.indices { commands.add("LLEN", epoch.taken(list: place)) }
        }
        // A place that was given up holds no list.
        let queuesEnd = queues.count * (keys.steps.count + 1)
        var answers = try await together(commands, tolerating: queuesEnd...)[...]
        var status: [QueueStatus] = []
        for queue in queues {
            var entry = QueueStatus(name: queue)
            for _ in keys.steps { entry.ready += Int(answers.popFirst()?.int ?? 0) }
            entry.delayed = Int(answers.popFirst()?.int ?? 0)
            status.append(entry)
        }
        let held = Self.held(epochs.map(\.record), keys, &answers)
        for index in status.indices { status[index].held = held[status[index].name] ?? 0 }
        let oldest = await oldest(in: status.filter { $0.ready > 0 }.map(\.name))
        for index in status.indices { status[index].oldest = oldest[status[index].name] }
        return status
    }

    /// When the oldest messages that could be taken were sent, of queues where that is known: it is not of Python's messages. Nothing from
    /// a server that runs no scripts, as a full one.
    private func oldest(in queues: [String]) async -> [String: Timestamp] {
        guard !queues.isEmpty else { return [:] }
        let lists = queues.flatMap { queue in keys.lists(queue).map { (queue, $0) } }
        var commands = RedisCommands()
        commands.add("EVAL", RedisScripts.oldest, lists.count, list: lists.map(\.1))
        guard let reply = try? await store.client.sendRaw(commands).first, reply.error == nil else { return [:] }
        var oldest: [String: Timestamp] = [:]
        let words = reply.elements
        for (index, (queue, _)) in lists.enumerated() where 2 * index + 1 < words.count {
            guard let sent = words[2 * index].string.flatMap(TaskID.time(in:)) else { continue }
            let due = words[2 * index + 1].string.flatMap { Int64($0) }.map { Timestamp(microseconds: $0) }
            let time = max(sent, due ?? sent)
            oldest[queue] = min(time, oldest[queue] ?? time)
        }
        return oldest
    }

    /// In one transaction; one after the other where the server is full, which then refuses all transactions.
    ///
    /// - Parameter taken: From where on keys may hold something else than what is asked for, which counts as nothing.
    private func together(
        _ commands: RedisCommands,
        tolerating taken: PartialRangeFrom<Int> = Int.max...
    ) async throws(TransportError) -> [RESPValue] {
        var transaction = RedisCommands(capacity: commands.size + 64)
        transaction.add("MULTI")
        transaction.append(commands)
        transaction.add("EXEC")
        let location = store.configuration.location
        func checked(_ answers: [RESPValue]) throws(TransportError) -> [RESPValue] {
            for (index, answer) in answers.enumerated() {
                guard let error = answer.error, error.code != "WRONGTYPE" || !taken.contains(index) else { continue }
                throw RedisFailure.error(error, at: location)
            }
            return answers
        }
        let replies = try await store.client.sendRaw(transaction)
        do throws(TransportError) {
            if let answers = replies.last, answers.error == nil { return try checked(answers.elements) }
            if let error = RedisFailure.first(in: replies) { throw RedisFailure.error(error, at: location) }
            return []
        } catch  where error.code == .full {
            return try checked(try await store.client.sendRaw(commands))
        }
    }

    func postponed(in queues: [String], limit: Int) async throws(TransportError) -> [PostponedMessage] {
        guard !queues.isEmpty, limit > 0 else { return [] }
        var commands = RedisCommands()
        for queue in queues { commands.add("ZRANGE", keys.parked(queue), 0, limit - 1, "WITHSCORES") }
        let replies = try await store.client.send(commands)
        var found: [PostponedMessage] = []
        for (queue, reply) in zip(queues, replies) {
            for (member, score) in reply.scored {
                guard let (_, bytes) = member.bytes.flatMap({ Addressed.split($0) }),
                    let (message, _) = try? StoredMessage.decode(bytes, limits: store.codec.limits)
                else { continue }
                let due = Timestamp(microseconds: Int64(score))
                found.append(PostponedMessage(queue: queue, message: message, due: due))
            }
        }
        return Array(found.sorted { $0.due < $1.due }.prefix(limit))
    }

    func bindings() async throws(TransportError) -> [Binding] {
        var bindings: [Binding] = []
        for exchange in try await exchanges() {
            bindings += try await store.router.table(of: exchange, isFresh: true).bindings
        }
        bindings.sort { ($0.exchange, $0.queue, $0.routingKey) < ($1.exchange, $1.queue, $1.routingKey) }
        let own = try await allQueues().map { Binding(exchange: "", kind: .direct, routingKey: $0, queue: $0) }
        return own + bindings
    }

    func consumers() async throws(TransportError) -> [ConsumerPresence] {
        let epochs = try await records()
        var commands = RedisCommands()
        commands.add("HGETALL", keys.seen)
        for (id, _) in epochs { commands.add("EXISTS", keys.epoch(id).lease) }
        let replies = try await store.client.send(commands)
        let now = store.time.now
        var found: [String: ConsumerPresence] = [:]
        for (name, value) in replies[0].pairs {
            guard let seen = value.bytes.flatMap({ SeenRecord($0) }) else { continue }
            found[name] = ConsumerPresence(
                name: name,
                queues: seen.queues,
                lastSeen: Timestamp(microseconds: seen.at),
                isAlive: false
            )
        }
        for ((_, record), reply) in zip(epochs, replies.dropFirst()) where reply.int == 1 {
            found[record.name] = ConsumerPresence(
                name: record.name,
                queues: record.queues,
                lastSeen: now,
                isAlive: true
            )
        }
        return found.values.sorted { $0.name < $1.name }
    }

    /// The epochs that the server knows.
    func records() async throws(TransportError) -> [(id: String, record: EpochRecord)] {
        var commands = RedisCommands()
        commands.add("HGETALL", keys.epochs)
        return try await store.client.send(commands)[0].pairs
            .compactMap { id, value in value.bytes.flatMap { EpochRecord($0) }.map { (id, $0) } }
    }

    /// Names of all queues: ours, and those that are bound to an exchange.
    func allQueues() async throws(TransportError) -> [String] {
        var commands = RedisCommands()
        commands.add("SMEMBERS", keys.queues)
        var names = Set(try await store.client.send(commands)[0].elements.compactMap(\.string))
        for exchange in try await exchanges() {
            names.formUnion(try await store.router.table(of: exchange).bindings.map(\.queue))
        }
        return names.filter { !$0.hasSuffix(".pidbox") && !$0.hasPrefix("celeryev") }.sorted()
    }

    /// Exchanges that have bindings, kombu's own for commands and events left out.
    private func exchanges() async throws(TransportError) -> [String] {
        let start = keys.binding("")
        var cursor = "0"
        var names: Set<String> = []
        repeat {
            var commands = RedisCommands()
            commands.add("SCAN", cursor, "MATCH", Self.escaped(start) + "*", "COUNT", 1000, "TYPE", "set")
            let answer = try await store.client.send(commands)[0].elements
            cursor = answer.first?.string ?? "0"
            for key in answer.last?.elements.compactMap(\.string) ?? [] {
                names.insert(String(key.dropFirst(start.count)))
            }
        } while cursor != "0"
        return names.filter { !$0.hasSuffix("pidbox") && $0 != "celeryev" }.sorted()
    }

    private static func escaped(_ pattern: String) -> String {
        pattern.map { "*?[]\\".contains($0) ? "\\\($0)" : String($0) }.joined()
    }

    /// How much of each queue is held; an obituary counts for none.
    private static func held(
        _ records: [EpochRecord],
        _ keys: RedisKeys,
        _ answers: inout ArraySlice<RESPValue>
    ) -> [String: Int] {
        var held: [String: Int] = [:]
        for record in records {
            let queues = record.lists.map { $0 == keys.obituaries ? "" : keys.queue(of: $0) }
            for name in answers.popFirst()?.elements.compactMap(\.string) ?? [] {
                guard let field = HeldField(name), queues.indices.contains(field.list) else { continue }
                held[queues[field.list], default: 0] += 1
            }
            for queue in queues { held[queue, default: 0] += Int(answers.popFirst()?.int ?? 0) }
        }
        return held
    }
}
#endif
