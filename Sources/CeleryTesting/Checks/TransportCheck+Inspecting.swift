//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension TransportCheck {
    static let inspecting: [TransportCheck] = [
        TransportCheck("status counts what is ready, delayed and held") { harness in
            let before = harness.time.now
            let consumer = try await harness.consumer("q")
            try await harness.publish(["a", "b", "c"], priority: 4)
            if harness.transport.capabilities.delayedDelivery {
                let later = harness.message("d", queue: "q", notBefore: before.advanced(by: .seconds(3600)))
                try await harness.transport.publish([later], timeout: .seconds(5))
            }
            _ = try await harness.takeOne(from: consumer)
            let status = try await harness.status()
            let delayed = harness.transport.capabilities.delayedDelivery ? 1 : 0
            try requireEqual([status.ready, status.delayed, status.held], [2, delayed, 1])
            if let oldest = status.oldest {
                try require(oldest >= before && oldest <= harness.time.now, "oldest is \(oldest)")
            }
            try await consumer.close()
        },
        TransportCheck("an unknown queue has a status of zeros") { harness in
            let status = try await harness.transport.status(of: [harness.name("nothing")])
            try requireEqual(status, [QueueStatus(name: harness.name("nothing"))])
        },
        TransportCheck("status without names lists all queues") { harness in
            try await harness.publish(["a"], to: "one")
            try await harness.publish(["b"], to: "two")
            let names = try await harness.transport.status(of: []).map(\.name)
            for name in ["one", "two"] { try require(names.contains(harness.name(name)), "\(name) is not in \(names)") }
        },
        TransportCheck("purge deletes what waits, of every priority and delayed, but nothing held") { harness in
            let consumer = try await harness.consumer("q")
            for priority in [0, 5, 9] { try await harness.publish(["m\(priority)"], priority: priority) }
            try await harness.publish(["other"], to: "other")
            var expected = 2
            if harness.transport.capabilities.delayedDelivery {
                let due = harness.time.now.advanced(by: .seconds(3600))
                let later = harness.message("later", queue: "q", notBefore: due)
                try await harness.transport.publish([later], timeout: .seconds(5))
                expected += 1
            }
            let held = try await harness.takeOne(from: consumer)
            try requireEqual(try await harness.transport.purge([harness.name("q")]), expected, "purged")
            let status = try await harness.status()
            try requireEqual([status.ready, status.delayed, status.held], [0, 0, 1])
            try requireEqual(try await harness.status("other").ready, 1, "left on another queue")
            try await consumer.settle([Settlement(held.tag, .requeue(Requeue(.front)))])
            try requireEqual(try await harness.takeOne(from: consumer).id, held.id)
        },
        TransportCheck("consumers are listed, and are not alive after they closed") { harness in
            let consumer = try await harness.consumer("q", named: "celery@checker")
            func presence() async throws -> ConsumerPresence {
                let all = try await harness.transport.consumers()
                return try requireSome(all.first { $0.name == "celery@checker" }, "the consumer")
            }
            let open = try await presence()
            try requireEqual(open.isAlive, true, "alive")
            try requireEqual(open.queues, [harness.name("q")], "queues")
            try await consumer.close()
            try requireEqual(try await presence().isAlive, false, "alive after closing")
        },
    ]
}
