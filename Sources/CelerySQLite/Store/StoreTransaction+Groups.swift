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

extension StoreTransaction {
    /// - Parameter tuple: Its JSON.
    func storeGroup(_ id: String, _ tuple: [UInt8], expires: Duration?) throws {
        try database.query("INSERT OR REPLACE INTO task_group(group_id, expires, payload) VALUES(?, ?, ?)")
            .run(id, expires.map { Timestamp(microseconds: now).advanced(by: $0).microseconds }, tuple)
    }

    func group(_ id: String) throws -> [UInt8]? {
        var found: [UInt8]?
        try database.query("SELECT payload FROM task_group WHERE group_id = ? AND (expires IS NULL OR expires > ?)")
            .rows(id, now) { found = $0.bytes(0) }
        return found
    }

    func forgetGroup(_ id: String) throws {
        try database.query("DELETE FROM task_group WHERE group_id = ?").run(id)
    }

    /// Deletes expired groups, at most so many. Returns how many.
    func removeExpiredGroups(limit: Int) throws -> Int {
        try database.query(
            "DELETE FROM task_group WHERE number IN (SELECT number FROM task_group WHERE expires <= ? ORDER BY expires LIMIT ?)"
        )
        .run(now, limit)
        return database.changes
    }

    /// Deletes expired results, groups and chords, at most so many of each. Returns how many altogether.
    func removeExpired(limit: Int) throws -> Int {
        // A chord may have thousands of parts.
        let chords = try removeExpiredChords(limit: max(1, limit / 20))
        return try chords + removeExpiredResults(limit: limit) + removeExpiredGroups(limit: limit)
    }
}
#endif
