//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension TransportCheck {
    static let routing: [TransportCheck] = [
        TransportCheck("an undeclared queue is created by a message on the anonymous exchange") { harness in
            try await harness.publish(["a"], to: "new")
            let consumer = try await harness.consumer("new")
            let delivery = try await harness.takeOne(from: consumer)
            try requireEqual(delivery.id, "a")
            try requireEqual(delivery.queue, harness.name("new"))
        },
        TransportCheck("a direct exchange sends to the queues bound with the routing key") { harness in
            let exchange = Exchange(harness.name("x"))
            try await harness.declare("one", exchange, key: "k1")
            try await harness.declare("two", exchange, key: "k2")
            try await harness.publish(["a"], to: "k1", exchange: "x")
            try await harness.publish(["b"], to: "k2", exchange: "x")
            try await harness.publish(["c"], to: "k1", exchange: "x")
            try requireEqual(try await harness.drain("one", 2), ["a", "c"])
            try requireEqual(try await harness.drain("two", 1), ["b"])
        },
        TransportCheck("a topic exchange sends to the queues whose pattern matches") { harness in
            let exchange = Exchange(harness.name("t"), .topic)
            try await harness.declare("images", exchange, key: "images.#")
            try await harness.declare("small", exchange, key: "*.small")
            try await harness.publish(["a"], to: "images.small", exchange: "t")
            try await harness.publish(["b"], to: "images.large.jpeg", exchange: "t")
            try await harness.publish(["c"], to: "sounds.small", exchange: "t")
            try requireEqual(try await harness.drain("images", 2), ["a", "b"])
            try requireEqual(try await harness.drain("small", 2), ["a", "c"])
        },
        TransportCheck("a fanout exchange copies to every bound queue", if: \.fanout) { harness in
            let exchange = Exchange(harness.name("f"), .fanout)
            try await harness.declare("one", exchange, key: "")
            try await harness.declare("two", exchange, key: "ignored")
            try await harness.publish(["a", "b"], to: "any", exchange: "f")
            try requireEqual(try await harness.drain("one", 2), ["a", "b"])
            try requireEqual(try await harness.drain("two", 2), ["a", "b"])
        },
        TransportCheck("an unknown exchange is an error and nothing of the batch is stored") { harness in
            let batch = [harness.message("a", queue: "q"), harness.message("b", queue: "q", exchange: "nowhere")]
            try await harness.expect(.notFound, "publishing") {
                try await harness.transport.publish(batch, timeout: .seconds(5))
            }
            try requireEqual(try await harness.status().ready, 0)
        },
        TransportCheck("declaring again changes nothing") { harness in
            let exchange = Exchange(harness.name("x"))
            try await harness.declare("one", exchange, key: "k")
            try await harness.publish(["a"], to: "k", exchange: "x")
            let before = try await harness.transport.bindings()
            try await harness.declare("one", exchange, key: "k")
            try requireEqual(try await harness.transport.bindings(), before)
            try requireEqual(try await harness.drain("one", 1), ["a"])
        },
        TransportCheck("a queue with several bindings gets a message once") { harness in
            let name = harness.name("t")
            let extra = Binding(exchange: name, kind: .topic, routingKey: harness.name("#"), queue: harness.name("one"))
            let queue = Queue(
                harness.name("one"),
                exchange: Exchange(name, .topic),
                routingKey: harness.name("a.*"),
                bindings: [extra]
            )
            try await harness.transport.declare(Topology([queue]))
            try await harness.publish(["x"], to: "a.b", exchange: "t")
            try await harness.publish(["y"], to: "other", exchange: "t")
            try requireEqual(try await harness.drain("one", 2), ["x", "y"])
        },
        TransportCheck("bindings lists every queue, its binding to the anonymous exchange included") { harness in
            try await harness.declare("one", Exchange(harness.name("x")), key: "k")
            let all = try await harness.transport.bindings()
            let one = harness.name("one")
            let declared = Binding(
                exchange: harness.name("x"),
                kind: .direct,
                routingKey: harness.name("k"),
                queue: one
            )
            try require(all.contains(declared), "the declared binding is missing from \(all)")
            let own = Binding(exchange: "", kind: .direct, routingKey: one, queue: one)
            try require(all.contains(own), "the anonymous binding is missing from \(all)")
        },
    ]
}

extension TransportHarness {
    func declare(_ queue: String, _ exchange: Exchange, key: String) async throws {
        let queue = Queue(name(queue), exchange: exchange, routingKey: name(key))
        try await transport.declare(Topology([queue]))
    }

    /// Takes and acknowledges so many of a queue, and gives their ids back.
    func drain(_ queue: String, _ count: Int, file: String = #fileID, line: Int = #line) async throws -> [String] {
        let consumer = try await consumer(queue)
        let deliveries = try await take(count, from: consumer, file: file, line: line)
        try await consumer.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
        let left = try await status(queue)
        try requireEqual(left.ready, 0, "messages left on \(queue)", file: file, line: line)
        try await consumer.close()
        return deliveries.map(\.id)
    }
}
