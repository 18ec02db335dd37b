//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import Synchronization

/// One epoch of consuming from a memory store.
package final class MemoryConsumer: TransportConsumer {
    private let store: MemoryStore
    private let id: UInt64
    private let isClosed = Atomic(false)

    init(store: MemoryStore, id: UInt64) {
        self.store = store
        self.id = id
    }

    package func receive(upTo credit: Int) async throws(TransportError) -> [Delivery] {
        while !isClosed.load(ordering: .acquiring), !Task.isCancelled {
            let (deliveries, generation, next) = try change { broker, id, now throws(TransportError) in
                (try broker.take(id, credit: max(1, credit), now: now), broker.generation, broker.nextEvent)
            }
            guard deliveries.isEmpty else { return deliveries }
            await store.consumersWaiting.wait(for: 0, until: next, time: store.time) { [store, isClosed = closedFlag] in
                isClosed() || store.state.withLock { $0.broker.generation } != generation
            }
        }
        return []
    }

    package func begin(_ marks: [BeginMark]) async throws(TransportError) {
        try change { broker, id, _ throws(TransportError) in try broker.begin(id, marks) }
    }

    package func settle(_ settlements: [Settlement]) async throws(TransportError) {
        let results = settlements.flatMap(\.results)
        let now = store.time.now
        try store.lockAndWake { state throws(TransportError) in
            state.broker.tidy(now: now)
            let routes = try state.routes(of: settlements.flatMap(\.chords))
            try state.broker.settle(id, settlements, now: now)
            store.keep(results, in: &state, now: now)
            state.end(routes, now: now)
        }
        store.announce(results)
    }

    package func end(_ chords: [ChordEnd]) async throws(TransportError) {
        let now = store.time.now
        try store.lockAndWake { state throws(TransportError) in
            state.end(try state.routes(of: chords), now: now)
        }
    }

    package func consume(_ queues: [String]) async throws(TransportError) {
        try change { broker, id, now throws(TransportError) in
            var epoch = try broker.epoch(id)
            epoch.configuration.queues = queues
            epoch.turn = 0
            broker.epochs[id] = epoch
            broker.see(epoch.configuration, now: now)
            for name in queues where broker.queues[name] == nil { broker.queues[name] = MemoryQueue() }
            broker.touch()
        }
    }

    package func close() async throws(TransportError) {
        isClosed.store(true, ordering: .releasing)
        try change { broker, id, now throws(TransportError) in broker.close(id, now: now) }
    }

    /// Stops renewing the lease, as if the process had been stopped: a lease later others get what it holds.
    package func abandon() {
        _ = try? change { broker, id, now throws(TransportError) in
            broker.epochs[id]?.abandonedAt = now
            broker.touch()
        }
    }

    private var closedFlag: @Sendable () -> Bool { { [self] in isClosed.load(ordering: .acquiring) } }

    private func change<Value: Sendable>(
        _ body: (inout MemoryBroker, UInt64, Timestamp) throws(TransportError) -> Value
    ) throws(TransportError) -> Value {
        try store.change { broker, now throws(TransportError) in try body(&broker, id, now) }
    }
}
