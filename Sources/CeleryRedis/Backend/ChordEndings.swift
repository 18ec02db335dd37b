//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// Chords that end together with a settlement, or by themselves.
struct ChordEndings: Sendable {
    /// Between `MULTI` and `EXEC`.
    private(set) var commands = RedisCommands(capacity: 0)
    /// How many messages go into which lists at once.
    private(set) var pushes: [String: Int] = [:]
    /// When the first is due of those that are kept back; microseconds since 1970.
    private(set) var due: Int64?

    /// - Parameter results: Where the chords are counted; nil when that is another server.
    init(_ chords: [ChordEnd], store: RedisStore, results: RedisResultBackend?) async throws(TransportError) {
        guard !chords.isEmpty else { return }
        guard let results else {
            throw TransportError(.unsupported, "chords of this app are not counted at \(store.configuration.location)")
        }
        for chord in chords {
            let publication = try await Publication(chord.publish, store: store)
            var messages = RedisCommands(capacity: publication.size)
            publication.append(to: &messages, keys: store.keys)
            if let due = publication.due {
                // A script puts them where they wait, and none can run inside another.
                commands.append(messages)
                messages = RedisCommands(capacity: 0)
                self.due = min(self.due ?? due, due)
            }
            commands.reserve(messages.size + 1024)
            results.chordCommands.end(
                chord,
                publishing: messages.words,
                results: results.configuration.database,
                messages: store.configuration.database,
                into: &commands
            )
            pushes.merge(publication.pushes, uniquingKeysWith: +)
        }
    }
}
#endif
