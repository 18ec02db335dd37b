//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

extension MemoryBroker {
    mutating func open(_ configuration: ConsumerConfiguration, now: Timestamp) -> UInt64 {
        let id = number()
        epochs[id] = Epoch(configuration: configuration)
        see(configuration, now: now)
        for name in configuration.queues where queues[name] == nil { queues[name] = MemoryQueue() }
        return id
    }

    mutating func see(_ configuration: ConsumerConfiguration, now: Timestamp) {
        seen[configuration.name] = ConsumerPresence(
            name: configuration.name,
            queues: configuration.queues,
            lastSeen: now,
            isAlive: false
        )
    }

    /// The epoch, unless it was swept or closed.
    func epoch(_ id: UInt64) throws(TransportError) -> Epoch {
        guard let epoch = epochs[id] else {
            throw TransportError(
                .epochLost,
                "the consumer's lease ran out and what it held was given to others; open a new consumer"
            )
        }
        return epoch
    }

    /// Takes what is there, obituaries first, then the queues in turn.
    mutating func take(_ id: UInt64, credit: Int, now: Timestamp) throws(TransportError) -> [Delivery] {
        var epoch = try epoch(id)
        var taken: [MemoryEntry] = Array(obituaries.prefix(credit))
        obituaries.removeFirst(taken.count)
        let names = epoch.configuration.queues
        for offset in names.indices {
            let name = names[(epoch.turn + offset) % names.count]
            while taken.count < credit, let entry = queues[name]?.takeFirst() { taken.append(entry) }
        }
        guard !taken.isEmpty else { return [] }
        if !names.isEmpty { epoch.turn = (epoch.turn + 1) % names.count }
        let deliveries = taken.map { entry in
            let tag = number()
            epoch.held[tag] = Held(entry: entry, begun: entry.isObituary ? .early : nil)
            return Delivery(tag, entry)
        }
        epochs[id] = epoch
        return deliveries
    }

    mutating func begin(_ id: UInt64, _ marks: [BeginMark]) throws(TransportError) {
        var epoch = try epoch(id)
        for mark in marks {
            guard epoch.held[mark.tag.rawValue] != nil else { throw Self.notHeld(mark.tag) }
            epoch.held[mark.tag.rawValue]?.begun = mark.mode
        }
        epochs[id] = epoch
    }

    /// Applies all settlements, or throws and changes nothing.
    mutating func settle(_ id: UInt64, _ settlements: [Settlement], now: Timestamp) throws(TransportError) {
        var epoch = try epoch(id)
        var settled: [(Settlement, Held, [[String]])] = []
        for settlement in settlements {
            guard let held = epoch.held.removeValue(forKey: settlement.tag.rawValue) else {
                throw Self.notHeld(settlement.tag)
            }
            settled.append((settlement, held, try routes(of: settlement.publish)))
        }
        epochs[id] = epoch
        for (settlement, held, routes) in settled {
            add(settlement.publish, to: routes, now: now)
            dispose(of: held.entry, settlement.disposition, now: now)
        }
    }

    private mutating func dispose(of entry: MemoryEntry, _ disposition: Settlement.Disposition, now: Timestamp) {
        switch disposition {
        case .acknowledge: break
        case .deadLetter(let reason): deadLetters.add(entry, reason, now: now)
        case .requeue(let requeue):
            var entry = entry
            entry.redelivered = entry.redelivered || !requeue.isPutAside
            entry.isObituary = false
            entry.attempts += requeue.countsAttempt ? 1 : 0
            entry.deaths += requeue.afterDeath ? 1 : 0
            if requeue.position == .back { entry.position = nextPosition() }
            put(entry, notBefore: requeue.notBefore, now: now)
            touch()
        }
    }

    mutating func close(_ id: UInt64, now: Timestamp) {
        guard let epoch = epochs.removeValue(forKey: id) else { return }
        see(epoch.configuration, now: now)
        for held in epoch.held.values {
            var entry = held.entry
            entry.redelivered = true
            if held.begun == .early {
                entry.deaths += entry.isObituary ? 0 : 1
                entry.isObituary = true
            }
            put(entry, notBefore: nil, now: now)
        }
        touch()
    }

    private static func notHeld(_ tag: DeliveryTag) -> TransportError {
        TransportError(.notHeld, "delivery \(tag.rawValue) is not held by this consumer: it was settled already")
    }
}

extension Delivery {
    fileprivate init(_ tag: UInt64, _ entry: MemoryEntry) {
        self.init(
            tag: DeliveryTag(tag),
            queue: entry.queue,
            kind: entry.isObituary ? .obituary : .task,
            content: .message(entry.message),
            redelivered: entry.redelivered,
            attempt: entry.attempts + 1,
            deaths: entry.deaths,
            enqueuedAt: entry.publishedAt
        )
    }
}
