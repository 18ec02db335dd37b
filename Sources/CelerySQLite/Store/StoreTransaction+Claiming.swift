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

/// A claimed message as it lies in the file; decoded by the caller, off the writer's thread.
struct ClaimedMessage: Sendable {
    var tag: Int64
    var queue: String
    var published: Int64
    var attempts: Int64
    var deaths: Int64
    var isRedelivered: Bool
    var isObituary: Bool
    var payload: [UInt8]

    func delivery(_ limits: WireLimits) -> Delivery {
        let content: Delivery.Content
        do throws(WireError) {
            content = .message(try Envelope.decode(payload, limits: limits))
        } catch {
            content = .malformed(payload, error)
        }
        return Delivery(
            tag: DeliveryTag(UInt64(tag)),
            queue: queue,
            kind: isObituary ? .obituary : .task,
            content: content,
            redelivered: isRedelivered,
            attempt: Int(attempts) + 1,
            deaths: Int(deaths),
            enqueuedAt: Timestamp(microseconds: published)
        )
    }
}

/// What a consumer asks for.
struct Claim: Sendable {
    var epoch: Int64
    /// In the order in which they are asked this time.
    var queues: [String]
    var credit: Int
    var time: any TimeSource
    /// Gives each delivery its number.
    var nextTag: @Sendable () -> Int64
}

extension StoreTransaction {
    /// Takes what is there: obituaries first, then queue by queue the most urgent and oldest.
    func claim(_ claim: Claim) throws -> [ClaimedMessage] {
        try require(epoch: claim.epoch)
        try promote()
        var claimed = try take(Schema.obituaryQueue, for: claim, credit: claim.credit)
        for name in claim.queues where claimed.count < claim.credit {
            guard let queue = try cache.id(of: name, in: database) else { continue }
            claimed += try take(queue, for: claim, credit: claim.credit - claimed.count)
        }
        return claimed
    }

    private func take(_ queue: Int64, for claim: Claim, credit: Int) throws -> [ClaimedMessage] {
        var claimed: [ClaimedMessage] = []
        var taken: [(message: Int64, queue: Int64)] = []
        /// The last message taken of each urgency; all before it were taken too.
        var last: [Int64: Int64] = [:]
        let select = try database.query(
            """
            SELECT r.urgency, r.message, m.queue, m.published, m.attempts, m.deaths, m.redelivered, m.payload
            FROM ready r JOIN message m ON m.id = r.message WHERE r.queue = ? ORDER BY r.urgency, r.message LIMIT ?
            """
        )
        try select.rows(queue, credit) { row in
            last[row.int(0)] = row.int(1)
            taken.append((row.int(1), row.int(2)))
            claimed.append(
                ClaimedMessage(
                    tag: claim.nextTag(),
                    queue: "",
                    published: row.int(3),
                    attempts: row.int(4),
                    deaths: row.int(5),
                    isRedelivered: row.int(6) != 0,
                    isObituary: queue == Schema.obituaryQueue,
                    payload: row.bytes(7)
                )
            )
        }
        guard !claimed.isEmpty else { return [] }
        for (urgency, message) in last {
            try database.query("DELETE FROM ready WHERE queue = ? AND urgency = ? AND message <= ?")
                .run(queue, urgency, message)
        }
        let begun = queue == Schema.obituaryQueue ? HeldState.obituary : HeldState.held
        let hold = try database.query("INSERT INTO held(tag, message, begun) VALUES(?, ?, ?)")
        for index in claimed.indices {
            claimed[index].queue = try cache.name(of: taken[index].queue, in: database)
            try hold.run(claimed[index].tag, taken[index].message, begun)
        }
        return claimed
    }
}
#endif
