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

/// What people ask a broker.
enum Inspection {
    static func status(of queues: [String], in database: Database) throws -> [QueueStatus] {
        var ready: [Int64: Int] = [:]
        var delayed: [Int64: Int] = [:]
        var held: [Int64: Int] = [:]
        try count("SELECT queue, count(*) FROM ready GROUP BY queue", &ready, database)
        try count("SELECT queue, count(*) FROM delayed GROUP BY queue", &delayed, database)
        let holding = "SELECT m.queue, count(*) FROM held h JOIN message m ON m.id = h.message GROUP BY m.queue"
        try count(holding, &held, database)
        var statuses: [QueueStatus] = []
        try database.query("SELECT id, name FROM queue ORDER BY name")
            .rows { row in
                guard queues.isEmpty || queues.contains(row.text(1)) else { return }
                let id = row.int(0)
                statuses.append(
                    QueueStatus(
                        name: row.text(1),
                        ready: ready[id] ?? 0,
                        delayed: delayed[id] ?? 0,
                        held: held[id] ?? 0,
                        oldest: try oldest(id, database)
                    )
                )
            }
        guard !queues.isEmpty else { return statuses }
        return queues.map { name in statuses.first { $0.name == name } ?? QueueStatus(name: name) }
    }

    static func postponed(
        in queues: [String],
        limit: Int,
        _ database: Database
    ) throws -> [(queue: String, due: Int64, payload: [UInt8])] {
        var rows: [(queue: String, due: Int64, payload: [UInt8])] = []
        let select = try database.query(
            """
            SELECT q.name, d.due, m.payload FROM delayed d JOIN message m ON m.id = d.message JOIN queue q ON q.id = d.queue
            WHERE q.name = ? ORDER BY d.due LIMIT ?
            """
        )
        for queue in queues {
            try select.rows(queue, limit) { rows.append((queue: $0.text(0), due: $0.int(1), payload: $0.bytes(2))) }
        }
        return Array(rows.sorted { $0.due < $1.due }.prefix(limit))
    }

    private static func count(_ sql: String, _ counts: inout [Int64: Int], _ database: Database) throws {
        try database.query(sql).rows { counts[$0.int(0)] = Int($0.int(1)) }
    }

    /// The age of what stands first of each priority: all behind it came later, or were requeued at the back.
    private static func oldest(_ queue: Int64, _ database: Database) throws -> Timestamp? {
        var oldest: Int64?
        let select = try database.query(
            """
            SELECT m.published FROM ready r JOIN message m ON m.id = r.message
            WHERE r.queue = ? AND r.urgency = ? ORDER BY r.message LIMIT 1
            """
        )
        for urgency in 0..<10 {
            guard let published = try select.int(queue, urgency) else { continue }
            oldest = min(oldest ?? published, published)
        }
        return oldest.map { Timestamp(microseconds: $0) }
    }

    static func bindings(in database: Database) throws -> [Binding] {
        var bindings: [Binding] = []
        try database.query("SELECT name FROM queue ORDER BY name")
            .rows { row in
                bindings.append(Binding(exchange: "", kind: .direct, routingKey: row.text(0), queue: row.text(0)))
            }
        try database.query("SELECT exchange, kind, routing_key, queue FROM binding ORDER BY number")
            .rows { row in
                bindings.append(
                    Binding(
                        exchange: row.text(0),
                        kind: Exchange.Kind(rawValue: row.text(1)),
                        routingKey: row.text(2),
                        queue: row.text(3)
                    )
                )
            }
        return bindings
    }

    static func consumers(in database: Database, now: Int64) throws -> [ConsumerPresence] {
        var found: [String: ConsumerPresence] = [:]
        func note(_ row: ResultRow, isAlive: Bool) {
            let name = row.text(0)
            guard found[name]?.isAlive != true else { return }
            found[name] = ConsumerPresence(
                name: name,
                queues: StoreTransaction.split(row.text(1)),
                lastSeen: Timestamp(microseconds: row.int(2)),
                isAlive: isAlive
            )
        }
        try database.query("SELECT name, queues, seen FROM presence").rows { note($0, isAlive: false) }
        try database.query("SELECT name, queues, seen, lease FROM epoch")
            .rows { row in
                note(row, isAlive: row.int(2) + row.int(3) >= now)
            }
        return found.values.sorted { $0.name < $1.name }
    }
}
#endif
