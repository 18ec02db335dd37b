//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// The broker's half of a memory store: a value, changed only under the store's lock.
struct MemoryBroker: Sendable {
    struct Held {
        var entry: MemoryEntry
        var begun: AcknowledgementMode?
    }

    struct Epoch {
        var configuration: ConsumerConfiguration
        var held: [UInt64: Held] = [:]
        /// Since when nobody renews its lease.
        var abandonedAt: Timestamp?
        /// Which queue is asked first next time.
        var turn = 0

        func isOver(at now: Timestamp) -> Bool {
            abandonedAt.map { $0.advanced(by: configuration.lease) <= now } ?? false
        }
    }

    var routing = RoutingTable()
    var queues: [String: MemoryQueue] = [:]
    var delayed: [(due: Timestamp, entry: MemoryEntry)] = []
    var obituaries: [MemoryEntry] = []
    var epochs: [UInt64: Epoch] = [:]
    var seen: [String: ConsumerPresence] = [:]
    var deadLetters = MemoryDeadLetters()
    private var lastPosition: Int64 = 0
    private var lastNumber: UInt64 = 0
    /// Goes up with everything that a waiting consumer should look at.
    private(set) var generation: UInt64 = 0

    mutating func number() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    mutating func touch() { generation += 1 }

    mutating func declare(_ topology: Topology) throws(TransportError) {
        var next = routing
        for queue in topology.queues {
            for binding in RoutingTable.bindings(of: queue) { try next.add(binding) }
        }
        routing = next
        for name in topology.queues.map(\.name) where queues[name] == nil { queues[name] = MemoryQueue() }
    }

    func routes(of messages: [OutgoingMessage]) throws(TransportError) -> [[String]] {
        var routes: [[String]] = []
        for outgoing in messages { routes.append(try routing.queues(for: outgoing.message)) }
        return routes
    }

    mutating func add(_ messages: [OutgoingMessage], to routes: [[String]], now: Timestamp) {
        for (outgoing, names) in zip(messages, routes) {
            for name in names {
                let entry = MemoryEntry(
                    message: outgoing.message,
                    queue: name,
                    position: nextPosition(),
                    publishedAt: now
                )
                put(entry, notBefore: outgoing.notBefore, now: now)
            }
        }
        if !messages.isEmpty { touch() }
    }

    mutating func nextPosition() -> Int64 {
        lastPosition += 1
        return lastPosition
    }

    mutating func put(_ entry: MemoryEntry, notBefore: Timestamp?, now: Timestamp) {
        if queues[entry.queue] == nil { queues[entry.queue] = MemoryQueue() }
        if entry.isObituary {
            obituaries.append(entry)
        } else if let notBefore, notBefore > now {
            let index = delayed.firstIndex { $0.due > notBefore } ?? delayed.endIndex
            delayed.insert((notBefore, entry), at: index)
        } else {
            queues[entry.queue]?.insert(entry)
        }
    }

    /// Brings in what is due and what the dead have left.
    mutating func tidy(now: Timestamp) {
        let due = delayed.prefix { $0.due <= now }
        delayed.removeFirst(due.count)
        for (_, entry) in due { queues[entry.queue]?.insert(entry) }
        for (number, epoch) in epochs where epoch.isOver(at: now) {
            epochs[number] = nil
            sweep(epoch, now: now)
        }
    }

    /// When ``tidy(now:)`` will next have something to do.
    var nextEvent: Timestamp? {
        let leases = epochs.values.compactMap { epoch in
            epoch.abandonedAt.map { $0.advanced(by: epoch.configuration.lease) }
        }
        return (leases + delayed.prefix(1).map(\.due)).min()
    }

    private mutating func sweep(_ epoch: Epoch, now: Timestamp) {
        for held in epoch.held.values.sorted(by: { $0.entry.position < $1.entry.position }) {
            var entry = held.entry
            entry.redelivered = true
            entry.attempts += 1
            switch ReturnPolicy.fate(begun: held.begun, deaths: entry.deaths) {
            case .obituary:
                entry.isObituary = true
                entry.deaths += 1
                put(entry, notBefore: nil, now: now)
            case .ready(let delay, let countsDeath):
                entry.deaths += countsDeath ? 1 : 0
                put(entry, notBefore: now.advanced(by: delay), now: now)
            }
        }
        touch()
    }
}
