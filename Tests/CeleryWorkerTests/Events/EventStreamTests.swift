//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

import CeleryCore
import CeleryKit
import CeleryTesting
import CeleryWire
import Testing

@Suite("Listening to events", .timeLimit(.minutes(5)))
struct EventStreamTests {
    /// As workers send them.
    private func message(_ events: (id: String, clock: Int)...) -> BroadcastMessage {
        let objects = events.map { "{\"type\": \"task-started\", \"uuid\": \"\($0.id)\", \"clock\": \($0.clock)}" }
        return message("[\(objects.joined(separator: ", "))]")
    }

    private func message(_ body: String) -> BroadcastMessage {
        BroadcastMessage(exchange: "celeryev", routingKey: "task.multi", body: Array(body.utf8))
    }

    @Test("Whoever goes through a stream has a message decoded when its turn comes, not before")
    func lazily() async throws {
        let app = TestApp.make()
        let stream = try await app.events.receive(wakesUp: false)
        let channel = try #require(try await app.transport().broadcasts)
        let messages = [message(("a", 10), ("b", 11)), message("{"), message(("c", 5000)), message(("d", 9000))]
        try await channel.send(messages, kind: .topic, timeout: .seconds(5))
        var events = stream.makeAsyncIterator()
        // Whoever decodes an event steps past its time.
        for (id, limit) in [("a", 5000), ("b", 5000), ("c", 9000), ("d", 10_000)] {
            let event = try await events.next()
            #expect(event?.uuid == id)
            #expect(app.clock.value < limit, "before \(id)")
        }
        #expect(app.clock.value > 9000)
        await stream.close()
    }

    @Test("All that has come is handed over at once to whoever asks for that")
    func atOnce() async throws {
        let app = TestApp.make()
        let stream = try await app.events.receive(wakesUp: false)
        let channel = try #require(try await app.transport().broadcasts)
        let messages = [message(("a", 10), ("b", 11)), message("{"), message(("c", 12))]
        try await channel.send(messages, kind: .topic, timeout: .seconds(5))
        let events = try await stream.next(within: .seconds(60))
        #expect(events.compactMap(\.uuid) == ["a", "b", "c"])
        await stream.close()
    }

    @Test("Who cannot wake the workers up does not listen on")
    func notAwake() async throws {
        let troubled = TroubledStore("mute")
        troubled.telling.begin()
        await #expect(throws: CeleryError.self) { try await troubled.app.events.receive() }
        #expect(troubled.listeners.count == 0)
        troubled.telling.end()
        let stream = try await troubled.app.events.receive()
        #expect(troubled.listeners.count == 1)
        await stream.close()
        #expect(troubled.listeners.count == 0)
    }
}
