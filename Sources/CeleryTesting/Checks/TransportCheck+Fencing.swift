//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension TransportCheck {
    static let fencing: [TransportCheck] = [
        TransportCheck("a swept consumer cannot settle, and nothing of what it settled takes effect") { harness in
            let (fenced, held, heir) = try await harness.fence()
            let settlement = Settlement(
                held.tag,
                .acknowledge,
                publish: [harness.message("next", queue: "q2")],
                results: harness.backend == nil
                    ? [] : [StoredResult(TaskMeta(taskID: "a", state: .success), expires: nil)]
            )
            try await harness.expect(.epochLost, "settling") { try await fenced.settle([settlement]) }
            try requireEqual(try await harness.status("q2").ready, 0, "published by a fenced consumer")
            if let backend = harness.backend {
                let stored = try await backend.fetch(["a"], timeout: .seconds(5))
                try require(stored.isEmpty, "a fenced consumer stored a result")
            }
            try requireEqual(try await harness.takeOne(from: heir).id, "a")
        },
        TransportCheck("a swept consumer cannot begin") { harness in
            let (fenced, held, _) = try await harness.fence()
            try await harness.expect(.epochLost, "beginning") { try await fenced.begin([BeginMark(held.tag, .early)]) }
        },
        TransportCheck("a swept consumer cannot receive") { harness in
            let (fenced, _, _) = try await harness.fence()
            try await harness.expect(.epochLost, "receiving") { _ = try await fenced.receive(upTo: 1) }
        },
        TransportCheck("a swept consumer learns of it while it waits") { harness in
            let fenced = try await harness.consumer("empty", named: "fenced")
            async let outcome: Void = harness.expect(.epochLost, "receiving") {
                _ = try await within(.seconds(30), "learning of the sweep") {
                    try await fenced.receive(upTo: 1)
                }
            }
            let heir = try await harness.consumer("q", named: "heir")
            let waiting = Task { try await heir.receive(upTo: 1) }
            try await harness.kill(fenced)
            try await outcome
            waiting.cancel()
            _ = try await waiting.value
        },
        TransportCheck("a swept consumer can close, and takes nothing back from its heir") { harness in
            let (fenced, _, heir) = try await harness.fence()
            let taken = try await harness.takeOne(from: heir)
            try await fenced.close()
            try requireEqual(try await harness.status().held, 1, "held by the heir")
            try await heir.settle([Settlement(taken.tag, .acknowledge)])
        },
        TransportCheck("settling what is not held is an error, and nothing takes effect") { harness in
            try await harness.publish(["a", "b"])
            let consumer = try await harness.consumer("q")
            let held = try await harness.take(2, from: consumer)
            try await consumer.settle([Settlement(held[0].tag, .acknowledge)])
            let next = [harness.message("next", queue: "q2")]
            try await harness.expect(.notHeld, "settling twice") {
                try await consumer.settle([
                    Settlement(held[1].tag, .acknowledge, publish: next), Settlement(held[0].tag, .acknowledge),
                ])
            }
            try requireEqual(try await harness.status().held, 1, "held")
            try requireEqual(try await harness.status("q2").ready, 0, "published")
            try await consumer.settle([Settlement(held[1].tag, .acknowledge)])
        },
    ]
}

extension TransportHarness {
    /// A consumer that held "a" and was swept, what it held, and the consumer that watched it happen.
    fileprivate func fence() async throws -> (any TransportConsumer, Delivery, any TransportConsumer) {
        try await publish(["a"])
        let fenced = try await consumer("q", named: "fenced")
        let held = try await takeOne(from: fenced)
        let heir = try await consumer("watch", named: "heir")
        try await kill(fenced)
        let waiting = Task { try await heir.receive(upTo: 1) }
        try await eventually("the sweep") { try await status().held == 0 }
        waiting.cancel()
        _ = try await waiting.value
        try await heir.consume([name("q")])
        return (fenced, held, heir)
    }
}
