//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryWire
import GRDB
import Testing

@Suite("Broadcasts on SQLite", .timeLimit(.minutes(2)))
struct BroadcastTests {
    @Test("A listener that is too slow knows how many messages it has missed")
    func missed() async throws {
        let store = try await TemporaryStore()
        let channel = try #require(store.transport.broadcasts)
        let exchange = Exchange("celeryev", .topic)
        let listener = try await channel.listen(
            to: [BroadcastAddress(exchange, routingKey: "task.#", queue: "mine")],
            timeout: .seconds(5)
        )
        func send(_ key: String) async throws {
            let message = BroadcastMessage(exchange: "celeryev", routingKey: key, headers: [:], body: Array("{}".utf8))
            try await channel.send([message], kind: .topic, timeout: .seconds(5))
        }
        try await send("task.one")
        #expect(try await listener.receive(timeout: .seconds(20)).count == 1)
        #expect(listener.dropped == 0)
        for key in ["task.two", "task.three", "worker.heartbeat"] { try await send(key) }
        // As if half a minute had passed.
        try await DatabaseQueue(path: store.path).write { try $0.execute(sql: "UPDATE broadcast SET sent = 0") }
        try await send("task.four")
        let heard = try await listener.receive(timeout: .seconds(20))
        #expect(heard.compactMap { try? $0.get().routingKey } == ["task.four"])
        #expect(listener.dropped == 3)
        await listener.close()
    }
}
#endif
