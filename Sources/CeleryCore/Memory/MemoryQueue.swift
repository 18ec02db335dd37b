//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryWire
import DequeModule

/// One message in a memory store.
struct MemoryEntry: Sendable {
    var message: Message
    var queue: String
    /// Its place among messages of one priority, kept when it is given back.
    var position: Int64
    var publishedAt: Timestamp
    /// How often it was handed over, as far as that counts.
    var attempts = 0
    var deaths = 0
    var redelivered = false
    var isObituary = false

    /// From 9, the most urgent, to 0.
    var priority: Int { min(9, max(0, message.properties.priority ?? 0)) }
}

/// What waits in one queue: by priority, then by position.
struct MemoryQueue: Sendable {
    private var levels: [Deque<MemoryEntry>] = Array(repeating: [], count: 10)
    private(set) var count = 0

    var oldest: Timestamp? { levels.lazy.flatMap { $0 }.map(\.publishedAt).min() }

    mutating func insert(_ entry: MemoryEntry) {
        count += 1
        let level = entry.priority
        guard let last = levels[level].last, last.position > entry.position else {
            levels[level].append(entry)
            return
        }
        let index = levels[level].firstIndex { $0.position > entry.position } ?? levels[level].endIndex
        levels[level].insert(entry, at: index)
    }

    mutating func takeFirst() -> MemoryEntry? {
        for level in levels.indices.reversed() where !levels[level].isEmpty {
            count -= 1
            return levels[level].removeFirst()
        }
        return nil
    }
}
