//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A hierarchical timing wheel that knows no clock: time is a count of ticks, moved by whoever owns it.
///
/// Eleven levels of 64 slots cover every 64-bit tick. An entry lies at the level of the highest six-bit digit in which
/// its deadline differs from now, and moves down as time comes closer; so scheduling and cancelling take constant time,
/// and the nearest occupied slot is a bit scan.
struct WheelState<Payload> {
    /// Names an entry; stale once it fired or was cancelled.
    struct Token: Sendable, Hashable {
        fileprivate var index: Int32
        fileprivate var generation: UInt32
    }

    private struct Entry {
        var deadline: UInt64 = 0
        var generation: UInt32 = 0
        /// Index of the list it is in: `level * 64 + slot`.
        var list: Int32 = 0
        var previous: Int32 = -1
        var next: Int32 = -1
        var payload: Payload?
    }

    private static var levels: Int { 11 }

    private(set) var now: UInt64
    private(set) var count = 0
    private var entries: [Entry] = []
    private var free: [Int32] = []
    private var heads = [Int32](repeating: -1, count: levels * 64)
    private var occupied = [UInt64](repeating: 0, count: levels)

    init(now: UInt64 = 0) { self.now = now }

    /// Adds an entry; a deadline in the past is due at the next `advance`.
    mutating func schedule(at deadline: UInt64, _ payload: Payload) -> Token {
        let index: Int32
        if let reused = free.popLast() {
            index = reused
        } else {
            index = Int32(entries.count)
            entries.append(Entry())
        }
        entries[Int(index)].deadline = max(deadline, now)
        entries[Int(index)].payload = payload
        link(index)
        count += 1
        return Token(index: index, generation: entries[Int(index)].generation)
    }

    /// Removes the entry; nil when it fired or was cancelled before.
    mutating func cancel(_ token: Token) -> Payload? {
        guard entries.indices.contains(Int(token.index)), entries[Int(token.index)].generation == token.generation
        else { return nil }
        unlink(token.index)
        return release(token.index)
    }

    /// When to call `advance` next: no entry is due before, though perhaps none then either. Nil when empty.
    var nextTick: UInt64? { nearest?.tick }

    /// Moves time on and hands out what is due, by deadline; within one tick in no particular order.
    mutating func advance(to target: UInt64, _ due: (Payload) -> Void) {
        while let (list, level, tick) = nearest, tick <= target {
            now = max(now, tick)
            var index = heads[list]
            heads[list] = -1
            occupied[level] &= ~(1 << UInt64(list & 63))
            while index >= 0 {
                let next = entries[Int(index)].next
                if entries[Int(index)].deadline <= now {
                    if let payload = release(index) { due(payload) }
                } else {
                    link(index)
                }
                index = next
            }
        }
        now = max(now, target)
    }

    /// The first occupied slot: lower levels are always nearer.
    private var nearest: (list: Int, level: Int, tick: UInt64)? {
        guard count > 0 else { return nil }
        for level in 0..<Self.levels where occupied[level] != 0 {
            let slot = occupied[level].trailingZeroBitCount
            let shift = UInt64(level * 6)
            let above: UInt64 = shift + 6 >= 64 ? 0 : (now >> (shift + 6)) << (shift + 6)
            return (level * 64 + slot, level, above | UInt64(slot) << shift)
        }
        return nil
    }

    private mutating func link(_ index: Int32) {
        let deadline = entries[Int(index)].deadline
        let level = (63 - ((deadline ^ now) | 63).leadingZeroBitCount) / 6
        let slot = Int((deadline >> UInt64(level * 6)) & 63)
        let list = level * 64 + slot
        let head = heads[list]
        entries[Int(index)].list = Int32(list)
        entries[Int(index)].previous = -1
        entries[Int(index)].next = head
        if head >= 0 { entries[Int(head)].previous = index }
        heads[list] = index
        occupied[level] |= 1 << UInt64(slot)
    }

    private mutating func unlink(_ index: Int32) {
        let entry = entries[Int(index)]
        if entry.previous >= 0 {
            entries[Int(entry.previous)].next = entry.next
        } else {
            heads[Int(entry.list)] = entry.next
            if entry.next < 0 { occupied[Int(entry.list) / 64] &= ~(1 << UInt64(entry.list & 63)) }
        }
        if entry.next >= 0 { entries[Int(entry.next)].previous = entry.previous }
    }

    private mutating func release(_ index: Int32) -> Payload? {
        count -= 1
        entries[Int(index)].generation &+= 1
        free.append(index)
        return entries[Int(index)].payload.take()
    }
}
