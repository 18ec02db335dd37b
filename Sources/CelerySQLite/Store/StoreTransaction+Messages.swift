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

/// A message on its way in, its envelope already written, off the writer's thread.
struct EncodedMessage: Sendable {
    var message: Message
    var payload: [UInt8]
    var notBefore: Int64?

    init(_ outgoing: OutgoingMessage) {
        message = outgoing.message
        payload = Envelope.encode(outgoing.message)
        notBefore = outgoing.notBefore?.microseconds
    }

    /// 0 is the most urgent: the tables are read upwards.
    var urgency: Int64 { Int64(9 - min(9, max(0, message.properties.priority ?? 0))) }
}

extension StoreTransaction {
    func publish(_ messages: [EncodedMessage]) throws {
        for message in messages {
            for name in try cache.routing.queues(for: message.message) {
                let queue = try cache.require(name, in: self)
                try insert(message.payload, queue: queue, urgency: message.urgency, notBefore: message.notBefore)
            }
        }
    }

    func insert(_ payload: [UInt8], queue: Int64, urgency: Int64, notBefore: Int64? = nil) throws {
        try database.query("INSERT INTO message(queue, urgency, published, payload) VALUES(?, ?, ?, ?)")
            .run(queue, urgency, now, payload)
        try place(database.lastInsertedRowID, queue: queue, urgency: urgency, notBefore: notBefore)
    }

    /// Makes a message ready, or delayed until its time.
    func place(_ message: Int64, queue: Int64, urgency: Int64, notBefore: Int64? = nil) throws {
        if let notBefore, notBefore > now {
            try database.query("INSERT INTO delayed(due, message, queue, urgency) VALUES(?, ?, ?, ?)")
                .run(notBefore, message, queue, urgency)
        } else {
            try database.query("INSERT INTO ready(queue, urgency, message) VALUES(?, ?, ?)")
                .run(queue, urgency, message)
        }
        noteReady()
    }

    /// Makes ready what is due, oldest first; at most so many, lest one transaction hold up the others.
    func promote(limit: Int = 1000) throws {
        var due: [(due: Int64, message: Int64, queue: Int64, urgency: Int64)] = []
        try database.query("SELECT due, message, queue, urgency FROM delayed WHERE due <= ? ORDER BY due LIMIT ?")
            .rows(now, limit) { due.append(($0.int(0), $0.int(1), $0.int(2), $0.int(3))) }
        for row in due {
            try database.query("DELETE FROM delayed WHERE due = ? AND message = ?").run(row.due, row.message)
            try place(row.message, queue: row.queue, urgency: row.urgency)
        }
    }

    /// Deletes what waits on a queue. Returns how many.
    func purge(_ name: String) throws -> Int {
        guard let queue = try cache.id(of: name, in: database) else { return 0 }
        try database.query("DELETE FROM message WHERE id IN (SELECT message FROM ready WHERE queue = ?)").run(queue)
        var count = database.changes
        try database.query("DELETE FROM message WHERE id IN (SELECT message FROM delayed WHERE queue = ?)").run(queue)
        count += database.changes
        try database.query("DELETE FROM ready WHERE queue = ?").run(queue)
        try database.query("DELETE FROM delayed WHERE queue = ?").run(queue)
        return count
    }
}
#endif
