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

/// What a look for messages has found.
struct ClaimAnswer: Sendable {
    var messages: [ClaimedMessage] = []
    /// Whether anything at all is revoked.
    var hasRevocations = true
    /// When the next delayed message is due, in microseconds since 1970.
    var nextDue: Int64?
}

extension Claim {
    func answer(in transaction: StoreTransaction) throws -> ClaimAnswer {
        let messages = try transaction.claim(self)
        return ClaimAnswer(
            messages: messages,
            hasRevocations: try transaction.database.query("SELECT 1 FROM revocation LIMIT 1").int() != nil,
            nextDue: messages.isEmpty ? try nextDue(transaction.database) : nil
        )
    }

    /// The answer when nothing waits, without a transaction; nil when one is needed.
    func nothing(in database: ReadAccess) throws -> ClaimAnswer? {
        guard try database.query("SELECT 1 FROM epoch WHERE id = ?").int(epoch) != nil else { return nil }
        let isReady = try database.query("SELECT 1 FROM ready WHERE queue = ? LIMIT 1")
        guard try isReady.int(Schema.obituaryQueue) == nil else { return nil }
        for name in queues {
            guard let queue = try database.query("SELECT id FROM queue WHERE name = ?").int(name) else { continue }
            guard try isReady.int(queue) == nil else { return nil }
        }
        let due = try nextDue(database)
        let now = time.now.microseconds
        return due.map { $0 <= now } == true ? nil : ClaimAnswer(nextDue: due)
    }

    private func nextDue(_ database: Database) throws -> Int64? {
        try database.query("SELECT due FROM delayed ORDER BY due LIMIT 1").int()
    }
}
#endif
