//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension TransportCheck {
    static let dying: [TransportCheck] = [
        TransportCheck("what a dead consumer merely held comes back, oldest first, with no death counted") { harness in
            try await harness.publish(["a", "b", "c", "d"])
            let dead = try await harness.consumer("q", named: "dead")
            _ = try await harness.take(3, from: dead)
            try await harness.kill(dead)
            let again = try await harness.sweptBatch(4)
            try requireEqual(again.map(\.id), ["a", "b", "c", "d"])
            try requireEqual(again.map(\.redelivered), [true, true, true, false], "redelivered")
            try requireEqual(again.map(\.attempt), [2, 2, 2, 1], "attempts")
            try requireEqual(again.map(\.deaths), [0, 0, 0, 0], "deaths")
            try requireEqual(Set(again.map(\.kind)), [.task], "kinds")
        },
        TransportCheck("an early-begun delivery of a dead consumer becomes an obituary for any consumer") { harness in
            try await harness.publish(["a"], to: "q")
            let dead = try await harness.consumer("q", named: "dead")
            let held = try await harness.takeOne(from: dead)
            try await dead.begin([BeginMark(held.tag, .early)])
            let heir = try await harness.consumer("elsewhere", named: "heir")
            try await harness.kill(dead)
            let delivery = try await harness.takeOne(from: heir)
            try requireEqual(delivery.kind, .obituary)
            try requireEqual(delivery.id, "a")
            try requireEqual(delivery.queue, harness.name("q"), "queue")
            try await heir.settle([Settlement(delivery.tag, .acknowledge)])
            let left = try await harness.status()
            try requireEqual([left.ready, left.delayed, left.held], [0, 0, 0], "left")
        },
        TransportCheck("an obituary survives its reader's death as an obituary") { harness in
            try await harness.publish(["a"])
            let dead = try await harness.consumer("q", named: "dead")
            let held = try await harness.takeOne(from: dead)
            try await dead.begin([BeginMark(held.tag, .early)])
            let reader = try await harness.consumer("other", named: "reader")
            try await harness.kill(dead)
            _ = try await harness.takeOne(from: reader)
            try await harness.kill(reader)
            let heir = try await harness.consumer("third", named: "heir")
            try requireEqual(try await harness.takeOne(from: heir).kind, .obituary)
        },
        TransportCheck("a late-begun delivery of a dead consumer comes back with a death counted") { harness in
            try await harness.publish(["a", "b"])
            let dead = try await harness.consumer("q", named: "dead")
            let held = try await harness.take(2, from: dead)
            try await dead.begin([BeginMark(held[0].tag, .late)])
            try await harness.kill(dead)
            let again = try await harness.sweptBatch(2)
            try requireEqual(again.map(\.id), ["a", "b"])
            try requireEqual(again.map(\.deaths), [1, 0], "deaths")
            try requireEqual(again.map(\.attempt), [2, 2], "attempts")
        },
        TransportCheck("after its second death a task waits instead of blocking the others") { harness in
            try await harness.publish(["killer"])
            for round in 0..<2 {
                let dead = try await harness.consumer("q", named: "dead")
                let held = try await harness.takeOne(from: dead)
                try requireEqual(held.deaths, round, "deaths")
                try await dead.begin([BeginMark(held.tag, .late)])
                try await harness.kill(dead)
                if round == 0 { try await harness.eventuallySwept(ready: 1) }
            }
            try await harness.publish(["other"])
            let heir = try await harness.consumer("q", named: "heir")
            try requireEqual(try await harness.takeOne(from: heir).id, "other")
            async let last = harness.takeOne(from: heir)
            try await harness.eventually("the sweep") { try await harness.status().held == 1 }
            try await harness.pass(.milliseconds(1001))
            let killer = try await last
            try requireEqual(killer.id, "killer")
            try requireEqual(killer.deaths, 2, "deaths")
        },
        TransportCheck("a consumer that is busy for long keeps its lease") { harness in
            try await harness.publish(["slow"])
            let slow = try await harness.consumer("q", named: "slow")
            let other = try await harness.consumer("q", named: "other")
            let held = try await harness.takeOne(from: slow)
            try await slow.begin([BeginMark(held.tag, .late)])
            async let next = harness.takeOne(from: other)
            for _ in 0..<12 { try await harness.pass(harness.lease / 4) }
            try await harness.publish(["sentinel"])
            try requireEqual(try await next.id, "sentinel")
            try await slow.settle([Settlement(held.tag, .acknowledge)])
            try requireEqual(try await harness.status().ready, 0)
        },
        TransportCheck("a consumer opened after a death serves what the dead left") { harness in
            try await harness.publish(["a"])
            let dead = try await harness.consumer("q", named: "dead")
            _ = try await harness.takeOne(from: dead)
            try await harness.kill(dead)
            try requireEqual(try await harness.sweptBatch(1).map(\.id), ["a"])
        },
        TransportCheck("a message is in exactly one place after any death") { harness in
            try await harness.publish((0..<30).map { "m\($0)" })
            let dead = try await harness.consumer("q", named: "dead")
            let held = try await harness.take(20, from: dead)
            try await dead.begin(held[..<5].map { BeginMark($0.tag, .late) })
            try await dead.settle(held[..<3].map { Settlement($0.tag, .acknowledge) })
            try await harness.kill(dead)
            let rest = try await harness.sweptBatch(27)
            try requireEqual(rest.map(\.id), (3..<30).map { "m\($0)" })
        },
    ]
}

extension TransportHarness {
    /// What a new consumer gets once the dead were swept.
    fileprivate func sweptBatch(_ count: Int, file: String = #fileID, line: Int = #line) async throws -> [Delivery] {
        let heir = try await consumer("watch", named: "heir")
        async let sentinel = takeOne(from: heir, file: file, line: line)
        try await eventually("the sweep", file: file, line: line) { try await status().held == 0 }
        try await publish(["sentinel"], to: "watch")
        _ = try await sentinel
        try await heir.consume([name("q")])
        return try await take(count, from: heir, file: file, line: line)
    }

    /// Keeps a consumer open elsewhere until the dead one's message is ready again.
    fileprivate func eventuallySwept(ready: Int) async throws {
        let sweeper = try await consumer("watch", named: "sweeper")
        let waiting = Task { try await sweeper.receive(upTo: 1) }
        try await eventually("the sweep") { try await status().ready == ready }
        waiting.cancel()
        _ = try await waiting.value
        try await sweeper.close()
    }
}
