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
    /// Sets a message aside.
    func bury(_ message: Int64, _ reason: DeadLetterReason) throws {
        var letter: (queue: Int64, urgency: Int64, deaths: Int64, payload: [UInt8])?
        try database.query("DELETE FROM message WHERE id = ? RETURNING queue, urgency, deaths, payload")
            .rows(message) {
                letter = ($0.int(0), $0.int(1), $0.int(2), $0.bytes(3))
            }
        guard let letter else { return }
        let headers = (try? Envelope.decode(letter.payload))?.headers
        try database.query(
            """
            INSERT INTO dead(task_id, task_name, queue, urgency, code, detail, died, deaths, payload)
            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        .run(
            headers?.id,
            headers?.task,
            try cache.name(of: letter.queue, in: database),
            letter.urgency,
            reason.code,
            reason.detail,
            now,
            letter.deaths,
            letter.payload
        )
        try forgetDeadLetters()
    }

    /// Drops those that are too many or too old.
    func forgetDeadLetters() throws {
        let oldest = Timestamp(microseconds: now).advanced(by: .zero - options.deadLetterRetention).microseconds
        try database.query("DELETE FROM dead WHERE died <= ?").run(oldest)
        try database.query(
            "DELETE FROM dead WHERE number <= (SELECT number FROM dead ORDER BY number DESC LIMIT 1 OFFSET ?)"
        )
        .run(options.deadLetterLimit)
    }

    func replay(_ selection: DeadLetterSelection) throws -> Int {
        let numbers = try DeadLetterRows.numbers(of: selection, in: database, limit: -1).reversed()
        for number in numbers {
            var letter: (queue: String, urgency: Int64, payload: [UInt8])?
            try database.query("DELETE FROM dead WHERE number = ? RETURNING queue, urgency, payload")
                .rows(number) {
                    letter = ($0.text(0), $0.int(1), $0.bytes(2))
                }
            guard let letter else { continue }
            try insert(letter.payload, queue: try cache.require(letter.queue, in: self), urgency: letter.urgency)
        }
        return numbers.count
    }

    func purgeDeadLetters(_ selection: DeadLetterSelection) throws -> Int {
        let numbers = try DeadLetterRows.numbers(of: selection, in: database, limit: -1)
        for number in numbers { try database.query("DELETE FROM dead WHERE number = ?").run(number) }
        return numbers.count
    }
}

/// Reading dead letters.
enum DeadLetterRows {
    /// Numbers of the selected ones, newest first; a limit below zero is none.
    static func numbers(of selection: DeadLetterSelection, in database: Database, limit: Int) throws -> [Int64] {
        let ids = selection.ids.map(Set.init)
        var numbers: [Int64] = []
        let select = try database.query(
            """
            SELECT number, task_id FROM dead WHERE (?1 IS NULL OR queue = ?1) AND (?2 IS NULL OR task_name = ?2)
            ORDER BY number DESC
            """
        )
        try select.rows(selection.queue, selection.taskName) { row in
            guard limit < 0 || numbers.count < limit else { return }
            if let ids {
                let isNamed = row.optionalText(1).map(ids.contains) ?? false
                guard isNamed || ids.contains(String(row.int(0))) else { return }
            }
            numbers.append(row.int(0))
        }
        return numbers
    }

    static func letter(_ number: Int64, in database: Database) throws -> DeadLetter? {
        var letter: DeadLetter?
        let select = try database.query(
            "SELECT task_id, task_name, queue, code, detail, died, deaths, payload FROM dead WHERE number = ?"
        )
        try select.rows(number) { row in
            letter = DeadLetter(
                number: number,
                taskID: row.optionalText(0),
                taskName: row.optionalText(1),
                queue: row.text(2),
                reason: DeadLetterReason(row.text(3), row.text(4)),
                diedAt: Timestamp(microseconds: row.int(5)),
                deaths: Int(row.int(6)),
                raw: row.bytes(7)
            )
        }
        return letter
    }
}
#endif
