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
    /// Queue names in one column: names may hold any character but this one, which separates lines.
    static func join(_ queues: [String]) -> String { queues.joined(separator: "\n") }
    static func split(_ queues: String) -> [String] { queues.split(separator: "\n").map(String.init) }

    func open(_ configuration: ConsumerConfiguration, token: String) throws -> Int64 {
        for queue in configuration.queues { _ = try cache.require(queue, in: self) }
        let lease = configuration.lease.components
        let insert = try database.query(
            "INSERT INTO epoch(token, name, queues, seen, lease) VALUES(?, ?, ?, ?, ?) RETURNING id"
        )
        let microseconds = lease.seconds * 1_000_000 + lease.attoseconds / 1_000_000_000_000
        guard let id = try insert.int(token, configuration.name, Self.join(configuration.queues), now, microseconds)
        else {
            throw TransportError(.unavailable, "no consumer could be opened in \(options.path)")
        }
        return id
    }

    func consume(_ queues: [String], epoch: Int64) throws {
        try require(epoch: epoch)
        for queue in queues { _ = try cache.require(queue, in: self) }
        try database.query("UPDATE epoch SET queues = ? WHERE id = ?").run(Self.join(queues), epoch)
    }

    /// Ends an epoch by its own will: all goes back as it was, but what was begun early may only end.
    func close(epoch: Int64, started: [DeliveryTag: AcknowledgementMode]) throws {
        for row in try heldRows(of: epoch, started) {
            let isEarly = row.mode == .early
            try giveBack(row, counting: 0, deaths: isEarly && !row.isObituary ? 1 : 0, isObituary: isEarly)
        }
        try remove(epoch: epoch)
    }

    /// Ends the epoch of a dead consumer. False when somebody else did.
    func sweep(epoch: Int64, started: [DeliveryTag: AcknowledgementMode]) throws -> Bool {
        guard try database.query("SELECT 1 FROM epoch WHERE id = ?").int(epoch) != nil else { return false }
        for row in try heldRows(of: epoch, started) {
            switch ReturnPolicy.fate(begun: row.mode, deaths: Int(row.deaths)) {
            case .obituary:
                try giveBack(row, counting: 1, deaths: row.isObituary ? 0 : 1, isObituary: true)
            case .ready(let delay, let countsDeath):
                let due = Timestamp(microseconds: now).advanced(by: delay).microseconds
                try giveBack(row, counting: 1, deaths: countsDeath ? 1 : 0, isObituary: false, notBefore: due)
            }
        }
        try remove(epoch: epoch)
        return true
    }

    private struct HeldRow {
        var message: Int64
        var queue: Int64
        var urgency: Int64
        var deaths: Int64
        /// Whatever it was marked as, it may only end.
        var isObituary: Bool
        /// How it was begun; nil when it was merely held.
        var mode: AcknowledgementMode?
    }

    private func heldRows(of epoch: Int64, _ started: [DeliveryTag: AcknowledgementMode]) throws -> [HeldRow] {
        var rows: [HeldRow] = []
        let select = try database.query(
            """
            SELECT h.message, h.begun, m.queue, m.urgency, m.deaths, h.tag FROM held h JOIN message m ON m.id = h.message
            WHERE h.tag >= ? AND h.tag < ? ORDER BY h.message
            """
        )
        try select.rows(HeldTag.first(of: epoch), HeldTag.end(of: epoch)) { row in
            let isObituary = row.int(1) == HeldState.obituary
            let tag = DeliveryTag(UInt64(bitPattern: row.int(5)))
            rows.append(
                HeldRow(
                    message: row.int(0),
                    queue: row.int(2),
                    urgency: row.int(3),
                    deaths: row.int(4),
                    isObituary: isObituary,
                    mode: isObituary ? .early : started[tag]
                )
            )
        }
        return rows
    }

    private func giveBack(
        _ row: HeldRow,
        counting attempts: Int,
        deaths: Int,
        isObituary: Bool,
        notBefore: Int64? = nil
    ) throws {
        try database.query(
            "UPDATE message SET redelivered = 1, attempts = attempts + ?, deaths = deaths + ? WHERE id = ?"
        )
        .run(attempts, deaths, row.message)
        let queue = isObituary ? Schema.obituaryQueue : row.queue
        try place(row.message, queue: queue, urgency: isObituary ? 0 : row.urgency, notBefore: notBefore)
    }

    private func remove(epoch: Int64) throws {
        try database.query("DELETE FROM held WHERE tag >= ? AND tag < ?")
            .run(HeldTag.first(of: epoch), HeldTag.end(of: epoch))
        try database.query(
            "INSERT OR REPLACE INTO presence(name, queues, seen) SELECT name, queues, seen FROM epoch WHERE id = ?"
        )
        .run(epoch)
        try database.query("DELETE FROM epoch WHERE id = ?").run(epoch)
        forget(epoch: epoch)
    }
}
#endif
