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

/// What one connection remembers of queues and bindings; dropped when a counter in the file says that they changed.
final class TopologyCache {
    private var version: Int64 = -1
    private var ids: [String: Int64] = [:]
    private var names: [Int64: String] = [:]
    private(set) var routing = RoutingTable()

    /// Forgets what a transaction that was rolled back has taught.
    func clear() { version = -1 }

    /// Looks whether anything changed since the last time.
    func refresh(_ database: Database) throws {
        let current = try database.query("SELECT value FROM counter WHERE name = 'topology'").int() ?? 0
        guard current != version else { return }
        ids = [:]
        names = [:]
        routing = RoutingTable()
        try database.query("SELECT exchange, kind, routing_key, queue FROM binding ORDER BY number")
            .rows { row in
                try routing.add(
                    Binding(
                        exchange: row.text(0),
                        kind: Exchange.Kind(rawValue: row.text(1)),
                        routingKey: row.text(2),
                        queue: row.text(3)
                    )
                )
            }
        version = current
    }

    func id(of queue: String, in database: Database) throws -> Int64? {
        if let id = ids[queue] { return id }
        guard let id = try database.query("SELECT id FROM queue WHERE name = ?").int(queue) else { return nil }
        remember(queue, id)
        return id
    }

    func name(of queue: Int64, in database: Database) throws -> String {
        if let name = names[queue] { return name }
        var found = ""
        try database.query("SELECT name FROM queue WHERE id = ?").rows(queue) { found = $0.text(0) }
        if !found.isEmpty { remember(found, queue) }
        return found
    }

    private func remember(_ queue: String, _ id: Int64) {
        ids[queue] = id
        names[id] = queue
    }

    /// The id of a queue, which is created when missing.
    func require(_ queue: String, in transaction: StoreTransaction) throws -> Int64 {
        if let id = try id(of: queue, in: transaction.database) { return id }
        let insert = try transaction.database.query("INSERT INTO queue(name, used) VALUES(?, ?) RETURNING id")
        guard let id = try insert.int(queue, transaction.now) else {
            throw TransportError(.unavailable, "queue \"\(queue)\" could not be created")
        }
        remember(queue, id)
        return id
    }

    /// Tells every connection to look again, this one at once.
    func changed(_ database: Database) throws {
        try database.query("UPDATE counter SET value = value + 1 WHERE name = 'topology'").run()
        try refresh(database)
    }

    func declare(_ topology: Topology, in transaction: StoreTransaction) throws {
        var next = routing
        for queue in topology.queues {
            for binding in RoutingTable.bindings(of: queue) { try next.add(binding) }
        }
        var isNew = false
        for queue in topology.queues {
            isNew = try id(of: queue.name, in: transaction.database) == nil || isNew
            let id = try require(queue.name, in: transaction)
            try transaction.note(queue, id: id)
        }
        let insert = try transaction.database.query(
            "INSERT OR IGNORE INTO binding(exchange, kind, routing_key, queue) VALUES(?, ?, ?, ?)"
        )
        for binding in next.bindings where !routing.bindings.contains(binding) {
            try insert.run(binding.exchange, binding.kind.rawValue, binding.routingKey, binding.queue)
            isNew = true
        }
        guard isNew else { return }
        try changed(transaction.database)
    }
}
#endif
