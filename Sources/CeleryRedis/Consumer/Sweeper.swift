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

/// Ends epochs whose workers are gone and gives back what they held.
///
/// Used on one event loop; the sweeping itself has a connection of its own.
final class Sweeper {
    private let store: RedisStore
    /// Since when each epoch was found without a lease.
    private var silent: [String: NIODeadline] = [:]
    private var isSweeping = false
    private var isRestoring = false

    init(_ store: RedisStore) { self.store = store }

    /// Sweeps the epochs that have no lease.
    func saw(_ epochs: [(id: String, record: [UInt8])], loop: (any EventLoop)? = nil) {
        let known = silent
        silent = Dictionary(epochs.map { ($0.id, known[$0.id] ?? .now()) }, uniquingKeysWith: { first, _ in first })
        let dead = epochs.map { ($0.id, $0.record, silent[$0.id] ?? .now()) }
        guard !dead.isEmpty, !isSweeping, let loop else { return }
        isSweeping = true
        let sweep = Sweep(store: store)
        let sweeper = NIOLoopBound(self, eventLoop: loop)
        // Unstructured: it belongs to the epoch as a whole, and each of its steps has a deadline.
        Task {
            await sweep.run(dead, loop: loop)
            loop.execute { sweeper.value.isSweeping = false }
        }
    }
}

extension Sweeper {
    /// Looks for what Python workers have held for longer than the visibility timeout.
    func restore(loop: any EventLoop) {
        guard !isRestoring else { return }
        isRestoring = true
        let restore = KombuRestore(store: store)
        let sweeper = NIOLoopBound(self, eventLoop: loop)
        // Unstructured, as a sweep is.
        Task {
            await restore.run()
            loop.execute { sweeper.value.isRestoring = false }
        }
    }
}

/// One sweep.
struct Sweep: Sendable {
    let store: RedisStore

    func run(_ epochs: [(id: String, record: [UInt8], silentSince: NIODeadline)], loop: any EventLoop) async {
        do throws(TransportError) {
            let connector = RedisConnector(configuration: store.configuration, eventLoop: loop)
            let connection = try await connector.connect()
            defer { connection.close() }
            for (id, record, since) in epochs { try await end(id, record, since, over: connection) }
        } catch {
            store.logger.warning("cannot give back what a dead worker held", metadata: ["reason": "\(error)"])
        }
    }

    private func end(
        _ id: String,
        _ bytes: [UInt8],
        _ silentSince: NIODeadline,
        over connection: RedisConnection
    ) async throws(TransportError) {
        let keys = store.keys.epoch(id)
        guard let record = EpochRecord(bytes) else {
            store.logger.error("the record of epoch \(id) cannot be read: what it held is not given back; see doctor")
            return
        }
        var condemn = RedisCommands()
        condemn.add("EVAL", RedisScripts.condemn, 2, keys.lease, keys.fence)
        guard try await reply(condemn, connection).int == 1 else { return }
        // Nothing of the epoch takes effect any more, but for a move that a half-open connection may still have in it.
        let taken = record.takenKeys(keys)
        for _ in 0..<10 {
            switch try await giveBack(record, keys, taken, over: connection) {
            case .raced: continue
            case .nothing:
                // A move in a half-open connection could still leave something: it is looked for a while longer.
                guard silentSince + .milliseconds(Int64(2 * record.lease)) < .now() else { return }
                try await forget(id, over: connection)
                return
            case .gave(let count):
                store.logger.warning(
                    "gave back what a dead worker held",
                    metadata: ["worker": "\(record.name)", "messages": "\(count)"]
                )
                return
            }
        }
    }

    private enum Outcome {
        case raced, nothing
        case gave(Int)
    }

    /// Moves everything back in one transaction. What it reads is watched, so that two who sweep do not both do it.
    private func giveBack(
        _ record: EpochRecord,
        _ keys: EpochKeys,
        _ taken: [(key: String, list: String)],
        over connection: RedisConnection
    ) async throws(TransportError) -> Outcome {
        var look = RedisCommands()
        look.add("WATCH", list: [keys.held, keys.begun] + taken.map(\.key))
        look.add("HGETALL", keys.held)
        look.add("HGETALL", keys.begun)
        for (key, _) in taken { look.add("LRANGE", key, 0, -1) }
        let replies = try await replies(look, connection)
        let plan = ReturnPlan(keys: store.keys, limits: store.codec.limits, now: store.now)
        var destinations: [Destination] = []
        // The newest first, for they are put in front of each other.
        for ((_, list), reply) in zip(taken, replies.dropFirst(3)) {
            for bytes in reply.elements.compactMap(\.bytes) {
                destinations.append(plan.sweeping(list, bytes, begun: nil))
            }
        }
        let marks = Dictionary(replies[2].pairs.map { ($0.key, $0.value.bytes?.first) }, uniquingKeysWith: { $1 })
        let held = replies[1].pairs
            .compactMap { name, value -> (HeldField, [UInt8])? in
                guard let field = HeldField(name), record.lists.indices.contains(field.list), let bytes = value.bytes
                else {
                    return nil
                }
                return (field, bytes)
            }
        for (field, bytes) in held.sorted(by: { $0.0.tag > $1.0.tag }) {
            let mode = HeldMark.mode(marks[field.text] ?? bytes.first)
            destinations.append(plan.sweeping(record.lists[field.list], Array(bytes.dropFirst()), begun: mode))
        }
        guard !destinations.isEmpty else { return .nothing }
        var commands = RedisCommands()
        commands.add("MULTI")
        for destination in destinations { destination.append(to: &commands, keys: store.keys) }
        commands.add("DEL", list: [keys.held, keys.begun] + taken.map(\.key))
        commands.add("EXEC")
        return try await reply(commands, connection).isNull ? .raced : .gave(destinations.count)
    }

    /// Takes the epoch from the registry.
    private func forget(_ id: String, over connection: RedisConnection) async throws(TransportError) {
        var commands = RedisCommands()
        commands.add("UNWATCH")
        commands.add("HDEL", store.keys.epochs, id)
        _ = try await reply(commands, connection)
    }

    private func reply(_ commands: RedisCommands, _ connection: RedisConnection) async throws(TransportError)
        -> RESPValue
    {
        try await replies(commands, connection).last ?? .null
    }

    private func replies(
        _ commands: RedisCommands,
        _ connection: RedisConnection
    ) async throws(TransportError) -> [RESPValue] {
        let replies = try await connection.send(commands, timeout: store.configuration.timeout)
        if let error = RedisFailure.first(in: replies) {
            throw RedisFailure.error(error, at: store.configuration.location)
        }
        return replies
    }
}
#endif
