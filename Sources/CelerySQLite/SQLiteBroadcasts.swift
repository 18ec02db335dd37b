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
import Synchronization

/// Broadcasts through a table of the file, which those who listen read from where they last stood.
struct SQLiteBroadcasts: BroadcastChannel {
    let store: SQLiteStore
    let limits: WireLimits

    func send(
        _ messages: [BroadcastMessage],
        kind: Exchange.Kind,
        timeout: Duration
    ) async throws(TransportError) {
        let rows = messages.map { (exchange: $0.exchange, payload: $0.envelope()) }
        let time = store.options.time
        // Where nobody listens nothing is written: heartbeats of a lonely worker cost a look.
        try await store.write(timeout: timeout, isCancellable: true) { database in
            let since = time.now.microseconds - BroadcastRows.life
            let exchanges = Set(rows.map(\.exchange))
            return try exchanges.contains { try BroadcastRows.isHeard($0, since: since, in: database) } ? nil : ()
        } _: { transaction in
            try BroadcastRows.add(rows, to: transaction)
        }
    }

    func listen(
        to addresses: [BroadcastAddress],
        timeout: Duration
    ) async throws(TransportError) -> any BroadcastListener {
        try await SQLiteListener.open(store, addresses, limits, timeout: timeout)
    }
}

/// What the tables of broadcasts say.
enum BroadcastRows {
    /// Microseconds after which a message is old, and a silent listener gone.
    static let life: Int64 = 30_000_000
    /// More are not kept.
    static let limit: Int64 = 100_000

    static func isHeard(_ exchange: String, since: Int64, in database: Database) throws -> Bool {
        try database.query("SELECT 1 FROM listener WHERE exchange = ? AND seen >= ? LIMIT 1").int(exchange, since)
            != nil
    }

    static func add(_ rows: [(exchange: String, payload: [UInt8])], to transaction: StoreTransaction) throws {
        let insert = try transaction.database.query("INSERT INTO broadcast(exchange, sent, payload) VALUES(?, ?, ?)")
        for row in rows { try insert.run(row.exchange, transaction.now, row.payload) }
        try transaction.database.query("DELETE FROM broadcast WHERE sent < ?").run(transaction.now - life)
        try transaction.database.query("DELETE FROM broadcast WHERE number <= (SELECT max(number) FROM broadcast) - ?")
            .run(limit)
        transaction.noteBroadcast()
    }

    static func enlist(_ id: String, _ exchanges: Set<String>, in transaction: StoreTransaction) throws {
        try transaction.database.query("DELETE FROM listener WHERE seen < ?").run(transaction.now - life)
        let insert = try transaction.database.query(
            "INSERT OR REPLACE INTO listener(id, exchange, seen) VALUES(?, ?, ?)"
        )
        for exchange in exchanges { try insert.run(id, exchange, transaction.now) }
    }

    static func last(in database: Database) throws -> Int64 {
        try database.query("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'broadcast'").int() ?? 0
    }

    static func read(after number: Int64, _ limit: Int, in database: Database) throws -> [(
        number: Int64, bytes: [UInt8]
    )] {
        var rows: [(number: Int64, bytes: [UInt8])] = []
        try database.query("SELECT number, payload FROM broadcast WHERE number > ? ORDER BY number LIMIT ?")
            .rows(number, limit) { rows.append(($0.int(0), $0.bytes(1))) }
        return rows
    }
}
#endif
