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

/// The revoked ids of a file.
struct SQLiteRevocations: RevocationStore {
    /// So many are read at a time.
    private static let page = 5000
    let store: SQLiteStore

    func revoke(_ revocations: [Revocation]) async throws(TransportError) {
        try await store.write { try $0.revoke(revocations) }
        store.signals.sawRevocations(true)
    }

    func revoked(among ids: [String]) async throws(TransportError) -> Set<String> {
        guard !store.signals.areRevocationsSeenEmpty else { return [] }
        let now = store.options.time.now.microseconds
        return try await store.read { database in
            let select = try database.query("SELECT 1 FROM revocation WHERE task_id = ? AND expires > ?")
            return Set(try ids.filter { try select.int($0, now) != nil })
        }
    }

    func revocations(after cursor: Int64) async throws(TransportError) -> (entries: [Revocation], cursor: Int64) {
        let now = store.options.time.now.microseconds
        return try await store.read { database in
            var entries: [Revocation] = []
            var last = cursor
            let select = try database.query(
                "SELECT number, task_id, terminate, signal, expires FROM revocation WHERE number > ? ORDER BY number "
                    + "LIMIT \(Self.page)"
            )
            try select.rows(cursor) { row in
                last = row.int(0)
                guard row.int(4) > now else { return }
                entries.append(
                    Revocation(
                        taskID: row.text(1),
                        terminate: row.int(2) != 0,
                        signal: row.text(3),
                        expires: Timestamp(microseconds: row.int(4))
                    )
                )
            }
            return (entries, last)
        }
    }
}
#endif
