//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import Logging
import NIOCore

/// Forgets the names of workers and queues that have long gone, so that what is only for people to see has bounds, and queues of
/// fanout exchanges that live for as long as somebody takes from them.
struct Tidying: Sendable {
    let store: RedisStore
    /// For how long a worker that is gone is remembered.
    var memory = Duration.seconds(86400)
    /// For how long nobody has to have used a queue; longer than ``RedisRouter/notePatience``, after which who uses it names
    /// it again.
    var patience = Duration.seconds(3600)

    private var keys: RedisKeys { store.keys }

    /// - Parameter known: Since when queues have been unused.
    /// - Returns: The same, as it is now.
    func run(_ known: [String: NIODeadline]) async -> [String: NIODeadline] {
        do throws(TransportError) {
            try await forgetWorkers()
            try await forgetPassing()
            try await store.router.sweepBindings()
            return try await forgetQueues(known)
        } catch {
            store.logger.warning("cannot forget workers and queues of old", metadata: ["reason": "\(error)"])
            return known
        }
    }

    private func forgetWorkers() async throws(TransportError) {
        let living = Set(try await RedisInspection(store: store).records().map(\.record.name))
        let oldest = store.now - Int64(memory / .microseconds(1))
        var commands = RedisCommands()
        try await scan("HSCAN", keys.seen) { found in
            for (name, value) in RESPValue.array(found).pairs where !living.contains(name) {
                guard let bytes = value.bytes, SeenRecord(bytes)?.at ?? 0 < oldest else { continue }
                commands.add("EVAL", RedisScripts.forgetWorker, 1, keys.seen, name, bytes)
            }
        }
        if !commands.isEmpty { _ = try await store.client.send(commands) }
    }

    private func forgetPassing() async throws(TransportError) {
        let served = try await servedQueues()
        let now = store.now / 1000
        var look = RedisCommands()
        look.add("HGETALL", keys.exchanges)
        let exchanges = try await store.client.send(look)[0].pairs.filter { $0.value.string == "fanout" }.map(\.key)
        for exchange in exchanges {
            var find = RedisCommands()
            find.add("ZRANGEBYSCORE", keys.passingCopies(exchange), "-inf", "\(now)", "LIMIT", 0, 500)
            find.add("SMEMBERS", keys.binding(exchange))
            let found = try await store.client.send(find)
            let members = found[1].elements.compactMap(\.string)
            var commands = RedisCommands()
            for queue in found[0].elements.compactMap(\.string) where !served.contains(queue) {
                let lists = keys.lists(queue) + [keys.parked(queue)]
                let bound = members.filter { $0.hasSuffix(keys.separator + queue) }
                commands.begin("EVAL", arguments: 8 + lists.count + bound.count)
                commands.argument(RedisScripts.forgetPassing)
                commands.argument(4 + lists.count)
                commands.argument(keys.passingCopies(exchange))
                commands.argument(keys.copies(exchange))
                commands.argument(keys.binding(exchange))
                commands.argument(keys.permanentBinding(exchange))
                for list in lists { commands.argument(list) }
                commands.argument(queue)
                commands.argument("\(now)")
                for member in bound { commands.argument(member) }
            }
            if !commands.isEmpty { _ = try await store.client.send(commands) }
        }
    }

    private func forgetQueues(_ known: [String: NIODeadline]) async throws(TransportError) -> [String: NIODeadline] {
        let served = try await servedQueues()
        var queues: [String] = []
        try await scan("SSCAN", keys.queues) { queues += $0.compactMap(\.string).filter { !served.contains($0) } }
        var since: [String: NIODeadline] = [:]
        for chunk in stride(from: 0, to: queues.count, by: 500).map({ queues[$0..<min($0 + 500, queues.count)] }) {
            var look = RedisCommands()
            for queue in chunk { look.add("EXISTS", list: keys.lists(queue) + [keys.parked(queue)]) }
            for (queue, reply) in zip(chunk, try await store.client.send(look)) where reply.int == 0 {
                since[queue] = known[queue] ?? .now()
            }
        }
        let late = since.filter { $0.value + TimeAmount(patience) <= .now() }.map(\.key)
        guard !late.isEmpty else { return since }
        var commands = RedisCommands()
        for queue in late {
            let lists = keys.lists(queue) + [keys.parked(queue)]
            commands.begin("EVAL", arguments: 4 + lists.count)
            commands.argument(RedisScripts.forgetQueue)
            commands.argument(1 + lists.count)
            for key in [keys.queues] + lists { commands.argument(key) }
            commands.argument(queue)
        }
        _ = try await store.client.send(commands)
        // A worker may have come in between.
        let again = try await servedQueues().intersection(late)
        if !again.isEmpty {
            var names = RedisCommands()
            names.add("SADD", keys.queues, list: again)
            _ = try await store.client.send(names)
        }
        for queue in late { since[queue] = nil }
        return since
    }

    private func servedQueues() async throws(TransportError) -> Set<String> {
        Set(try await RedisInspection(store: store).records().flatMap(\.record.queues))
    }

    private func scan(
        _ command: StaticString,
        _ key: String,
        _ body: ([RESPValue]) -> Void
    ) async throws(TransportError) {
        var cursor = "0"
        repeat {
            var commands = RedisCommands()
            commands.add(command, key, cursor, "COUNT", 1000)
            let answer = try await store.client.send(commands)[0].elements
            cursor = answer.first?.string ?? "0"
            body(answer.last?.elements ?? [])
        } while cursor != "0"
    }
}
#endif
