//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore

/// What the server is told about a fetch, ahead of it: which tags its messages have, and which of them may start at once.
///
/// What is taken has no tag on the server until it is filed. But all that was taken before is filed with the next fetch, so what
/// lies in the taken lists is of the last one, and has its tags in order: of the lists in the order in which they were asked,
/// and in each the oldest first.
struct TakenRecord: Sendable, Equatable {
    /// The tag before the first.
    var base: UInt64
    /// So many of the first may start without a mark.
    var starting: Int
    /// How those are acknowledged.
    var mode: AcknowledgementMode
    /// The places of the lists, in the order in which they were asked.
    var places: [Int]

    init(base: UInt64, starting: Int, mode: AcknowledgementMode, places: [Int]) {
        self.base = base
        self.starting = starting
        self.mode = mode
        self.places = places
    }

    /// Nil for what is no such record.
    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 4, let base = UInt64(words[0]), let starting = Int(words[1]), starting >= 0,
            let mode = ["e": AcknowledgementMode.early, "l": .late][words[2]]
        else { return nil }
        let places = words[3].split(separator: ",").compactMap { Int($0) }
        self.init(base: base, starting: starting, mode: mode, places: places)
    }

    var text: String {
        "\(base) \(starting) \(mode == .early ? "e" : "l") \(places.map { "\($0)" }.joined(separator: ","))"
    }

    /// The same as ``begun(_:started:)`` for several, which name different places; nil where nothing was noted.
    static func begun(
        _ records: [TakenRecord?],
        _ counts: [Int: Int],
        started: [UInt64: AcknowledgementMode]?
    ) -> [Int: [AcknowledgementMode?]] {
        var all: [Int: [AcknowledgementMode?]] = [:]
        for record in records {
            guard let begun = record?.begun(counts, started: started) else { continue }
            all.merge(begun) { first, _ in first }
        }
        return all
    }

    /// How each message was begun that lies in the taken lists, the newest of each list first, as they lie there.
    ///
    /// - Parameters:
    ///   - counts: How many lie in the list of each place.
    ///   - started: What has started, by tag, and how it is acknowledged; nil when nobody can say, and what may have counts as
    ///     if it had.
    func begun(
        _ counts: [Int: Int],
        started: [UInt64: AcknowledgementMode]?
    ) -> [Int: [AcknowledgementMode?]] {
        var begun: [Int: [AcknowledgementMode?]] = [:]
        var first = base + 1
        for place in places {
            let count = counts[place] ?? 0
            begun[place] = (0..<count)
                .map { index in
                    let tag = first + UInt64(count - 1 - index)
                    guard let started else { return tag <= base + UInt64(starting) ? mode : nil }
                    return started[tag]
                }
            first += UInt64(count)
        }
        return begun
    }
}
#endif
