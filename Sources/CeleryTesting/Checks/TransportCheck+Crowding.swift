//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire
import Synchronization

/// Ids that several tasks collect.
private final class Tally: Sendable {
    private let state = Mutex<[String]>([])

    var ids: [String] { state.withLock { $0 } }
    func add(_ ids: [String]) { state.withLock { $0 += ids } }
}

extension TransportCheck {
    static let crowding: [TransportCheck] = [
        TransportCheck("two consumers share a queue and never hold the same message") { harness in
            let ids = (0..<40).map { "m\($0)" }
            try await harness.publish(ids)
            let first = try await harness.consumer("q", named: "first")
            let second = try await harness.consumer("q", named: "second")
            async let some = harness.take(20, from: first)
            async let others = harness.take(20, from: second)
            let taken = try await (some + others).map(\.id)
            try requireEqual(Set(taken), Set(ids))
            try requireEqual(taken.count, 40, "deliveries")
        },
        TransportCheck("many settle at the same time") { harness in
            try await harness.publish((0..<300).map { "m\($0)" })
            let consumer = try await harness.consumer("q")
            let held = try await harness.take(300, from: consumer)
            try await within(.seconds(60), "settling") {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (index, delivery) in held.enumerated() {
                        group.addTask {
                            try await consumer.begin([BeginMark(delivery.tag, index % 2 == 0 ? .early : .late)])
                            let next = [harness.message("n\(index)", queue: "next")]
                            try await consumer.settle([Settlement(delivery.tag, .acknowledge, publish: next)])
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let status = try await harness.status()
            try requireEqual([status.ready, status.held], [0, 0], "left")
            try requireEqual(try await Set(harness.drain("next", 300)).count, 300)
        },
        TransportCheck("one that fails among many does not harm the others") { harness in
            try await harness.publish((0..<60).map { "m\($0)" })
            let consumer = try await harness.consumer("q")
            let held = try await harness.take(60, from: consumer)
            let failed = Tally()
            await withTaskGroup(of: Void.self) { group in
                for (index, delivery) in held.enumerated() {
                    group.addTask {
                        let exchange = index % 3 == 0 ? "nowhere" : ""
                        let next = [harness.message("n\(index)", queue: "next", exchange: exchange)]
                        do {
                            try await consumer.settle([Settlement(delivery.tag, .acknowledge, publish: next)])
                        } catch {
                            failed.add([delivery.id])
                        }
                    }
                }
            }
            try requireEqual(failed.ids.count, 20, "failures")
            try requireEqual(try await harness.status().held, 20, "held")
            try requireEqual(try await harness.status("next").ready, 40, "published")
        },
        TransportCheck("many publish and many take, and each message arrives once") { harness in
            let seen = Tally()
            let total = 400
            try await within(.seconds(60), "the exchange") {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for publisher in 0..<8 {
                        group.addTask {
                            for batch in 0..<10 {
                                try await harness.publish((0..<5).map { "\(publisher).\(batch).\($0)" })
                            }
                        }
                    }
                    for worker in 0..<4 {
                        group.addTask { try await harness.work("worker \(worker)", until: total, seen) }
                    }
                    try await group.waitForAll()
                }
            }
            let ids = seen.ids
            try requireEqual(ids.count, total, "deliveries")
            try requireEqual(Set(ids).count, total, "different messages")
        },
    ]
}

extension TransportHarness {
    /// Takes and acknowledges until all workers together have seen so many.
    fileprivate func work(_ worker: String, until total: Int, _ seen: Tally) async throws {
        let consumer = try await consumer("q", named: worker)
        while true {
            let remaining = total - seen.ids.count
            guard remaining > 0 else { break }
            let batch = try await withThrowingTaskGroup(of: [Delivery].self) { group in
                group.addTask { try await consumer.receive(upTo: 7) }
                group.addTask {
                    try? await Task.sleep(for: .milliseconds(100))
                    return []
                }
                let first = try await group.next() ?? []
                group.cancelAll()
                return try await group.reduce(into: first) { $0 += $1 }
            }
            try await consumer.settle(batch.map { Settlement($0.tag, .acknowledge) })
            seen.add(batch.map(\.id))
        }
        try await consumer.close()
    }
}
