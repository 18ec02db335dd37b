//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire

extension StoreTransaction {
    func forgetRevocations() throws {
        try database.query("DELETE FROM revocation WHERE expires <= ?").run(now)
    }

    /// Closed and dead consumers are remembered for a day.
    func forgetPresences() throws {
        try database.query("DELETE FROM presence WHERE seen <= ?").run(now - 86_400_000_000)
    }

    /// Notes how long an unused queue lives (`x-expires`) and its messages (`x-message-ttl`), both in milliseconds.
    func note(_ queue: Queue, id: Int64) throws {
        let (expires, ttl) = (
            Self.milliseconds(queue.arguments["x-expires"]), Self.milliseconds(queue.arguments["x-message-ttl"])
        )
        try database.query("UPDATE queue SET expires = ?, ttl = ?, used = ? WHERE id = ?").run(expires, ttl, now, id)
    }

    private static func milliseconds(_ value: CeleryValue?) -> Int64? {
        switch value {
        case .int(let number): Int64(number)
        case .double(let number): Int64(exactly: number.rounded())
        default: nil
        }
    }

    /// Deletes queues that nobody has used for their time, and messages that are older than their queue allows.
    func forgetTransientQueues() throws {
        var used: Set<String> = []
        try database.query("SELECT queues FROM epoch").rows { used.formUnion(Self.split($0.text(0))) }
        var gone: [(id: Int64, name: String)] = []
        var short: [(id: Int64, oldest: Int64)] = []
        let select = "SELECT id, name, expires, ttl, used FROM queue WHERE coalesce(expires, ttl) IS NOT NULL"
        try database.query(select)
            .rows { row in
                let unused = (now - row.int(4)) / 1000
                if let expires = row.optionalInt(2), expires <= unused, !used.contains(row.text(1)) {
                    gone.append((row.int(0), row.text(1)))
                } else if let ttl = row.optionalInt(3) {
                    short.append((row.int(0), now - ttl.multipliedReportingOverflow(by: 1000).partialValue))
                }
            }
        for name in used {
            try database.query("UPDATE queue SET used = ? WHERE name = ? AND expires > 0").run(now, name)
        }
        for queue in short { try dropReady(of: queue.id, olderThan: queue.oldest) }
        for queue in gone {
            _ = try purge(queue.name)
            try database.query("DELETE FROM binding WHERE queue = ?").run(queue.name)
            try database.query(
                "DELETE FROM queue WHERE id = ?1 AND NOT EXISTS(SELECT 1 FROM message WHERE queue = ?1)"
            )
            .run(queue.id)
        }
        if !gone.isEmpty { try cache.changed(database) }
    }

    /// Messages lie in the order of publishing, so the old ones are in front.
    private func dropReady(of queue: Int64, olderThan oldest: Int64) throws {
        var old: [(urgency: Int64, message: Int64)] = []
        try database.query(
            """
            SELECT r.urgency, r.message FROM ready r JOIN message m ON m.id = r.message
            WHERE r.queue = ? AND m.published < ? LIMIT 10000
            """
        )
        .rows(queue, oldest) { old.append(($0.int(0), $0.int(1))) }
        for row in old {
            try database.query("DELETE FROM ready WHERE queue = ? AND urgency = ? AND message = ?")
                .run(queue, row.urgency, row.message)
            try database.query("DELETE FROM message WHERE id = ?").run(row.message)
        }
    }

    func revoke(_ revocations: [Revocation]) throws {
        try forgetRevocations()
        for revocation in revocations {
            try database.query("DELETE FROM revocation WHERE task_id = ?").run(revocation.taskID)
            try database.query("INSERT INTO revocation(task_id, terminate, signal, expires) VALUES(?, ?, ?, ?)")
                .run(
                    revocation.taskID,
                    revocation.terminate ? 1 : 0,
                    revocation.signal,
                    revocation.expires.microseconds
                )
        }
        try boundRevocations()
    }

    /// Counting reads them all: it is done only where their numbers say that they may be too many.
    private func boundRevocations() throws {
        let limit = Int64(options.revocationLimit)
        guard let first = try database.query("SELECT min(number) FROM revocation").int(),
            let last = try database.query("SELECT max(number) FROM revocation").int(),
            last - first >= limit + limit / 10,
            let count = try database.query("SELECT count(*) FROM revocation").int(), count > limit
        else { return }
        try database
            .query("DELETE FROM revocation WHERE number IN (SELECT number FROM revocation ORDER BY number LIMIT ?)")
            .run(count - limit)
    }
}
#endif
