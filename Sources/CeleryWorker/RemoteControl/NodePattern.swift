//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Whether a node name is meant by a pattern.
enum NodePattern {
    /// Longer patterns match nobody.
    private static let lengthLimit = 256

    /// - Parameter matcher: `glob`, or `pcre`, which matches the beginning.
    /// - Throws: What is wrong with a pattern, or with a matcher that does not exist.
    static func matches(_ name: String, _ pattern: String, matcher: String) throws -> Bool {
        guard pattern.utf8.count <= lengthLimit else { return false }
        switch matcher {
        case "glob": return glob(Array(name), Array(pattern))
        case "pcre": return try name.prefixMatch(of: Regex(pattern)) != nil
        default: throw UnknownMatcher(name: matcher)
        }
    }

    struct UnknownMatcher: Error, CustomStringConvertible {
        var name: String
        var description: String { "there is no matcher \"\(name)\"; there are: glob, pcre" }
    }

    /// `*`, `?`, `[abc]`, `[a-c]`, `[!a]`, as Python's fnmatch; in time linear in the name for each star.
    private static func glob(_ name: [Character], _ pattern: [Character]) -> Bool {
        var (at, place) = (0, 0)
        var retry: (at: Int, place: Int)?
        while at < name.count {
            if place < pattern.count, pattern[place] == "*" {
                place += 1
                retry = (at, place)
            } else if let next = step(name[at], pattern, place) {
                at += 1
                place = next
            } else if let (from, after) = retry {
                at = from + 1
                place = after
                retry = (from + 1, after)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == "*" }
    }

    /// The place after what matched a character; nil when it does not match.
    private static func step(_ character: Character, _ pattern: [Character], _ place: Int) -> Int? {
        guard place < pattern.count else { return nil }
        if pattern[place] == "?" { return place + 1 }
        if pattern[place] == "[", let (set, next, isNegated) = set(pattern, place + 1) {
            return set.contains { $0.contains(character) } != isNegated ? next : nil
        }
        return pattern[place] == character ? place + 1 : nil
    }

    private static func set(
        _ pattern: [Character],
        _ start: Int
    ) -> (set: [ClosedRange<Character>], next: Int, isNegated: Bool)? {
        var place = start
        let isNegated = place < pattern.count && pattern[place] == "!"
        if isNegated { place += 1 }
        var ranges: [ClosedRange<Character>] = []
        let first = place
        while place < pattern.count, pattern[place] != "]" || place == first {
            let low = pattern[place]
            if place + 2 < pattern.count, pattern[place + 1] == "-", pattern[place + 2] != "]" {
                if low <= pattern[place + 2] { ranges.append(low...pattern[place + 2]) }
                place += 3
            } else {
                ranges.append(low...low)
                place += 1
            }
        }
        return place < pattern.count ? (ranges, place + 1, isNegated) : nil
    }
}
