//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import NIOCore

/// What is due when, the earliest first: a binary heap.
struct DueTimes<Item> {
    private var heap: [(time: NIODeadline, item: Item)] = []

    var count: Int { heap.count }
    var first: NIODeadline? { heap.first?.time }

    mutating func insert(_ item: Item, at time: NIODeadline) {
        heap.append((time, item))
        var child = heap.count - 1
        while child > 0, heap[child].time < heap[(child - 1) / 2].time {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The earliest, when its time has come.
    mutating func popDue(_ now: NIODeadline) -> Item? {
        guard let first = heap.first, first.time <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        sink(0)
        return first.item
    }

    /// Drops what nobody needs any more, and the room it took.
    mutating func keep(where isNeeded: (Item) -> Bool) {
        heap = heap.filter { isNeeded($0.item) }
        for parent in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(parent) }
    }

    private mutating func sink(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].time < heap[least].time {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
#endif
