//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire

/// The dead letters of a memory store, as its transport shows them.
struct MemoryDeadLetterStore: DeadLetterStore {
    let store: MemoryStore

    func list(_ selection: DeadLetterSelection, limit: Int) async throws(TransportError) -> [DeadLetter] {
        try store.change { broker, now throws(TransportError) in
            broker.deadLetters.forget(now: now)
            return broker.deadLetters.records.reversed().filter { selection.matches($0) }.prefix(limit).map(\.letter)
        }
    }

    func replay(_ selection: DeadLetterSelection) async throws(TransportError) -> Int {
        try store.change { broker, now throws(TransportError) in
            let records = broker.deadLetters.take(selection)
            for record in records {
                let entry = MemoryEntry(
                    message: record.entry.message,
                    queue: record.entry.queue,
                    position: broker.nextPosition(),
                    publishedAt: now
                )
                broker.put(entry, notBefore: nil, now: now)
            }
            broker.touch()
            return records.count
        }
    }

    func purge(_ selection: DeadLetterSelection) async throws(TransportError) -> Int {
        try store.change { broker, _ throws(TransportError) in broker.deadLetters.take(selection).count }
    }
}
