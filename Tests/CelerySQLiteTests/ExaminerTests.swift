//===----------------------------------------------------------------------===//
// This source file is part of the swift-celery open source project
// Copyright (c) 2026 the swift-celery authors
// See LICENSE for license information
// SPDX-License-Identifier: Apache-2.0
//===----------------------------------------------------------------------===//

#if SQLite
import CeleryCore
import CeleryTesting
import GRDB
import ServiceTestSupport
import Testing

@testable import CelerySQLite

@Suite struct ExaminerTests {
    private func look(_ store: TemporaryStore, repair: Bool = false) async throws -> [Finding] {
        try await #require(store.transport.examiner).examine(repair: repair)
    }

    @Test func `nothing is found in a file that is in order, also while it is used`() async throws {
        let store = try await TemporaryStore()
        try await store.publish(["a", "b"])
        let consumer = try await store.consumer("q")
        _ = try await store.take(1, from: consumer)
        #expect(try await look(store, repair: true) == [])
        await store.end()
    }

    @Test func `a message without a place gets one`() async throws {
        let store = try await TemporaryStore()
        try await store.publish(["a", "b"])
        try await DatabaseQueue.patient(store.path).write { try $0.execute(sql: "DELETE FROM ready") }
        let found = try await look(store)
        #expect(found.map(\.code) == ["lost-message"])
        #expect(found.first?.severity == .serious)
        #expect(found.first?.cure.contains("--repair") == true)
        #expect(try await look(store, repair: true).map(\.isRepaired) == [true])
        #expect(try await look(store) == [])
        let consumer = try await store.consumer("q")
        #expect(try await store.take(2, from: consumer).map(\.taskID) == ["a", "b"])
        await store.end()
    }

    @Test func `a consumer that is gone is told of`() async throws {
        // Nobody consumes here, so nobody is faster to end it.
        let store = try await TemporaryStore()
        try await store.publish(["a"])
        try await DatabaseQueue.patient(store.path)
            .write { database in
                try database.execute(
                    sql: "INSERT INTO epoch(token, name, queues, seen, lease) VALUES('t', 'w1@here', 'q', 1, 1)"
                )
            }
        let found = try await look(store, repair: true)
        #expect(found.map(\.code) == ["orphaned-epoch"])
        #expect(found.first?.severity == .warning)
        #expect(found.first?.found.contains("worker w1@here is gone") == true)
        #expect(found.first?.cure.contains("start a worker") == true)
        await store.end()
    }

    @Test func `dead letters are counted`() async throws {
        let store = try await TemporaryStore()
        try await store.publish(["a"])
        let consumer = try await store.consumer("q")
        let delivery = try #require(try await store.take(1, from: consumer).first)
        try await consumer.settle([Settlement(delivery.tag, .deadLetter(DeadLetterReason("rejected", "")))])
        let found = try await look(store)
        #expect(found.map(\.code) == ["dead-letters"])
        #expect(found.first?.severity == .note)
        #expect(found.first?.found == "1 message was set aside")
        await store.end()
    }
}
#endif
