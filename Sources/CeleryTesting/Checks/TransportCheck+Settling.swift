//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension TransportCheck {
    static let settling: [TransportCheck] = [
        TransportCheck("an acknowledged message is gone") { harness in
            try await harness.publish(["a"])
            let consumer = try await harness.consumer("q")
            let held = try await harness.takeOne(from: consumer)
            try requireEqual(try await harness.status().held, 1, "held")
            try await consumer.settle([Settlement(held.tag, .acknowledge)])
            try await consumer.close()
            let left = try await harness.status()
            try requireEqual([left.ready, left.delayed, left.held], [0, 0, 0], "left")
        },
        TransportCheck("what a settlement publishes is there when it returns") { harness in
            try await harness.publish(["a"])
            let consumer = try await harness.consumer("q")
            let held = try await harness.takeOne(from: consumer)
            let next = ["b", "c"].map { harness.message($0, queue: "next") }
            try await consumer.settle([Settlement(held.tag, .acknowledge, publish: next)])
            try requireEqual(try await harness.drain("next", 2), ["b", "c"])
        },
        TransportCheck("a settlement that cannot be routed takes no effect at all") { harness in
            try await harness.publish(["a", "b"])
            let consumer = try await harness.consumer("q")
            let held = try await harness.take(2, from: consumer)
            let stray = harness.message("stray", queue: "k", exchange: "nowhere")
            try await harness.expect(.notFound, "settling") {
                try await consumer.settle([
                    Settlement(held[0].tag, .acknowledge),
                    Settlement(held[1].tag, .acknowledge, publish: [harness.message("c", queue: "next"), stray]),
                ])
            }
            try requireEqual(try await harness.status().held, 2, "held")
            try requireEqual(try await harness.status("next").ready, 0, "published")
            try await consumer.settle(held.map { Settlement($0.tag, .acknowledge) })
        },
        TransportCheck("results in the same store become true with the acknowledgement") { harness in
            guard let backend = harness.backend, backend.storeIdentity == harness.transport.storeIdentity else {
                return
            }
            try await harness.publish(["a"])
            let consumer = try await harness.consumer("q")
            let held = try await harness.takeOne(from: consumer)
            let result = StoredResult(
                TaskMeta(taskID: "a", state: .success, outcome: .value(EncodedValue(.int(5)))),
                expires: .seconds(60)
            )
            async let woken = within(.seconds(30), "the result") {
                try await backend.wait(for: "a", timeout: .seconds(3600))
            }
            try await consumer.settle([Settlement(held.tag, .acknowledge, results: [result])])
            try requireEqual(try await woken?.state, .success)
            let stray = harness.message("stray", queue: "k", exchange: "nowhere")
            try await harness.publish(["b"])
            let other = try await harness.takeOne(from: consumer)
            let lost = StoredResult(TaskMeta(taskID: "b", state: .success), expires: nil)
            try await harness.expect(.notFound, "settling") {
                try await consumer.settle([Settlement(other.tag, .acknowledge, publish: [stray], results: [lost])])
            }
            let stored = try await backend.fetch(["b"], timeout: .seconds(5))
            try require(stored.isEmpty, "a settlement that failed stored a result")
        },
        TransportCheck("beginning counts nothing and can be repeated") { harness in
            try await harness.publish(["a"])
            let consumer = try await harness.consumer("q")
            let held = try await harness.takeOne(from: consumer)
            try await consumer.begin([BeginMark(held.tag, .late)])
            try await consumer.begin([BeginMark(held.tag, .early)])
            try requireEqual(try await harness.status().held, 1, "held")
            try await consumer.settle([Settlement(held.tag, .acknowledge)])
            try requireEqual(try await harness.status().held, 0, "held")
        },
        TransportCheck("settling nothing and publishing nothing is allowed") { harness in
            let consumer = try await harness.consumer("q")
            try await consumer.settle([])
            try await consumer.begin([])
            try await harness.transport.publish([], timeout: .seconds(5))
            try await consumer.close()
        },
    ]
}
