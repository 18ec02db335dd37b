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

/// A settlement whose messages and results are already bytes.
struct EncodedSettlement: Sendable {
    var tag: Int64
    var publish: [EncodedMessage]
    var results: [EncodedResult]
    var chords: [EncodedChordEnd]
    var disposition: Settlement.Disposition
}

extension StoreTransaction {
    func settle(_ settlements: [EncodedSettlement], epoch: Int64) throws {
        try require(epoch: epoch)
        let find = try database.query("SELECT message FROM held WHERE tag = ?")
        let release = try database.query("DELETE FROM held WHERE tag = ?")
        for settlement in settlements {
            let tag = DeliveryTag(UInt64(settlement.tag))
            guard let message = try find.int(try self.tag(tag, epoch)) else { throw notHeld(tag) }
            try publish(settlement.publish)
            try store(settlement.results)
            try end(settlement.chords)
            try release.run(settlement.tag)
            try dispose(of: message, settlement.disposition)
        }
    }

    private func tag(_ tag: DeliveryTag, _ epoch: Int64) throws -> Int64 {
        let number = Int64(truncatingIfNeeded: tag.rawValue)
        guard HeldTag.epoch(of: number) == epoch else { throw notHeld(tag) }
        return number
    }

    private func notHeld(_ tag: DeliveryTag) -> TransportError {
        TransportError(.notHeld, "delivery \(tag.rawValue) is not held by this consumer: it was settled already")
    }

    private func dispose(of message: Int64, _ disposition: Settlement.Disposition) throws {
        switch disposition {
        case .acknowledge: try database.query("DELETE FROM message WHERE id = ?").run(message)
        case .deadLetter(let reason): try bury(message, reason)
        case .requeue(let requeue): try self.requeue(message, requeue)
        }
    }

    private func requeue(_ message: Int64, _ requeue: Requeue) throws {
        var id = message
        if requeue.position == .back {
            id = try database.query("SELECT max(id) + 1 FROM message").int() ?? message
        }
        var row: (queue: Int64, urgency: Int64)?
        try database.query(
            """
            UPDATE message SET id = ?, redelivered = max(redelivered, ?), attempts = attempts + ?, deaths = deaths + ?
            WHERE id = ? RETURNING queue, urgency
            """
        )
        .rows(
            id,
            requeue.isPutAside ? 0 : 1,
            requeue.countsAttempt ? 1 : 0,
            requeue.afterDeath ? 1 : 0,
            message
        ) { row = ($0.int(0), $0.int(1)) }
        guard let row else { return }
        try place(id, queue: row.queue, urgency: row.urgency, notBefore: requeue.notBefore?.microseconds)
    }
}
#endif
