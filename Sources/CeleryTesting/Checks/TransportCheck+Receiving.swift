//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension TransportCheck {
    static let receiving: [TransportCheck] = [
        TransportCheck("messages of one priority come in the order of publishing") { harness in
            let ids = (0..<50).map { "m\($0)" }
            try await harness.publish(Array(ids[..<20]))
            try await harness.publish(Array(ids[20...]))
            try requireEqual(try await harness.drain("q", 50), ids)
        },
        TransportCheck("the most urgent come first, the oldest of them before the others", if: { $0.priorities != nil })
        {
            harness in
            try await harness.publish(["low"], priority: 3)
            try await harness.publish(["none"], priority: nil)
            try await harness.publish(["high 1", "high 2"], priority: 8)
            try await harness.publish(["mid"], priority: 5)
            let order = ["high 1", "high 2", "mid", "low", "none"]
            let isHighFirst = harness.transport.capabilities.priorities == .highestFirst
            let expected = isHighFirst ? order : ["none", "low", "mid", "high 1", "high 2"]
            try requireEqual(try await harness.drain("q", 5), expected)
        },
        TransportCheck("receive hands out no more than the credit") { harness in
            try await harness.publish((0..<5).map { "m\($0)" })
            let consumer = try await harness.consumer("q")
            let first = try await consumer.receive(upTo: 2)
            try require((1...2).contains(first.count), "\(first.count) deliveries for a credit of 2")
            let rest = try await harness.take(5 - first.count, from: consumer)
            try requireEqual((first + rest).map(\.id), (0..<5).map { "m\($0)" })
        },
        TransportCheck("a first delivery says so") { harness in
            try await harness.publish(["a"])
            let delivery = try await harness.takeOne(from: try await harness.consumer("q"))
            try requireEqual(delivery.attempt, 1, "attempt")
            try requireEqual(delivery.deaths, 0, "deaths")
            try requireEqual(delivery.redelivered, false, "redelivered")
            try requireEqual(delivery.kind, .task, "kind")
        },
        TransportCheck("a message comes out as it went in") { harness in
            var outgoing = harness.message("ünïcode \u{1F95D}", queue: "q", priority: 3)
            outgoing.message.headers.custom = ["x-trace": ["deep": [1, 2.5, nil, true]]]
            outgoing.message.headers.eta = "2030-01-02T03:04:05+00:00"
            outgoing.message.headers.retries = 2
            outgoing.message.properties.replyTo = "somebody"
            outgoing.message.body = Array(0...255) + Array(repeating: 7, count: 100_000)
            outgoing.message.contentEncoding = "binary"
            outgoing.message.contentType = "application/x-msgpack"
            try await harness.transport.publish([outgoing], timeout: .seconds(5))
            let delivery = try await harness.takeOne(from: try await harness.consumer("q"))
            let message = try requireSome(delivery.message, "the message")
            try requireEqual(message.headers, outgoing.message.headers, "headers")
            try requireEqual(message.body, outgoing.message.body, "body")
            try requireEqual(message.contentType, outgoing.message.contentType, "content type")
            try requireEqual(message.contentEncoding, outgoing.message.contentEncoding, "content encoding")
            try requireEqual(message.properties.replyTo, "somebody", "reply to")
            try requireEqual(message.properties.priority, 3, "priority")
        },
        TransportCheck("a waiting receive is woken by a message") { harness in
            let consumer = try await harness.consumer("q")
            async let taken = harness.takeOne(from: consumer)
            try await harness.publish(["a"])
            try requireEqual(try await taken.id, "a")
        },
        TransportCheck("a cancelled receive returns nothing, and takes nothing with it") { harness in
            let consumer = try await harness.consumer("q")
            let waiting = Task { try await consumer.receive(upTo: 1) }
            try await Task.sleep(for: .milliseconds(20))
            waiting.cancel()
            let taken = try await within(.seconds(30), "cancelling") { try await waiting.value }
            try requireEqual(taken.count, 0, "deliveries")
            try await harness.publish(["a"])
            try requireEqual(try await harness.takeOne(from: consumer).id, "a")
        },
        TransportCheck("closing ends a waiting receive with nothing") { harness in
            let consumer = try await harness.consumer("q")
            let waiting = Task { try await consumer.receive(upTo: 1) }
            try await Task.sleep(for: .milliseconds(20))
            try await consumer.close()
            let taken = try await within(.seconds(30), "closing") { try await waiting.value }
            try requireEqual(taken.count, 0, "deliveries")
        },
        TransportCheck("queues of one consumer are served in turn") { harness in
            try await harness.publish((0..<40).map { "a\($0)" }, to: "a")
            try await harness.publish((0..<4).map { "b\($0)" }, to: "b")
            let consumer = try await harness.consumer("a", "b")
            let first = try await harness.take(20, from: consumer)
            try require(first.contains { $0.queue == harness.name("a") }, "queue a was never served")
            let second = try await harness.take(8, from: consumer)
            try require((first + second).contains { $0.queue == harness.name("b") }, "queue b starves behind queue a")
        },
        TransportCheck("changing the queues leaves what is held and serves the new ones") { harness in
            try await harness.publish(["a1", "a2"], to: "a")
            try await harness.publish(["b1"], to: "b")
            let consumer = try await harness.consumer("a")
            let held = try await harness.takeOne(from: consumer)
            try await consumer.consume([harness.name("b")])
            try requireEqual(try await harness.takeOne(from: consumer).id, "b1")
            try await consumer.settle([Settlement(held.tag, .acknowledge)])
            try requireEqual(try await harness.status("a").ready, 1, "left on a")
        },
        TransportCheck("a delayed message is kept back until its time", if: \.delayedDelivery) { harness in
            let due = harness.time.now.advanced(by: .seconds(8))
            let late = harness.message("late", queue: "q", notBefore: due)
            try await harness.transport.publish([late, harness.message("now", queue: "q")], timeout: .seconds(5))
            let consumer = try await harness.consumer("q")
            try requireEqual(try await harness.takeOne(from: consumer).id, "now")
            async let delayed = harness.takeOne(from: consumer)
            try await harness.pass(.milliseconds(8001))
            try requireEqual(try await delayed.id, "late")
            let now = harness.time.now
            try require(now >= due, "handed out \(due.since(now)) too early")
        },
        TransportCheck("bytes that are no message come out as malformed") { harness in
            guard let corrupt = harness.corrupt else { return }
            try await corrupt(harness.name("q"), Array("{\"body\": 1,".utf8))
            try await harness.publish(["good"])
            let consumer = try await harness.consumer("q")
            let both = try await harness.take(2, from: consumer)
            guard case .malformed(let bytes, _) = both[0].content else {
                throw CheckFailure("found \(both[0].content)", file: #fileID, line: #line)
            }
            try requireEqual(bytes, Array("{\"body\": 1,".utf8), "bytes")
            try requireEqual(both[1].id, "good")
            let reason = DeadLetterReason("malformed", "no message")
            try await consumer.settle([Settlement(both[0].tag, .deadLetter(reason))])
            let letters = try await harness.transport.deadLetters.list(.all, limit: 10)
            try requireEqual(letters.map(\.raw), [bytes], "dead letters")
            try requireEqual(letters[0].taskID, nil, "task id")
        },
    ]
}
