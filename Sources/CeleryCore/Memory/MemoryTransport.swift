//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// A memory store as a broker.
struct MemoryTransport: Transport {
    let store: MemoryStore

    var capabilities: TransportCapabilities {
        TransportCapabilities(
            delayedDelivery: true,
            priorities: .highestFirst,
            fanout: true,
            shared: false,
            timesMessages: true
        )
    }
    var location: String { store.location }
    var storeIdentity: StoreIdentity? { store.identity }
    var revocations: (any RevocationStore)? { MemoryRevocations(store: store) }
    var broadcasts: (any BroadcastChannel)? { MemoryBroadcasts(store: store) }
    var deadLetters: any DeadLetterStore { MemoryDeadLetterStore(store: store) }

    func declare(_ topology: Topology) async throws(TransportError) {
        try store.change { broker, _ throws(TransportError) in try broker.declare(topology) }
    }

    func publish(_ messages: [OutgoingMessage], timeout: Duration) async throws(TransportError) {
        try store.change { broker, now throws(TransportError) in
            broker.add(messages, to: try broker.routes(of: messages), now: now)
        }
    }

    func openConsumer(_ configuration: ConsumerConfiguration) async throws(TransportError) -> any TransportConsumer {
        let id = try store.change { broker, now throws(TransportError) in broker.open(configuration, now: now) }
        return MemoryConsumer(store: store, id: id)
    }

    func purge(_ queues: [String]) async throws(TransportError) -> Int {
        try store.change { broker, _ throws(TransportError) in
            let names = Set(queues)
            let before = broker.delayed.count
            broker.delayed.removeAll { names.contains($0.entry.queue) }
            var purged = before - broker.delayed.count
            for name in names {
                purged += broker.queues[name]?.count ?? 0
                if broker.queues[name] != nil { broker.queues[name] = MemoryQueue() }
            }
            return purged
        }
    }

    func status(of queues: [String]) async throws(TransportError) -> [QueueStatus] {
        try store.change { broker, _ throws(TransportError) in
            let held = broker.epochs.values.flatMap(\.held.values).map(\.entry.queue)
            return (queues.isEmpty ? broker.queues.keys.sorted() : queues)
                .map { name in
                    QueueStatus(
                        name: name,
                        ready: broker.queues[name]?.count ?? 0,
                        delayed: broker.delayed.count { $0.entry.queue == name },
                        held: held.count { $0 == name },
                        oldest: broker.queues[name]?.oldest
                    )
                }
        }
    }

    func postponed(in queues: [String], limit: Int) async throws(TransportError) -> [PostponedMessage] {
        try store.change { broker, _ throws(TransportError) in
            broker.delayed.filter { queues.contains($0.entry.queue) }.sorted { $0.due < $1.due }.prefix(limit)
                .map { PostponedMessage(queue: $0.entry.queue, message: $0.entry.message, due: $0.due) }
        }
    }

    func bindings() async throws(TransportError) -> [Binding] {
        try store.change { broker, _ throws(TransportError) in
            broker.queues.keys.sorted().map { Binding(exchange: "", kind: .direct, routingKey: $0, queue: $0) }
                + broker.routing.bindings
        }
    }

    func consumers() async throws(TransportError) -> [ConsumerPresence] {
        try store.change { broker, now throws(TransportError) in
            for epoch in broker.epochs.values where epoch.abandonedAt == nil {
                broker.see(epoch.configuration, now: now)
            }
            let alive = Set(broker.epochs.values.map(\.configuration.name))
            return broker.seen.values.sorted { $0.name < $1.name }
                .map { presence in
                    var presence = presence
                    presence.isAlive = alive.contains(presence.name)
                    return presence
                }
        }
    }

    func shutdown() async {
        _ = try? store.change { broker, now throws(TransportError) in
            for id in broker.epochs.filter({ $0.value.abandonedAt == nil }).keys { broker.close(id, now: now) }
        }
    }
}
