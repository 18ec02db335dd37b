//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
/// Which lists to ask, and for how much.
///
/// A list that was found empty is not asked again until the server says that it was touched; asking for its length is what
/// makes the server say so.
struct FetchPlan: Sendable {
    /// What is known of a list.
    enum Fill: Sendable, Equatable {
        case unknown
        case empty
        /// Touched since it was empty.
        case woken
        case filled(Int)

        /// How many to ask for.
        func wanted(_ credit: Int, woken: Int) -> Int {
            switch self {
            case .unknown, .empty: 0
            case .woken: min(credit, woken)
            case .filled(let count): min(credit, count)
            }
        }
    }

    struct Entry: Sendable {
        var key: String
        /// Its place in ``EpochRecord/lists``.
        var place: Int
        /// 0 is asked first: obituaries; then all queues' most urgent lists, and so on.
        var rank: Int
        /// Nil of obituaries.
        var queue: String?
        var fill = Fill.unknown
    }

    /// One step of a fetch: so many of a list, and then its length.
    struct Ask: Sendable, Equatable {
        var key: String
        var place: Int
        var count: Int
    }

    private(set) var entries: [Entry] = []
    /// Whether queues of one rank are served in turn; otherwise in the order in which their lists were set.
    var isInTurn = true
    private var turn = 0
    /// Lists that were touched while a fetch was under way, whose answer may be older than that.
    private var touched: Set<String> = []
    private(set) var wakeUps = WakeUps()

    var isAllEmpty: Bool { entries.allSatisfy { $0.fill == .empty } }

    /// Whether all that is known of any list is that it was touched: nearly always others have been told as well.
    var isMerelyWoken: Bool {
        entries.allSatisfy { $0.fill == .empty || $0.fill == .woken } && !isAllEmpty
    }

    /// Replaces the lists; what is known of those that stay is kept.
    mutating func set(_ lists: [(key: String, place: Int, rank: Int, queue: String?)]) {
        let known = Dictionary(entries.map { ($0.key, $0.fill) }, uniquingKeysWith: { first, _ in first })
        entries = lists.map {
            Entry(key: $0.key, place: $0.place, rank: $0.rank, queue: $0.queue, fill: known[$0.key] ?? .unknown)
        }
        // By place among equals too, for a sort need not keep their order.
        entries = entries.enumerated()
            .sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
            .map(\.element)
        turn = 0
    }

    /// The next fetch for so much credit.
    ///
    /// - Parameter queues: Left alone.
    mutating func next(_ credit: Int, without queues: Set<String> = []) -> [Ask] {
        var left = credit
        var asks: [Ask] = []
        for index in order() where entries[index].fill != .empty {
            if !queues.isEmpty, let queue = entries[index].queue, queues.contains(queue) { continue }
            let entry = entries[index]
            let count = entry.fill.wanted(left, woken: wakeUps.ask)
            left -= count
            asks.append(Ask(key: entry.key, place: entry.place, count: count))
            if left == 0 { break }
        }
        if isInTurn { turn += 1 }
        touched = []
        return asks
    }

    /// The lists that were touched since they were empty: for somebody who asks for their lengths alone.
    mutating func touchedLists() -> [String] {
        let lists = entries.filter { $0.fill == .woken }.map(\.key)
        // A fetch that is under way may have asked for others before they were touched.
        touched.subtract(lists)
        return lists
    }

    /// Others have taken what touched lists had.
    mutating func foundNothing() { wakeUps.found(0) }

    /// What a fetch has taken; one that only asked for lengths says nothing.
    mutating func took(_ count: Int, by asks: [Ask]) {
        guard asks.contains(where: { $0.count > 0 }) else { return }
        wakeUps.found(count)
    }

    mutating func found(_ key: String, length: Int) {
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return }
        entries[index].fill = length > 0 ? .filled(length) : touched.contains(key) ? .woken : .empty
    }

    mutating func woken(_ key: String) {
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return }
        touched.insert(key)
        if entries[index].fill == .empty { entries[index].fill = .woken }
    }

    /// So many messages are put into it ahead of the next fetch, by ourselves.
    mutating func pushed(_ key: String, _ count: Int) {
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return }
        switch entries[index].fill {
        case .empty, .unknown: entries[index].fill = .filled(count)
        case .filled(let known): entries[index].fill = .filled(known + count)
        case .woken: break
        }
    }

    func serves(_ key: String) -> Bool { entries.contains { $0.key == key } }

    /// A fetch that waited has brought a message.
    mutating func tookWaiting() { wakeUps.found(1) }

    /// Nothing is known of a list any more.
    mutating func forget(_ key: String) {
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return }
        entries[index].fill = .unknown
        touched.insert(key)
    }

    /// Nothing is known any more.
    mutating func forget() {
        for index in entries.indices { entries[index].fill = .unknown }
        touched.formUnion(entries.map(\.key))
    }

    private func order() -> [Int] {
        var order: [Int] = []
        var start = 0
        while start < entries.count {
            var end = start
            while end < entries.count, entries[end].rank == entries[start].rank { end += 1 }
            let count = end - start
            for offset in 0..<count { order.append(start + (turn + offset) % count) }
            start = end
        }
        return order
    }
}
#endif
