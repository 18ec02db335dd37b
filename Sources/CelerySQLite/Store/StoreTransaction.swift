//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire
import GRDB

/// One write transaction: what jobs change the store through, on the thread of its connection.
///
/// A job that throws ``TransportError`` has its changes undone, without harm to the jobs that share the transaction.
final class StoreTransaction {
    let database: Database
    let cache: TopologyCache
    /// Microseconds since 1970, the same for all that happens in the transaction.
    let now: Int64
    let options: SQLiteOptions
    /// What to tell others once it is committed.
    private(set) var effects = StoreEffects()
    private var living: Set<Int64> = []

    init(_ database: Database, cache: TopologyCache, options: SQLiteOptions) throws {
        self.database = database
        self.cache = cache
        self.options = options
        now = options.time.now.microseconds
        try cache.refresh(database)
    }

    func noteReady() { effects.messages = true }
    func noteBroadcast() { effects.broadcasts = true }
    func noteResult(_ id: String) { effects.results.append(id) }

    /// Throws `.epochLost` unless the epoch is still in force.
    func require(epoch: Int64) throws {
        guard !living.contains(epoch) else { return }
        guard try database.query("SELECT 1 FROM epoch WHERE id = ?").int(epoch) != nil else {
            throw TransportError(
                .epochLost,
                "the consumer's lease in \(options.path) ran out and what it held was given to others; open a new consumer"
            )
        }
        living.insert(epoch)
    }

    /// Called when the epoch ends within this transaction.
    func forget(epoch: Int64) { living.remove(epoch) }
}

/// What a committed transaction has changed for those who wait.
struct StoreEffects: Sendable {
    /// Messages became ready, or will at some time.
    var messages = false
    /// Something was sent to listeners.
    var broadcasts = false
    /// Tasks with a new ready result.
    var results: [String] = []
}
#endif
