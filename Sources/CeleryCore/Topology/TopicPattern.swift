//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

/// A binding key of a topic exchange: dotted words, `*` for exactly one, `#` for any number.
public struct TopicPattern: Sendable, Hashable {
    private let words: [Substring]

    public init(_ pattern: String) { words = pattern.split(separator: ".", omittingEmptySubsequences: false) }

    /// Whether a routing key matches, in time linear in its words for each `#`.
    public func matches(_ routingKey: String) -> Bool {
        let key = routingKey.split(separator: ".", omittingEmptySubsequences: false)
        var word = 0
        var position = 0
        var retry: (word: Int, position: Int)?
        while position < key.count {
            if word < words.count, words[word] == "#" {
                retry = (word, position)
                word += 1
            } else if word < words.count, words[word] == "*" || words[word] == key[position] {
                word += 1
                position += 1
            } else if let (hash, start) = retry {
                retry = (hash, start + 1)
                word = hash + 1
                position = start + 1
            } else {
                return false
            }
        }
        return words[word...].allSatisfy { $0 == "#" }
    }
}
