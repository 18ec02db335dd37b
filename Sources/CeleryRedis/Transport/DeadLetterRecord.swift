//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if Redis
import CeleryCore
import CeleryWire

/// A dead letter as it lies in its hash: a JSON object, a zero byte, and the message's bytes as they were.
struct DeadLetterRecord {
    var queue: String
    /// Where it goes when it is replayed.
    var list: String
    var reason: DeadLetterReason
    /// Microseconds since 1970.
    var diedAt: Int64
    var taskID: String?
    var taskName: String?
    var deaths = 0
    var bytes: [UInt8]

    init(
        queue: String,
        list: String,
        reason: DeadLetterReason,
        diedAt: Int64,
        bytes: [UInt8],
        limits: WireLimits
    ) {
        (self.queue, self.list, self.reason, self.diedAt, self.bytes) = (queue, list, reason, diedAt, bytes)
        guard let (message, note) = try? StoredMessage.decode(bytes, limits: limits) else { return }
        taskID = message.headers.id
        taskName = message.headers.task
        deaths = note.deaths
    }

    func encoded() -> [UInt8] {
        let object: CeleryObject = [
            "queue": .string(queue),
            "list": .string(list),
            "code": .string(reason.code),
            "detail": .string(reason.detail),
            "died_at": .int(Int(diedAt)),
            "id": taskID.map { .string($0) } ?? .null,
            "task": taskName.map { .string($0) } ?? .null,
            "deaths": .int(deaths),
        ]
        return ((try? JSONSerializer().encode(.object(object))) ?? []) + [0] + bytes
    }

    /// Nil for what is no such record.
    init?(_ record: [UInt8]) {
        guard let cut = record.firstIndex(of: 0),
            case .object(let object)? = try? JSONSerializer().decodeValue(Array(record[..<cut]), limits: .standard),
            case .string(let queue)? = object["queue"], case .string(let list)? = object["list"],
            case .string(let code)? = object["code"], case .string(let detail)? = object["detail"],
            case .int(let diedAt)? = object["died_at"]
        else { return nil }
        self.queue = queue
        self.list = list
        self.diedAt = Int64(diedAt)
        reason = DeadLetterReason(code, detail)
        bytes = Array(record[record.index(after: cut)...])
        if case .string(let id)? = object["id"] { taskID = id }
        if case .string(let name)? = object["task"] { taskName = name }
        if case .int(let count)? = object["deaths"] { deaths = count }
    }

    func letter(_ number: Int64) -> DeadLetter {
        DeadLetter(
            number: number,
            taskID: taskID,
            taskName: taskName,
            queue: queue,
            reason: reason,
            diedAt: Timestamp(microseconds: diedAt),
            deaths: deaths,
            raw: bytes
        )
    }
}
#endif
