//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension TransportCheck {
    static let settingAside: [TransportCheck] = [
        TransportCheck("a dead letter is listed with its reason and bytes, newest first") { harness in
            try await harness.bury(["a", "b"])
            let letters = try await harness.transport.deadLetters.list(.all, limit: 10)
            try requireEqual(letters.map(\.taskID), ["b", "a"])
            try requireEqual(letters[0].reason, DeadLetterReason("rejected", "because of b"))
            try requireEqual(letters[0].taskName, "tasks.add", "task name")
            try requireEqual(letters[0].queue, harness.name("q"), "queue")
            try require(letters[0].number > letters[1].number, "numbers ascend")
            let message = try Envelope.decode(letters[0].raw)
            try requireEqual(message.headers.id, "b", "id in the bytes")
            let left = try await harness.status()
            try requireEqual([left.ready, left.held], [0, 0], "left on the queue")
        },
        TransportCheck("dead letters are selected by number, id, queue and task, with a limit") { harness in
            try await harness.bury(["a", "b", "c"])
            let store = harness.transport.deadLetters
            let all = try await store.list(.all, limit: 2)
            try requireEqual(all.map(\.taskID), ["c", "b"])
            let number = try await store.list(DeadLetterSelection(ids: [String(all[1].number)]), limit: 10)
            try requireEqual(number.map(\.taskID), ["b"])
            let pair = try await store.list(DeadLetterSelection(ids: ["a", "c", "no such"]), limit: 10)
            try requireEqual(pair.map(\.taskID), ["c", "a"])
            let elsewhere = try await store.list(DeadLetterSelection(queue: "elsewhere"), limit: 10)
            try requireEqual(elsewhere.count, 0)
            let both = DeadLetterSelection(ids: ["a"], queue: harness.name("q"), taskName: "tasks.add")
            try requireEqual(try await store.list(both, limit: 10).map(\.taskID), ["a"])
            try requireEqual(try await store.list(DeadLetterSelection(taskName: "other"), limit: 10).count, 0)
        },
        TransportCheck("replay puts a dead letter back under its id, with no deaths counted") { harness in
            try await harness.bury(["a", "b"], deaths: 1)
            let count = try await harness.transport.deadLetters.replay(DeadLetterSelection(ids: ["a"]))
            try requireEqual(count, 1)
            let consumer = try await harness.consumer("q")
            let delivery = try await harness.takeOne(from: consumer)
            try requireEqual(delivery.id, "a")
            try requireEqual(delivery.deaths, 0, "deaths")
            let left = try await harness.transport.deadLetters.list(.all, limit: 10)
            try requireEqual(left.map(\.taskID), ["b"])
        },
        TransportCheck("purging dead letters deletes the selected ones") { harness in
            try await harness.bury(["a", "b", "c"])
            try requireEqual(try await harness.transport.deadLetters.purge(DeadLetterSelection(ids: ["a", "b"])), 2)
            let left = try await harness.transport.deadLetters.list(.all, limit: 10)
            try requireEqual(left.map(\.taskID), ["c"])
            try requireEqual(try await harness.transport.deadLetters.purge(.all), 1)
            try requireEqual(try await harness.transport.deadLetters.replay(.all), 0)
        },
        TransportCheck("dead letters are bounded in number, and the oldest go first") { harness in
            guard let limit = harness.deadLetterLimit else { return }
            let ids = (0..<(limit + 5)).map { "m\($0)" }
            try await harness.bury(ids)
            let left = try await harness.transport.deadLetters.list(.all, limit: limit * 2)
            try requireEqual(left.map(\.taskID), ids.suffix(limit).reversed())
        },
        TransportCheck("a dead letter counts the deaths that led to it") { harness in
            try await harness.bury(["a"], deaths: 1)
            let letters = try await harness.transport.deadLetters.list(.all, limit: 10)
            try requireEqual(letters.map(\.deaths), [1])
        },
    ]
}

extension TransportHarness {
    /// Publishes messages and sets them aside, one by one.
    fileprivate func bury(_ ids: [String], deaths: Int = 0) async throws {
        try await publish(ids)
        let consumer = try await consumer("q")
        for _ in ids {
            var delivery = try await takeOne(from: consumer)
            for _ in 0..<deaths {
                try await consumer.settle([Settlement(delivery.tag, .requeue(Requeue(.front, afterDeath: true)))])
                delivery = try await takeOne(from: consumer)
            }
            let reason = DeadLetterReason("rejected", "because of \(delivery.id)")
            try await consumer.settle([Settlement(delivery.tag, .deadLetter(reason))])
        }
        try await consumer.close()
    }
}
