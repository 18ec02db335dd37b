//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryWire

extension TransportCheck {
    static let broadcasting: [TransportCheck] = [
        TransportCheck("a fanout is heard by all who listen, in order, and by nobody who has closed") { harness in
            guard let channel = harness.transport.broadcasts else { return }
            let address = harness.address("shout", .fanout)
            let first = try await channel.listen(to: [address], timeout: .seconds(5))
            let second = try await channel.listen(to: [harness.address("shout", .fanout)], timeout: .seconds(5))
            let closed = try await channel.listen(to: [harness.address("shout", .fanout)], timeout: .seconds(5))
            await closed.close()
            let sent = try harness.broadcasts("shout", keys: ["", "x", ""])
            try await channel.send(Array(sent.prefix(2)), kind: .fanout, timeout: .seconds(5))
            try await channel.send(Array(sent.dropFirst(2)), kind: .fanout, timeout: .seconds(5))
            for listener in [first, second] {
                // On Redis a fanout with a routing key goes to a channel of its own, as kombu has it.
                let heard = try await harness.hear(2, from: listener)
                try requireEqual(heard.filter { $0.routingKey.isEmpty }.map(\.body), [sent[0].body, sent[2].body])
            }
            try require(try await closed.receive(timeout: .zero).isEmpty, "one that has closed heard something")
            await first.close()
            await second.close()
        },
        TransportCheck("a topic is heard by those whose pattern it matches") { harness in
            guard let channel = harness.transport.broadcasts else { return }
            let all = try await channel.listen(to: [harness.address("ev", .topic, "#")], timeout: .seconds(5))
            let tasks = try await channel.listen(to: [harness.address("ev", .topic, "task.#")], timeout: .seconds(5))
            let sent = try harness.broadcasts(
                "ev",
                keys: ["worker.online", "task.multi", "worker.offline", "task.sent"]
            )
            try await channel.send(sent, kind: .topic, timeout: .seconds(5))
            try requireEqual(try await harness.hear(4, from: all), sent)
            try requireEqual(try await harness.hear(2, from: tasks).map(\.routingKey), ["task.multi", "task.sent"])
            await all.close()
            await tasks.close()
        },
        TransportCheck("a mailbox hears what is addressed to it, and what nobody takes is no error") { harness in
            guard let channel = harness.transport.broadcasts else { return }
            try await channel.send(
                try harness.broadcasts("replies", keys: ["nobody"]),
                kind: .direct,
                timeout: .seconds(5)
            )
            let mine = try await channel.listen(to: [harness.address("replies", .direct, "me")], timeout: .seconds(5))
            let other = try await channel.listen(to: [harness.address("replies", .direct, "you")], timeout: .seconds(5))
            let sent = try harness.broadcasts("replies", keys: ["me", "you", "me"])
            try await channel.send(sent, kind: .direct, timeout: .seconds(5))
            try requireEqual(try await harness.hear(2, from: mine), [sent[0], sent[2]])
            try requireEqual(try await harness.hear(1, from: other), [sent[1]])
            try require(try await mine.receive(timeout: .zero).isEmpty, "something was heard twice")
            await mine.close()
            await other.close()
        },
        TransportCheck("what waits for its time is listed, the soonest first") { harness in
            guard harness.transport.capabilities.delayedDelivery else { return }
            let now = harness.time.now
            _ = try await harness.consumer("q")
            let messages = [3, 1, 2]
                .map { hours in
                    harness.message("m\(hours)", queue: "q", notBefore: now.advanced(by: .seconds(3600 * hours)))
                }
            try await harness.transport.publish(messages, timeout: .seconds(5))
            let listed = try await harness.transport.postponed(in: [harness.name("q"), harness.name("none")], limit: 2)
            try requireEqual(listed.map(\.message.headers.id), ["m1", "m2"])
            try requireEqual(listed.map(\.queue), [harness.name("q"), harness.name("q")])
            try requireEqual(listed.first?.due, now.advanced(by: .seconds(3600)))
        },
    ]
}

extension TransportHarness {
    fileprivate func address(_ exchange: String, _ kind: Exchange.Kind, _ key: String = "") -> BroadcastAddress {
        BroadcastAddress(Exchange(name(exchange), kind), routingKey: key, queue: name(TaskID.random()))
    }

    fileprivate func broadcasts(_ exchange: String, keys: [String]) throws -> [BroadcastMessage] {
        keys.enumerated()
            .map { number, key in
                BroadcastMessage(
                    exchange: name(exchange),
                    routingKey: key,
                    headers: ["number": .int(number)],
                    body: Array("{\"n\": \(number)}".utf8)
                )
            }
    }

    /// Takes at least so many.
    fileprivate func hear(_ count: Int, from listener: any BroadcastListener) async throws -> [BroadcastMessage] {
        var heard: [BroadcastMessage] = []
        while heard.count < count {
            let more = try await listener.receive(timeout: .seconds(30))
            try require(!more.isEmpty, "\(count) were sent, and \(heard.count) heard")
            for message in more { heard.append(try message.get()) }
        }
        return heard
    }
}
