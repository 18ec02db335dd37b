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

@testable import CelerySQLite

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

    @Test("A listener goes on over a time in which the file cannot be used, and is silent meanwhile")
    func outage() async throws {
        let store = try await TemporaryStore()
        // A store object of its own, as another process has.
        let ear = try await TemporaryStore.open(store.path, isShared: false)
        let channel = try #require(ear.0.broadcasts)
        let address = BroadcastAddress(Exchange("celeryev", .topic), routingKey: "#", queue: "mine")
        let listener = try await channel.listen(to: [address], timeout: .seconds(5))
        // It is to say that it is still there, which is a transaction.
        (listener as? SQLiteListener)?.forgetRenewal()
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(5)
        let blocker = try DatabaseQueue(path: store.path, configuration: configuration)
        try await blocker.writeWithoutTransaction { try $0.beginTransaction(.immediate) }
        #expect(try await listener.receive(timeout: .milliseconds(500)).isEmpty)
        try await blocker.writeWithoutTransaction { try $0.rollback() }
        let message = BroadcastMessage(
            exchange: "celeryev",
            routingKey: "task.one",
            headers: [:],
            body: Array("{}".utf8)
        )
        try await #require(store.transport.broadcasts).send([message], kind: .topic, timeout: .seconds(20))
        #expect(try await listener.receive(timeout: .seconds(20)).count == 1)
        await listener.close()
        await ear.0.shutdown()
        await ear.1.shutdown()
        await store.end()
        // That is no outage.
        await #expect(throws: TransportError.self) { try await channel.listen(to: [address], timeout: .seconds(1)) }
    }
}
#endif
