//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension TransportCheck {
    static let returning: [TransportCheck] = [
        TransportCheck("closing gives back in order, without counting an attempt") { harness in
            try await harness.publish(["a", "b", "c", "d"])
            let first = try await harness.consumer("q")
            let held = try await harness.take(3, from: first)
            try await first.begin([BeginMark(held[1].tag, .late)])
            try await first.close()
            let second = try await harness.consumer("q")
            let again = try await harness.take(4, from: second)
            try requireEqual(again.map(\.id), ["a", "b", "c", "d"])
            try requireEqual(again.map(\.attempt), [1, 1, 1, 1], "attempts")
            try requireEqual(again.map(\.deaths), [0, 0, 0, 0], "deaths")
            try requireEqual(again.map(\.redelivered), [true, true, true, false], "redelivered")
        },
        TransportCheck("closing leaves early-marked deliveries to end as obituaries") { harness in
            try await harness.publish(["a", "b"])
            let first = try await harness.consumer("q")
            let held = try await harness.take(2, from: first)
            try await first.begin([BeginMark(held[0].tag, .early)])
            try await first.close()
            let second = try await harness.consumer("q")
            let again = try await harness.take(2, from: second).sorted { $0.id < $1.id }
            try requireEqual(again.map(\.kind), [.obituary, .task])
        },
        TransportCheck("closing twice does nothing more") { harness in
            try await harness.publish(["a"])
            let consumer = try await harness.consumer("q")
            _ = try await harness.takeOne(from: consumer)
            try await consumer.close()
            try await consumer.close()
            try requireEqual(try await harness.status().ready, 1)
        },
        TransportCheck("requeued at the front comes next") { harness in
            let delivery = try await harness.requeued(Requeue(.front))
            try requireEqual(delivery.map(\.id), ["a", "b", "c"])
            try requireEqual(delivery.map(\.attempt), [2, 1, 1], "attempts")
            try requireEqual(delivery.map(\.redelivered), [true, false, false], "redelivered")
            try requireEqual(delivery.map(\.deaths), [0, 0, 0], "deaths")
        },
        TransportCheck("requeued at the back comes last") { harness in
            let delivery = try await harness.requeued(Requeue(.back))
            try requireEqual(delivery.map(\.id), ["b", "c", "a"])
        },
        TransportCheck("requeued without counting keeps its attempt") { harness in
            let delivery = try await harness.requeued(Requeue(.front, countsAttempt: false))
            try requireEqual(delivery.map(\.id), ["a", "b", "c"])
            try requireEqual(delivery.map(\.attempt), [1, 1, 1], "attempts")
            try requireEqual(delivery[0].redelivered, true, "redelivered")
        },
        TransportCheck("put aside until its time it comes for the first time", if: \.delayedDelivery) { harness in
            try await harness.publish(["a"])
            let consumer = try await harness.consumer("q")
            let held = try await harness.takeOne(from: consumer)
            let due = harness.time.now.advanced(by: .seconds(8))
            let requeue = Requeue(.front, notBefore: due, countsAttempt: false)
            try await consumer.settle([Settlement(held.tag, .requeue(requeue))])
            async let delayed = harness.takeOne(from: consumer)
            try await harness.pass(.milliseconds(8001))
            let delivery = try await delayed
            try requireEqual(delivery.attempt, 1, "attempts")
            try requireEqual(delivery.redelivered, false, "redelivered")
        },
        TransportCheck("requeued after a death counts it") { harness in
            let delivery = try await harness.requeued(Requeue(.front, afterDeath: true))
            try requireEqual(delivery.map(\.deaths), [1, 0, 0], "deaths")
        },
        TransportCheck("requeued for later is kept back", if: \.delayedDelivery) { harness in
            try await harness.publish(["a", "b"])
            let consumer = try await harness.consumer("q")
            let held = try await harness.takeOne(from: consumer)
            let due = harness.time.now.advanced(by: .seconds(8))
            try await consumer.settle([Settlement(held.tag, .requeue(Requeue(.front, notBefore: due)))])
            try requireEqual(try await harness.status().delayed, 1, "delayed")
            try requireEqual(try await harness.takeOne(from: consumer).id, "b")
            async let delayed = harness.takeOne(from: consumer)
            try await harness.pass(.milliseconds(8001))
            try requireEqual(try await delayed.id, "a")
            try require(harness.time.now >= due, "handed out too early")
        },
        TransportCheck("attempts add up") { harness in
            try await harness.publish(["a"])
            let consumer = try await harness.consumer("q")
            for attempt in 1...5 {
                let delivery = try await harness.takeOne(from: consumer)
                try requireEqual(delivery.attempt, attempt, "attempt")
                try await consumer.settle([Settlement(delivery.tag, .requeue(Requeue(.front)))])
            }
        },
    ]
}

extension TransportHarness {
    /// Publishes a, b and c, requeues a, and takes all.
    fileprivate func requeued(_ requeue: Requeue) async throws -> [Delivery] {
        try await publish(["a", "b", "c"])
        let consumer = try await consumer("q")
        let held = try await takeOne(from: consumer)
        try await consumer.settle([Settlement(held.tag, .requeue(requeue))])
        return try await take(3, from: consumer)
    }
}
