//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire
import NIOCore

/// Messages ready to be sent: routed and encoded.
struct Publication: Sendable {
    private struct Entry: Sendable {
        var list: String
        var bytes: [UInt8]
        /// Not to be handed out before, in microseconds since 1970.
        var notBefore: Int64?
        var queue = ""
    }

    private var entries: [Entry] = []
    private var channels: [Entry] = []
    /// Queues that the server is to be told of.
    private var queues: [String] = []

    /// When the first is due of those that are kept back; microseconds since 1970.
    var due: Int64? { entries.lazy.compactMap(\.notBefore).min() }
    /// How many messages go into which lists at once.
    var pushes: [String: Int] {
        guard !entries.isEmpty else { return [:] }
        return entries.reduce(into: [:]) { if $1.notBefore == nil { $0[$1.list, default: 0] += 1 } }
    }
    /// About how many bytes its commands take.
    var size: Int {
        guard !isEmpty else { return 0 }
        let room = entries.reduce(128) { $0 + $1.bytes.count + $1.list.utf8.count + 64 }
        return channels.reduce(room) { $0 + $1.bytes.count + $1.list.utf8.count + 64 }
    }
    var isEmpty: Bool { entries.isEmpty && channels.isEmpty }

    /// - Parameter deadline: For finding out where they go.
    init(
        _ messages: [OutgoingMessage],
        store: RedisStore,
        until deadline: NIODeadline? = nil
    ) async throws(TransportError) {
        guard !messages.isEmpty else { return }
        let now = store.now
        let routes = try await store.router.routes(of: messages, until: deadline ?? store.client.deadline)
        for (outgoing, route) in zip(messages, routes) {
            let notBefore = outgoing.notBefore.map(\.microseconds).flatMap { $0 > now ? $0 : nil }
            for queue in route.queues {
                let list = store.keys.list(queue, priority: outgoing.message.properties.priority)
                let bytes = StoredMessage.encode(outgoing.message, notBefore: notBefore)
                entries.append(Entry(list: list, bytes: bytes, notBefore: notBefore, queue: queue))
            }
            if let channel = route.channel {
                channels.append(
                    Entry(list: channel, bytes: StoredMessage.encode(outgoing.message, copiedTo: route.queues))
                )
            }
        }
        queues = store.router.unnoted(Set(routes.flatMap(\.queues)))
    }

    /// Adds the commands; neighbours of one list share one.
    func append(to commands: inout RedisCommands, keys: RedisKeys) {
        if !queues.isEmpty { commands.add("SADD", keys.queues, list: queues) }
        var start = 0
        while start < entries.count {
            var end = start + 1
            if let due = entries[start].notBefore {
                park(entries[start], due, keys, &commands)
                start = end
                continue
            }
            while end < entries.count, end - start < 512, entries[end].list == entries[start].list,
                entries[end].notBefore == nil
            { end += 1 }
            commands.add("LPUSH", entries[start].list, list: entries[start..<end].map(\.bytes))
            start = end
        }
        for entry in channels { commands.add("PUBLISH", entry.list, entry.bytes) }
    }

    private func park(_ entry: Entry, _ due: Int64, _ keys: RedisKeys, _ commands: inout RedisCommands) {
        commands.add(
            "EVAL",
            RedisScripts.park,
            4,
            keys.epochs,
            keys.parked(entry.queue),
            keys.parkedQueues,
            keys.parkedDue,
            keys.leaseMarker.before,
            keys.leaseMarker.after,
            entry.queue,
            entry.list,
            due,
            entry.bytes
        )
    }
}
#endif
